import { TurnpikeError } from '../../api/errors.ts';
import { type Advertised, parseAdvertisement } from './advertisement.ts';
import { serverWords } from './failure.ts';
import { FLUSH_PKT, parsePktLines, pktLine, splitSideBands } from './pktline.ts';
import type { Transport } from './transport.ts';

/** Moves `ref` from exactly `old` to `commit`; `old` is undefined when the ref does not exist yet. */
export interface RefUpdate {
  readonly ref: string;
  readonly old: string | undefined;
  readonly commit: string;
  /** All objects that the server may not have. */
  readonly pack: Buffer;
}

const ZERO = '0'.repeat(40);
const WANTED_CAPABILITIES = ['report-status', 'side-band-64k', 'object-format=sha1'];

/** Where these refs are, and that we may push at all. */
export async function advertisedRefs(transport: Transport, wanted: readonly string[]): Promise<Advertised> {
  return parseAdvertisement(await transport.advertisement('git-receive-pack'), wanted, transport.remote);
}

/**
 * `git.push` of isomorphic-git walks the base's whole tree to find what is new; we know what is, and send it
 * in one request (gitprotocol-pack, "Pushing Data To a Server"). Throws `GitRejected` with the server's
 * words; also when the ref is not at `old` any more.
 */
export async function pushRef(
  transport: Transport,
  update: RefUpdate,
  advertised: Advertised,
): Promise<void> {
  const capabilities = WANTED_CAPABILITIES.filter((one) => advertised.capabilities.has(one));
  const command = `${update.old ?? ZERO} ${update.commit} ${update.ref}\0 ${capabilities.join(' ')}`;
  const body = Buffer.concat([pktLine(command), FLUSH_PKT, update.pack]);
  const answer = await transport.call('git-receive-pack', body);
  const report = readReport(answer, capabilities);
  const refusal = report.lines.find((line) => line.startsWith('ng ') || /^unpack (?!ok)/.test(line));
  if (refusal === undefined && report.lines.includes(`ok ${update.ref}`)) return;
  const words = serverWords(`${refusal ?? 'nothing about the branch'} ${report.words}`, transport.remote);
  throw new TurnpikeError(
    'GitRejected',
    `${transport.remote.name} refuses the push to ${update.ref}.${words}`,
  );
}

function readReport(answer: Buffer, capabilities: readonly string[]) {
  const lines = parsePktLines(answer);
  if (!capabilities.includes('side-band-64k')) return { lines: textOf(lines), words: '' };
  const { data, words } = splitSideBands(lines);
  return { lines: textOf(parsePktLines(data)), words };
}

function textOf(lines: readonly (Buffer | null)[]): string[] {
  return lines.flatMap((line) => (line ? [line.toString('utf8').trimEnd()] : []));
}
