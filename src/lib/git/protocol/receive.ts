import { TurnpikeError } from '../../errors.ts';
import { serverWords } from '../failure.ts';
import { type GitObject, packOf } from '../objects.ts';
import { branchOf } from '../refs.ts';
import { type Advise, type PushForm, type Refusal, refusalOf } from '../refusal.ts';
import type { Transport } from '../transport.ts';
import type { Advertised } from './advertisement.ts';
import { FLUSH_PKT, pktLine, readPktLines } from './pktline.ts';
import { createDemultiplexer } from './side-band.ts';

/** Moves `ref` from exactly `old` to `commit`; `old` is undefined when the ref does not exist yet. */
export interface RefUpdate {
  readonly ref: string;
  readonly old: string | undefined;
  readonly commit: string;
  /** Undefined: the branch is new, or the commit goes on from its tip anyway. */
  readonly form?: PushForm | undefined;
  /** All objects that the server may not have. */
  readonly objects: readonly GitObject[];
}

/** A ref that the server did not take. */
export interface RefusedRef {
  readonly error: TurnpikeError;
  /** It was a force push, and the server may take a commit that goes on from the branch's tip. */
  readonly mayGoOnTop: boolean;
}

const ZERO = '0'.repeat(40);
const WANTED_CAPABILITIES = ['report-status', 'side-band-64k', 'object-format=sha1'];

/**
 * `git.push` of isomorphic-git walks the base's whole tree to find new objects; we know them, and send them for all
 * refs in one request (gitprotocol-pack, "Pushing Data To a Server").
 *
 * @returns by ref, why the server refuses it, with the server's words; also when the ref is not at `old` any more. Any
 * other ref was taken. The sentence of `advise` follows the server's words.
 */
export async function pushRefs(
  transport: Transport,
  updates: readonly RefUpdate[],
  { capabilities: offered }: Advertised,
  advise: Advise,
): Promise<Map<string, RefusedRef>> {
  const capabilities = WANTED_CAPABILITIES.filter((one) => offered.has(one));
  const commands = updates.map(({ ref, old, commit }, index) =>
    pktLine(`${old ?? ZERO} ${commit} ${ref}${index === 0 ? `\0 ${capabilities.join(' ')}` : ''}`),
  );
  const pack = packOf(updates.flatMap(({ objects }) => objects));
  const answer = await transport.push(Buffer.concat([...commands, FLUSH_PKT, pack]));
  const report = readReport(answer, capabilities);
  const unpacked = report.lines.find((line) => /^unpack (?!ok)/.test(line));
  const refused = updates.flatMap((update) => {
    const { ref } = update;
    if (unpacked === undefined && report.lines.includes(`ok ${ref}`)) return [];
    const line = unpacked ?? report.lines.find((one) => one.startsWith(`ng ${ref} `)) ?? report.refusal ?? '';
    const said = `${line} ${report.words}`;
    const ofIt = updates.length === 1 ? said : line;
    return [[ref, refusedRef(update, { said, ofIt, advise }, transport)] as const];
  });
  return new Map(refused);
}

interface Said {
  readonly said: string;
  /** The words about this ref, not about all refs of the push. */
  readonly ofIt: string;
  readonly advise: Advise;
}

/** A rule does not change when it is asked again. A server that says nothing leaves unknown what it did. */
function refusedRef(
  { ref, form }: RefUpdate,
  { said, ofIt, advise }: Said,
  { remote }: Transport,
): RefusedRef {
  const words = serverWords(said, remote);
  if (words === '') {
    const message = `${remote.name} did not report whether it accepted the push to ${ref}.`;
    return { error: new TurnpikeError('GitUnavailable', message), mayGoOnTop: false };
  }
  const branch = branchOf(ref);
  const refusal = refusalOf(said, branch);
  const advice = advise({ ...refusal, branch, form });
  const sentence = `${remote.name} refuses the push to ${ref}.${words}`;
  const message = advice === undefined ? sentence : `${sentence} ${advice}`;
  const retry = refusal.kind === 'passing' ? 'backoff' : 'never';
  const mayGoOnTop = form === 'forced' && mayBeForce(refusalOf(ofIt, branch), said === ofIt);
  return { error: new TurnpikeError('GitRejected', message, { retry }), mayGoOnTop };
}

/** A hook refuses all refs that are pushed with the offending one, too: those are tried by force again, alone. */
function mayBeForce({ kind }: Refusal, isAlone: boolean): boolean {
  return kind === 'force' || (isAlone && kind === 'declined');
}

interface Report {
  readonly lines: readonly string[];
  /** An error in place of a report (gitprotocol-common, "pkt-line Format"). */
  readonly refusal: string | undefined;
  readonly words: string;
}

function readReport(answer: Buffer, capabilities: readonly string[]): Report {
  if (!capabilities.includes('side-band-64k')) return reportOf(textOf(answer), '');
  const [data, bare]: [Buffer[], string[]] = [[], []];
  const bands = createDemultiplexer({
    data: (piece) => void data.push(piece),
    line: (line) => void bare.push(line?.toString('utf8').trimEnd() ?? ''),
  });
  readPktLines(answer, bands.take);
  return reportOf([...textOf(Buffer.concat(data)), ...bare], bands.words());
}

function reportOf(lines: readonly string[], words: string): Report {
  const refusal = lines.find((line) => line.startsWith('ERR '))?.slice('ERR '.length);
  return { lines, refusal, words };
}

function textOf(report: Buffer): string[] {
  const lines: string[] = [];
  readPktLines(report, (line) => {
    if (line) lines.push(line.toString('utf8').trimEnd());
  });
  return lines;
}
