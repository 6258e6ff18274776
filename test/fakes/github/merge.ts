import { answer, problem } from './answers.ts';
import { settle } from './pull.ts';
import { type FakeCheckRun, fieldsOf, type GitHubState, type Handler, statesOf } from './state.ts';
import type { FakePull } from './types.ts';

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
export const answerMerge: Handler = async (state, asked) => {
  const pull = state.pulls.find((one) => asked.path === `/pulls/${one.number}/merge`);
  if (asked.method !== 'PUT' || !pull) return undefined;
  const { sha, merge_method: wanted = 'merge' } = fieldsOf(asked);
  if (sha !== undefined && sha !== pull.head.sha) {
    return problem(409, 'Head branch was modified. Review and try the merge again.');
  }
  const refused = refusal(state, pull, wanted);
  if (refused !== undefined) return problem(405, refused);
  const made = await state.known.merge(pull.head.sha, pull.base.ref);
  settle(pull, 'merged');
  return answer(200, { sha: made, merged: true, message: 'Pull Request successfully merged' });
};

function refusal(state: GitHubState, pull: FakePull, wanted: unknown): string | undefined {
  const { mergeQueue, required } = state.options;
  if (pull.state !== 'open' || pull.draft) return 'Pull Request is not mergeable';
  if (mergeQueue)
    return 'Repository rule violations found\n\nChanges must be made through the merge queue\n\n';
  const refusedMethod = methodRefusal(state, wanted);
  if (refusedMethod !== undefined) return refusedMethod;
  if (state.options.baseMoves > 0) {
    state.options.baseMoves -= 1;
    return 'Base branch was modified. Review and try the merge again.';
  }
  const states = statesOf(state, pull.head.sha);
  const lacking = required.find((context) => states.get(context) !== 'success');
  return lacking === undefined ? undefined : `Required status check "${lacking}" is expected.`;
}

const NAMES = { merge: 'Merge commits', squash: 'Squash merges', rebase: 'Rebase merges' };

/**
 * A ruleset refuses in the words that a repository has; branch protection in its own:
 * https://github.com/runatlantis/atlantis/issues/1176
 */
function methodRefusal({ options }: GitHubState, wanted: unknown): string | undefined {
  const { methods, linearHistory, rulesetMethods = methods } = options;
  const method = wanted as keyof typeof NAMES;
  if (!methods.includes(method) || !rulesetMethods.includes(method)) {
    return `${NAMES[method]} are not allowed on this repository.`;
  }
  return linearHistory && method === 'merge' ? 'This branch must not contain merge commits.' : undefined;
}

/** Auto-merge with a method that the branch does not take: https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
export function autoMergeRefusal(state: GitHubState, method: unknown): string | undefined {
  // A merge queue has a method of its own.
  if (state.options.mergeQueue || methodRefusal(state, method) === undefined) return undefined;
  const name = { merge: 'merge commits', squash: 'squash merging', rebase: 'rebase merging' }[String(method)];
  return `Merge method ${name} ${method === 'merge' ? 'are' : 'is'} not allowed on this repository`;
}

/** https://docs.github.com/en/graphql/reference/enums#mergestatestatus */
export function mergeStateOf(state: GitHubState, pull: FakePull): string {
  const { mergeState, required } = state.options;
  if (mergeState !== undefined) return mergeState;
  if (pull.mergeable !== true) return pull.mergeable === null ? 'UNKNOWN' : 'DIRTY';
  const states = statesOf(state, pull.head.sha);
  if (pull.draft || required.some((context) => states.get(context) !== 'success')) return 'BLOCKED';
  const runs = state.checkRuns.filter(({ sha }) => sha === pull.head.sha);
  const isClean = [...states.values()].every((one) => one === 'success') && runs.every(isPassed);
  return isClean ? 'CLEAN' : 'UNSTABLE';
}

function isPassed({ conclusion }: FakeCheckRun): boolean {
  return conclusion !== null && conclusion !== 'FAILURE';
}
