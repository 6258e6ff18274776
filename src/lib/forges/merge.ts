import { cut, MAX_QUOTED, oneLine } from '../text/index.ts';
import type { MergeOptions, MergeOutcome, PullRequest, Unmergeable } from './port.ts';
import type { ForgeContext } from './request/types.ts';
import type { MergeMethod } from './types.ts';

/** The checks of a commit. */
export interface Checks {
  /** The commit has a check of others: our own status is not a sign of CI. */
  readonly any: boolean;
  /**
   * Names of checks that have not passed. Checks that were skipped, or may fail, have passed. Our own status is among
   * them: while it says that the gates are closed, nothing is merged against it.
   */
  readonly failing: readonly string[];
  readonly pending: readonly string[];
}

/** The time after a push in which nothing is merged: CI takes a moment to begin. */
export const SETTLE_SECONDS = 30;

const MAX_NAMES = 5;
const MAX_NAME = 80;

/** The outcome that needs no request to the forge. */
export function held(pull: PullRequest, { base, pushedAt, now }: MergeOptions): MergeOutcome | undefined {
  if (pull.state !== 'open') return undefined;
  if (pull.base !== base) return otherBase(pull.base);
  const seconds = pushedAt === undefined ? SETTLE_SECONDS : (now.getTime() - Date.parse(pushedAt)) / 1000;
  if (!(seconds < SETTLE_SECONDS)) return undefined;
  return notYet(`Waits ${SETTLE_SECONDS} s after the push for checks to begin.`);
}

function otherBase(base: string): MergeOutcome {
  return notYet(`Its base was changed to ${base} by a person: it is left to people.`);
}

/**
 * The outcome where CI has not reported yet. `baseHasSome` looks at the head of the base branch, and is asked only
 * where the commit has no check.
 */
export async function unspoken(
  { base }: Pick<MergeOptions, 'base'>,
  { any }: Pick<Checks, 'any'>,
  commit: string,
  baseHasSome: () => Promise<boolean>,
): Promise<MergeOutcome | undefined> {
  if (any || !(await baseHasSome())) return undefined;
  const sentence = `No check of ${short(commit)} has begun, and commits of ${base} have some: it waits for the first one.`;
  return notYet(sentence);
}

/** A forge that merges by itself knows nothing of the windows of a promotion. */
export function mustNotWait({ name }: ForgeContext): MergeOutcome {
  return notYet(
    `${name} has rules that are not met, and is not asked to merge later, when a window may be closed.`,
  );
}

export function notYet(reason: string, mergeable?: Unmergeable): MergeOutcome {
  return { kind: 'not-yet', reason, ...(mergeable && { mergeable }) };
}

export function checking({ name }: Pick<ForgeContext, 'name'>): MergeOutcome {
  return notYet(`${name} is still finding out whether the pull request can be merged.`);
}

export function conflicting(): MergeOutcome {
  return notYet('The pull request has conflicts with its base branch.', 'conflicting');
}

export function behind(): MergeOutcome {
  return notYet('The branch is behind its base branch, which requires branches to be up to date.', 'behind');
}

/** The outcome for a pull request that is not open, or has another base or head than the one that is meant. */
export function settled(
  { state, base, headCommit }: Pick<PullRequest, 'state' | 'base' | 'headCommit'>,
  commit: string,
  wanted: Pick<MergeOptions, 'base'>,
): MergeOutcome | undefined {
  if (state === 'merged') return { kind: 'merged' };
  if (state === 'closed') return notYet('The pull request is closed.');
  if (base !== wanted.base) return otherBase(base);
  if (headCommit === commit) return undefined;
  if (headCommit === undefined) return notYet('The head of the pull request is not known yet.');
  const heads = `${short(headCommit)} and not ${short(commit)}, which was pushed for it`;
  const reason = `The head of the pull request is ${heads}: it is left to people.`;
  return { kind: 'not-yet', reason, isOtherHead: true };
}

/** The outcome where checks fail: the forge itself would merge in spite of them. */
export function failing({ failing: names }: Checks, commit: string): MergeOutcome | undefined {
  return names.length > 0 ? notYet(`Checks of ${short(commit)} fail: ${listed(names)}.`) : undefined;
}

export function pending({ pending: names }: Checks, commit: string): MergeOutcome {
  return notYet(`Checks of ${short(commit)} are not done: ${listed(names)}.`);
}

/**
 * The outcome where the forge does not merge by the method that the Pipeline names. `why`: the reason in the
 * repository.
 */
export function otherMethod(
  { name, repository }: ForgeContext,
  method: MergeMethod,
  why: string,
): MergeOutcome {
  return notYet(
    `${name} does not merge by ${method} in ${repository}: ${why}. Change that in its settings, or mergeMethod in the Pipeline.`,
  );
}

/** The outcome of a refused merge. `words`: the forge's own. */
export function refusedMerge({ name }: ForgeContext, words: string, mergeable?: Unmergeable): MergeOutcome {
  const said = cut(oneLine(words), MAX_QUOTED);
  return notYet(`${name} does not merge the pull request yet${said && ` (${said})`}.`, mergeable);
}

export function short(commit: string): string {
  return commit.slice(0, 10);
}

/** Names of checks come from other systems, so they are bounded. */
function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, MAX_NAMES)
    .map((name) => cut(oneLine(name), MAX_NAME))
    .join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
