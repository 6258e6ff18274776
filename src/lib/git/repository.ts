import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createSlots, createTurns, type Slots, type Turns } from '../async/index.ts';
import { prepareNegotiation } from './negotiate.ts';
import { createNotes, type Notes } from './notes.ts';
import { openPacks, type Packs } from './pack/packs.ts';

/** A bare, shallow copy of one repository. */
export interface Repository {
  readonly gitdir: string;
  readonly packs: Packs;
  /** Kept for its users. */
  readonly notes: Notes;
  /** The bound of a pack that is fetched. */
  readonly maxPackBytes: number;
  readonly shared: Shared;
  /** The tips that were fetched, by branch. */
  readonly tips: Map<string, string>;
  /** The same object in each variant of the repository, so that none forgets what another one has learnt. */
  readonly server: KnownServer;
}

/** The server that a repository was fetched from. */
export interface KnownServer {
  /** Its capabilities for a fetch, once they are known. */
  fetchCapabilities: ReadonlySet<string> | undefined;
}

/** Shared by all repositories. */
export interface Shared {
  /** The turns of work that takes long. */
  readonly turns: Turns;
  /** Slots for packs whose objects are being named: each takes memory for what its deltas build on. */
  readonly scans: Slots;
  /** Kept for users of all repositories. */
  readonly notes: Notes;
}

export function createShared(turns: Turns = createTurns()): Shared {
  return { turns, scans: createSlots(1), notes: createNotes() };
}

/** Opens the repository in `gitdir`, or makes an empty one there. */
export async function openRepository(
  gitdir: string,
  maxPackBytes: number,
  shared: Shared = createShared(),
): Promise<Repository> {
  await mkdir(join(gitdir, 'objects', 'pack'), { recursive: true });
  await prepareNegotiation(gitdir);
  const packs = openPacks(gitdir);
  packs.refresh();
  const [notes, tips] = [createNotes(), new Map<string, string>()];
  const server: KnownServer = { fetchCapabilities: undefined };
  return { gitdir, packs, notes, maxPackBytes, shared, tips, server };
}
