import { createSlots, type Slots } from '../../lib/async/index.ts';
import type { NoteKind } from '../../lib/git/index.ts';
import type { MarkedTree } from './edit/marked.ts';

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

/** A branch as it was seen, so that it need not be looked at again. */
export type BranchMemory =
  | { readonly kind: 'own'; readonly content: PushedCommit }
  /** The result of a look at commits that are not all ours, which holds as long as `question` is the same. */
  | { readonly kind: 'seen'; readonly question: string; readonly result: LookResult };

export type LookResult =
  | { readonly kind: 'unchanged'; readonly others?: true; readonly problems?: readonly string[] }
  | { readonly kind: 'blocked'; readonly reason: string; readonly problems: readonly string[] };

/** Promotion branches as they were seen, by branch. */
export const BRANCHES: NoteKind<Map<string, BranchMemory>> = {
  empty: () => new Map(),
  names: () => 0,
};

/** Files of the base branches as they were seen, by branch. */
export const MARKED_TREES: NoteKind<Map<string, MarkedTree>> = {
  empty: () => new Map(),
  names: (trees) => [...trees.values()].reduce((sum, { paths }) => sum + paths, 0),
};

/** Slots for large files that are parsed, for all repositories together: each takes memory. */
export const PARSES: NoteKind<Slots> = {
  empty: () => createSlots(1),
  names: () => 0,
};
