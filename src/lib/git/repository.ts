import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MarkedTree } from '../../promote/branch/edit/marked.ts';
import { createSlots, createTurns, type Slots, type Turns } from '../async/index.ts';
import { prepareNegotiation } from './negotiate.ts';
import { openPacks, type Packs } from './pack/packs.ts';

/** A bare, shallow copy of one repository. */
export interface Repository {
  readonly gitdir: string;
  readonly packs: Packs;
  /** What is known about the base branches' files, by branch. */
  readonly marked: Map<string, MarkedTree>;
  /** How large a pack may be that is fetched. */
  readonly maxPackBytes: number;
  readonly shared: Shared;
  /** The tips that were fetched, by branch. */
  readonly tips: Map<string, string>;
  /** What is known of the promotion branches, by branch. */
  readonly branches: Map<string, BranchMemory>;
  /** What its server can do when it is fetched from, once that is known. */
  fetchCapabilities: ReadonlySet<string> | undefined;
}

/** What all repositories share. */
export interface Shared {
  /** Of what takes long. */
  readonly turns: Turns;
  /** Of packs whose objects are being named: each takes memory for what its deltas build on. */
  readonly scans: Slots;
  /** Of large files that are parsed. */
  readonly parses: Slots;
}

export function createShared(turns: Turns = createTurns()): Shared {
  return { turns, scans: createSlots(1), parses: createSlots(1) };
}

/** One commit of ours on a base branch. */
export interface PushedCommit {
  readonly commit: string;
  readonly tree: string;
  readonly parent: string;
  /** It has what it replaces for a second parent. */
  readonly isMerge: boolean;
  /** The pipeline and environment that it was made for, as its message says. */
  readonly owner: string | undefined;
}

/** What a branch is, so that it need not be looked at again. */
export type BranchMemory =
  | { readonly kind: 'own'; readonly content: PushedCommit }
  /** What came of a look at commits that are not all ours; it holds as long as `question` is the same. */
  | { readonly kind: 'seen'; readonly question: string; readonly verdict: Verdict };

export type Verdict =
  | { readonly kind: 'unchanged'; readonly others?: true; readonly problems?: readonly string[] }
  | { readonly kind: 'blocked'; readonly reason: string; readonly problems: readonly string[] };

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
  const [marked, tips, branches] = [new Map(), new Map(), new Map()];
  return { gitdir, packs, maxPackBytes, shared, marked, tips, branches, fetchCapabilities: undefined };
}
