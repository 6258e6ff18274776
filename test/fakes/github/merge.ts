import type { JsonAsked } from '../json-server.ts';
import { answer, problem } from './answers.ts';
import { type FakePull, type GitHubState, statesOf } from './state.ts';

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
export function answerMerge(state: GitHubState, { method, path, body }: JsonAsked): Response | undefined {
  const pull = state.pulls.find((one) => path === `/pulls/${one.number}/merge`);
  if (method !== 'PUT' || !pull) return undefined;
  const { sha, merge_method: wanted = 'merge' } = body as Record<string, string>;
  const { options } = state;
  if (sha !== undefined && sha !== pull.head.sha) {
    return problem(409, 'Head branch was modified. Review and try the merge again.');
  }
  if (options.refuseMerge !== undefined) return problem(405, options.refuseMerge);
  if (!options.methods.some((one) => one === wanted)) {
    return problem(405, 'Merge commits are not allowed on this repository.');
  }
  const lacking = options.required.find(
    (context) => statesOf(state, pull.head.sha).get(context) !== 'success',
  );
  if (lacking !== undefined) return problem(405, `Required status check "${lacking}" is expected.`);
  Object.assign(pull, { state: 'closed', merged: true, merged_at: '2026-11-21T10:00:00Z' });
  return answer(200, { sha: '2'.repeat(40), merged: true, message: 'Pull Request successfully merged' });
}

/** https://docs.github.com/en/graphql/reference/enums#mergestatestatus */
export function mergeStateOf(state: GitHubState, pull: FakePull): string {
  const { mergeState, required } = state.options;
  if (mergeState !== undefined) return mergeState;
  const states = statesOf(state, pull.head.sha);
  if (pull.draft || required.some((context) => states.get(context) !== 'success')) return 'BLOCKED';
  return [...states.values()].every((one) => one === 'success') ? 'CLEAN' : 'UNSTABLE';
}
