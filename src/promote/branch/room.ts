import type { BranchUpdate } from './port.ts';

type Bounded = Pick<BranchUpdate, 'branch' | 'branchesAtOnce'>;

/** Updates in one push; a server may bound the length of what it reads before the pack. */
const UPDATES_AT_ONCE = 200;

/** Tells whether one push may bring all of these. */
export function fitsOnePush(updates: readonly Bounded[]): boolean {
  return updates.length <= UPDATES_AT_ONCE && branchesOf(updates) <= mostOf(updates);
}

/** Tells whether a push that is to bring these is worth a moment's wait: two have come, and there is room for others. */
export function expectsMore(updates: readonly Bounded[]): boolean {
  return updates.length > 1 && branchesOf(updates) < mostOf(updates);
}

function branchesOf(updates: readonly Bounded[]): number {
  return new Set(updates.map(({ branch }) => branch)).size;
}

function mostOf(updates: readonly Bounded[]): number {
  return Math.min(UPDATES_AT_ONCE, ...updates.map((one) => one.branchesAtOnce ?? UPDATES_AT_ONCE));
}
