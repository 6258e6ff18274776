import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownTurn, type Turn } from '../async/index.ts';
import { TurnpikeError } from '../errors.ts';
import { adviceOf, type Remote } from './failure.ts';
import { COMMIT } from './pack/pack-file.ts';
import { writePackIndex } from './pack/pack-index.ts';
import { typeOf } from './pack/pack-outside.ts';
import { type ScannedPack, type ScanOptions, scanPack } from './pack/pack-scan.ts';
import { writePack } from './pack/pack-write.ts';
import type { Packs } from './pack/packs.ts';
import { downloadPack } from './protocol/download.ts';
import type { Repository } from './repository.ts';
import type { Transport } from './transport.ts';

/** The lines that a server sends before a pack; a flush is `null`. */
type Lines = readonly (string | null)[];

/** The objects of a pack may be so many times larger than the pack. */
const INFLATION = 4;
/** The names of all objects are in memory. More is begun anew, see store.ts. */
export const MAX_OBJECTS_IN_ALL = 600_000;
/** The engine frees the garbage of a pack at once after more objects than this. */
const MANY_OBJECTS = 20_000;
const LARGE_BYTES = 4 * 1024 * 1024;
/** The place of the number of objects in a pack's header. */
const COUNT_AT = 8;
/** A thousand and more; each attempt holds them while it looks at a branch. */
const MAX_COMMIT_BYTES = 2 * 1024 * 1024;

/** Fetches a pack, whose objects can be read from then on. */
export async function fetchPack(
  repository: Repository,
  transport: Transport,
  request: Uint8Array,
): Promise<Lines> {
  const { packs } = repository;
  const asked = { request, external: externalIn(packs), isLacking: packs.isLacking() };
  return withPack(repository, transport, asked, async (path, pack) => {
    const { entries, outside } = pack;
    if (entries.count === 0) return;
    if (packs.objects() + entries.count > MAX_OBJECTS_IN_ALL) throw tooManyObjects(transport);
    const turn = repository.shared.turns.job(transport.waiting, transport.tenant);
    await keep(repository, { path, pack, turn });
    if (outside.length > 0) await keepBases(repository, transport, outside);
    packs.refresh();
  });
}

function externalIn(packs: Packs): ScanOptions['external'] {
  return (oid) => {
    if (!packs.has(oid)) return undefined;
    const before = packs.spent();
    const body = packs.readIfSmall(oid);
    return body ? { body, cost: packs.spent() - before } : 'too-large';
  };
}

interface Kept {
  readonly path: string;
  readonly pack: ScannedPack;
  readonly turn: Turn;
}

/** Keeps the pack under its number, see packs.ts. */
async function keep({ gitdir, packs }: Repository, kept: Kept, behind = 0): Promise<void> {
  const { path, pack, turn } = kept;
  const number = `${packs.count() + behind}`.padStart(6, '0');
  const name = join(gitdir, 'objects', 'pack', `pack-${number}-${pack.checksum.toString('hex')}`);
  await rename(path, `${name}.pack`);
  await writePackIndex(name, pack, turn);
}

/**
 * Keeps the bases of a thin pack whole: else an object that changes often would be a delta on a delta in each pack
 * before.
 */
async function keepBases(
  repository: Repository,
  { remote, signal, waiting, tenant }: Transport,
  bases: readonly string[],
): Promise<void> {
  const external = externalIn(repository.packs);
  const path = join(repository.gitdir, `bases-${crypto.randomUUID()}.pack`);
  const read = (index: number) => {
    signal.throwIfAborted();
    const oid = bases[index] ?? '';
    const found = external(oid);
    if (found === undefined || found === 'too-large') throw new Error(`the object ${oid} is gone`);
    return { type: typeOf(oid, found.body), body: found.body };
  };
  try {
    await writePack(path, bases.length, read);
    const maxInflated = repository.maxPackBytes * INFLATION;
    const turn = repository.shared.turns.job(waiting, tenant);
    // Its bytes were counted when they were read for the thin pack.
    const scan = { ...namedIn(remote), maxInflated, signal, turn, external: () => undefined };
    await keep(repository, { path, pack: await scanPack(path, scan), turn }, 1);
  } finally {
    await rm(path, { force: true });
  }
}

export interface FetchedCommits {
  readonly lines: Lines;
  /** The commits by object id. */
  readonly commits: ReadonlyMap<string, Buffer>;
}

/** Fetches a pack that is not thin, and keeps nothing of it but its commits. */
export async function fetchCommits(
  repository: Repository,
  transport: Transport,
  request: Uint8Array,
): Promise<FetchedCommits> {
  const commits = new Map<string, Buffer>();
  let bytes = 0;
  const seen: ScanOptions['seen'] = ({ oid, type, body }) => {
    if (type !== COMMIT) return;
    bytes += body.length;
    if (bytes > MAX_COMMIT_BYTES) throw tooMany(transport);
    commits.set(oid, Buffer.from(body));
  };
  const asked = { request, external: () => undefined, seen };
  const lines = await withPack(repository, transport, asked, async () => undefined);
  return { lines, commits };
}

type Asked = Pick<ScanOptions, 'external' | 'isLacking' | 'seen'> & { readonly request: Uint8Array };

async function withPack(
  { gitdir, maxPackBytes, shared }: Repository,
  transport: Transport,
  { request, ...scan }: Asked,
  use: (path: string, pack: ScannedPack) => Promise<void>,
): Promise<Lines> {
  // A new name each time: a file of a download that was given up may still be written to.
  const path = join(gitdir, `incoming-${crypto.randomUUID()}.pack`);
  const { remote, signal, waiting, tenant } = transport;
  let giveBack: (() => void) | undefined;
  const enter = async () => {
    giveBack ??= await ownTurn(transport, shared.scans.take(signal, tenant));
  };
  try {
    const lines = await downloadPack(transport, request, { path, maxPackBytes });
    if (await isLarge(path)) await enter();
    const maxInflated = maxPackBytes * INFLATION;
    const turn = shared.turns.job(waiting, tenant);
    const pack = await scanPack(path, { ...scan, ...namedIn(remote), maxInflated, signal, turn, enter });
    await use(path, pack);
    if (pack.entries.count > MANY_OBJECTS) shared.turns.collect();
    return lines;
  } finally {
    giveBack?.();
    await rm(path, { force: true });
  }
}

/** The options for messages about packs that are too large. */
function namedIn(remote: Remote): Pick<ScanOptions, 'name' | 'advice'> {
  return { name: remote.name, advice: adviceOf(remote).size };
}

/** Reports whether a pack is large; others need not wait for one that takes little time and memory. */
async function isLarge(path: string): Promise<boolean> {
  const file = Bun.file(path);
  const header = Buffer.from(await file.slice(0, COUNT_AT + 4).arrayBuffer());
  if (file.size > LARGE_BYTES) return true;
  return header.length >= COUNT_AT + 4 && header.readUInt32BE(COUNT_AT) > MANY_OBJECTS;
}

function tooManyObjects({ remote }: Transport): TurnpikeError {
  const message = `The data fetched from ${remote.name} takes too much memory: it is fetched again.`;
  return new TurnpikeError('GitUnavailable', message);
}

function tooMany({ remote }: Transport): TurnpikeError {
  const message = `A branch in ${remote.name} is too many commits ahead of its base branch: merge it, or close it.`;
  return new TurnpikeError('GitTooLarge', message);
}
