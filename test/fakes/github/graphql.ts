import { answer, type Fault } from './answers.ts';
import type { Asked } from './description.ts';
import { userOf } from './examples.ts';
import { mergeStateOf } from './merge.ts';
import type { FakePull } from './pull.ts';
import { fieldsOf, type GitHubState } from './state.ts';

/**
 * The query and the mutation that REST has no like of. Both texts were held against GitHub's published schema,
 * https://docs.github.com/en/graphql/overview/public-schema. An answer has the fields that the text names.
 */
export function answerGraphql(state: GitHubState, request: Asked): Fault {
  const { query, variables } = fieldsOf(request) as { query: string; variables: Record<string, unknown> };
  if (query.startsWith('mutation')) return enable(state, variables.input as Record<string, string>);
  const pull = state.pulls.find(({ number }) => number === variables.number);
  if (variables.owner !== 'acme' || variables.repo !== 'fleet' || !pull) {
    const message = `Could not resolve to a Repository with the name '${variables.owner}/${variables.repo}'.`;
    return failed('repository', 'NOT_FOUND', message);
  }
  const { methods } = state.options;
  const asked = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => query.includes(name)));
  const repository = asked({
    mergeCommitAllowed: methods.includes('merge'),
    squashMergeAllowed: methods.includes('squash'),
    pullRequest: asked(fieldsOfPull(state, pull)),
  });
  return answer(200, { data: { repository } });
}

function fieldsOfPull(state: GitHubState, pull: FakePull): object {
  return {
    id: pull.node_id,
    state: pull.merged ? 'MERGED' : pull.state.toUpperCase(),
    headRefOid: pull.head.sha,
    mergeStateStatus: mergeStateOf(state, pull),
    autoMergeRequest: pull.auto_merge && { enabledAt: '2026-11-21T10:00:00Z' },
  };
}

/** https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
function enable(state: GitHubState, input: Record<string, string>): Fault {
  const refuse = (words: string) => failed('enablePullRequestAutoMerge', 'UNPROCESSABLE', `["${words}"]`);
  const pull = state.pulls.find(({ node_id: id }) => id === input.pullRequestId);
  if (!pull || input.expectedHeadOid !== pull.head.sha)
    throw new Error('another head than the one that was read');
  if (!state.options.autoMerge) return refuse('Pull request Auto merge is not allowed for this repository');
  const mergeState = mergeStateOf(state, pull);
  if (mergeState === 'CLEAN' || mergeState === 'UNSTABLE') {
    return refuse(`Pull request Pull request is in ${mergeState.toLowerCase()} status`);
  }
  pull.auto_merge = {
    enabled_by: userOf('jane'),
    merge_method: input.mergeMethod?.toLowerCase() as 'merge' | 'squash' | 'rebase',
    commit_title: pull.title,
    commit_message: '',
  };
  return answer(200, { data: { enablePullRequestAutoMerge: { pullRequest: { state: 'OPEN' } } } });
}

function failed(field: string, type: string, message: string): Fault {
  const errors = [{ type, path: [field], locations: [{ line: 2, column: 3 }], message }];
  return answer(200, { data: { [field]: null }, errors });
}
