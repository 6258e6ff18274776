import type { ForgeContext } from './call.ts';
import type { MergeOutcome, PullRequest } from './forge.ts';

/** Names of the checks of a commit that have not passed. What was skipped, or may fail, has passed. */
export interface Checks {
  readonly failing: readonly string[];
  readonly pending: readonly string[];
}

const MAX_NAMES = 5;
const MAX_NAME = 80;

/** A forge that may, or may not, be asked to merge later by itself. */
export type Mergeable<Api> = Api & { readonly mayWait: boolean };

/** A forge that merges by itself knows nothing of the windows of a promotion. */
export function mustNotWait({ name }: ForgeContext): MergeOutcome {
  return notYet(
    `${name} has rules that are not met, and is not asked to merge later, when a window may be closed.`,
  );
}

export function notYet(reason: string): MergeOutcome {
  return { kind: 'not-yet', reason };
}

/** The outcome where there is nothing to merge, or another commit than the one that is meant. */
export function settled(
  { state, headCommit }: Pick<PullRequest, 'state' | 'headCommit'>,
  commit: string,
): MergeOutcome | undefined {
  if (state === 'merged') return { kind: 'merged' };
  if (state === 'closed') return notYet('The pull request is closed.');
  if (headCommit === commit) return undefined;
  if (headCommit === undefined) return notYet('The head of the pull request is not known yet.');
  const heads = `${short(headCommit)} and not ${short(commit)}, which was pushed for it`;
  return notYet(`The head of the pull request is ${heads}: it is left to people.`);
}

/** Failing checks hold back what the forge would merge. */
export function failing({ failing: names }: Checks, commit: string): MergeOutcome | undefined {
  return names.length > 0 ? notYet(`Checks of ${short(commit)} fail: ${listed(names)}.`) : undefined;
}

export function pending({ pending: names }: Checks, commit: string): MergeOutcome {
  return notYet(`Checks of ${short(commit)} are not done: ${listed(names)}.`);
}

/** `words`: the forge's own. */
export function refusedMerge({ name }: ForgeContext, words: string): MergeOutcome {
  return notYet(`${name} does not merge the pull request yet${words && ` (${words})`}.`);
}

export function short(commit: string): string {
  return commit.slice(0, 10);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(oneLine).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}

/** The name of a check is written by whoever set it. */
function oneLine(name: string): string {
  const line = name.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line.length > MAX_NAME ? `${line.slice(0, MAX_NAME).toWellFormed()}…` : line;
}
