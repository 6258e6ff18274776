import type { Lab } from '../test/lab/lab.ts';
import { waitFor } from '../test/lab/wait.ts';
import { NAMESPACE } from './names.ts';

/** A row of `kubectl get pipelines`. */
export interface PipelineRow {
  readonly name: string;
  readonly app: string;
  readonly summary: string;
  readonly ready: string;
  readonly age: string;
}

export const HEADER: PipelineRow = {
  name: 'NAME',
  app: 'APP',
  summary: 'SUMMARY',
  ready: 'READY',
  age: 'AGE',
};

export interface PipelineWatch {
  /** Waits until the last summary that was shown of a Pipeline has this in it. */
  shows(pipeline: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Runs `kubectl get pipelines --watch`; `onRow` is called with rows whose summary has changed. */
export async function watchPipelines(lab: Lab, onRow: (row: PipelineRow) => void): Promise<PipelineWatch> {
  const kubectl = ['kubectl', `--kubeconfig=${lab.kubeconfig}`];
  const child = Bun.spawn([...kubectl, 'get', 'pipelines', '-n', NAMESPACE, '--watch', '--no-headers'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const release = await lab.adopt('watch', child.pid);
  const last = new Map<string, string>();
  const reading = eachLine(child.stdout, (line) => {
    const row = parseRow(line);
    if (row === undefined || row.summary === last.get(row.name)) return;
    last.set(row.name, row.summary);
    onRow(row);
  });

  async function shows(pipeline: string, text: string): Promise<void> {
    const look = () => {
      const summary = last.get(pipeline);
      if (summary?.includes(text)) return { done: undefined };
      return { saw: child.exitCode === null ? summary : `kubectl ended with status ${child.exitCode}` };
    };
    await waitFor(`kubectl to show "${text}" in the summary of ${pipeline}`, look, { seconds: 20 });
  }

  async function stop(): Promise<void> {
    child.kill();
    await Promise.all([child.exited, reading]);
    await release();
  }

  return { shows, stop };
}

/** Columns are two blanks or more apart; a row has fewer of them while its status is not written yet. */
export function parseRow(line: string): PipelineRow | undefined {
  const [name, app, summary, ready, age, ...rest] = line.trim().split(/ {2,}/);
  if (!name || !app || !summary || !ready || !age || rest.length > 0) return undefined;
  return { name, app, summary, ready, age };
}

/** Widths fit all that the demo shows, so that rows line up though they are printed one by one. */
const SUMMARY_WIDTH = 58;

export function formatRow({ name, app, summary, ready, age }: PipelineRow): string {
  return [name.padEnd(5), app.padEnd(5), summary.padEnd(SUMMARY_WIDTH), ready.padEnd(5), age].join('   ');
}

async function eachLine(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  }
}
