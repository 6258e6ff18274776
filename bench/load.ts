import { which } from 'bun';
import { run } from '../test/lab/command.ts';

export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds that 99 of 100 requests took at most. */
  readonly p99: number;
  /** Requests with another answer than 2xx or 3xx. */
  readonly refused: number;
  readonly total: number;
}

export interface LoadRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** Default: 32, as the predecessor was measured. */
  readonly connections?: number;
  /** The processor that wrk is to keep to. */
  readonly processor?: number;
  /** A directory for wrk's script. */
  readonly directory: string;
}

/** `wrk` with one thread; it does not look at certificates. */
export async function load(request: LoadRequest): Promise<Load> {
  const wrk = which('wrk');
  if (!wrk) throw new Error('wrk is missing: install it (Debian: apt-get install wrk).');
  const script = `${request.directory}/wrk.lua`;
  const lines = Object.entries(request.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  await Bun.write(script, ['wrk.method = "POST"', `wrk.body = [==[${request.body}]==]`, ...lines].join('\n'));
  const { connections = 32, processor } = request;
  const { code, stdout, stderr } = await run([
    ...(processor === undefined ? [] : ['taskset', '-c', String(processor)]),
    wrk,
    '-t1',
    `-c${connections}`,
    `-d${request.seconds}s`,
    '--latency',
    '-s',
    script,
    request.url,
  ]);
  if (code !== 0) throw new Error(`wrk failed: ${stderr || stdout}`);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
    refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0),
    total: Number(/(\d+) requests in/.exec(stdout)?.[1]),
  };
}

function milliseconds(found: RegExpExecArray | null): number {
  const factor = { us: 0.001, ms: 1, s: 1000 }[found?.[2] ?? ''] ?? Number.NaN;
  return Number(found?.[1]) * factor;
}
