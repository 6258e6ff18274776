import { TurnpikeError } from '../../api/errors.ts';
import type { Advertised } from './advertisement.ts';
import { serverWords } from './failure.ts';
import { type GitObject, packOf } from './objects.ts';
import { FLUSH_PKT, pktLine, readPktLines } from './pktline.ts';
import { createDemultiplexer } from './side-band.ts';
import type { Transport } from './transport.ts';

/** Moves `ref` from exactly `old` to `commit`; `old` is undefined when the ref does not exist yet. */
export interface RefUpdate {
  readonly ref: string;
  readonly old: string | undefined;
  readonly commit: string;
  /** All objects that the server may not have. */
  readonly objects: readonly GitObject[];
}

const ZERO = '0'.repeat(40);
const WANTED_CAPABILITIES = ['report-status', 'side-band-64k', 'object-format=sha1'];

/**
 * `git.push` of isomorphic-git walks the base's whole tree to find what is new; we know what is, and send it
 * for all refs in one request (gitprotocol-pack, "Pushing Data To a Server").
 *
 * @returns by ref, why the server refuses it, with the server's words; also when the ref is not at `old` any
 * more. What is not in there was taken.
 */
export async function pushRefs(
  transport: Transport,
  updates: readonly RefUpdate[],
  { capabilities: offered }: Advertised,
): Promise<Map<string, TurnpikeError>> {
  const capabilities = WANTED_CAPABILITIES.filter((one) => offered.has(one));
  const commands = updates.map(({ ref, old, commit }, index) =>
    pktLine(`${old ?? ZERO} ${commit} ${ref}${index === 0 ? `\0 ${capabilities.join(' ')}` : ''}`),
  );
  const pack = packOf(updates.flatMap(({ objects }) => objects));
  const answer = await transport.push(Buffer.concat([...commands, FLUSH_PKT, pack]));
  const report = readReport(answer, capabilities);
  const unpacked = report.lines.find((line) => /^unpack (?!ok)/.test(line));
  const refused = updates.flatMap(({ ref }) => {
    if (unpacked === undefined && report.lines.includes(`ok ${ref}`)) return [];
    const said = unpacked ?? report.lines.find((line) => line.startsWith(`ng ${ref} `));
    const words = serverWords(`${said ?? 'nothing about the branch'} ${report.words}`, transport.remote);
    const message = `${transport.remote.name} refuses the push to ${ref}.${words}`;
    return [[ref, new TurnpikeError('GitRejected', message)] as const];
  });
  return new Map(refused);
}

function readReport(answer: Buffer, capabilities: readonly string[]) {
  if (!capabilities.includes('side-band-64k')) return { lines: textOf(answer), words: '' };
  const data: Buffer[] = [];
  const bands = createDemultiplexer({ data: (piece) => void data.push(piece), line: () => undefined });
  readPktLines(answer, bands.take);
  return { lines: textOf(Buffer.concat(data)), words: bands.words() };
}

function textOf(report: Buffer): string[] {
  const lines: string[] = [];
  readPktLines(report, (line) => {
    if (line) lines.push(line.toString('utf8').trimEnd());
  });
  return lines;
}
