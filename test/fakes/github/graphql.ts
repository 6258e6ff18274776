import { answer, type Fault } from './answers.ts';
import type { Asked } from './description.ts';
import { userOf } from './examples.ts';
import { mergeStateOf } from './merge.ts';
import type { FakePull } from './pull.ts';
import { rollupOf } from './rollup.ts';
import { fieldsOf, type GitHubState } from './state.ts';

/**
 * The queries and the mutations that REST has no like of. Their texts were held against GitHub's published schema,
 * https://docs.github.com/en/graphql/overview/public-schema. An answer has the fields that the text names.
 */
export async function answerGraphql(state: GitHubState, request: Asked): Promise<Fault> {
  const { query, variables } = fieldsOf(request) as { query: string; variables: Record<string, unknown> };
  if (query.startsWith('mutation')) return mutate(state, query, variables.input as Record<string, string>);
  const pull = state.pulls.find(({ number }) => number === variables.number);
  if (variables.owner !== 'acme' || variables.repo !== 'fleet' || !pull) {
    const message = `Could not resolve to a Repository with the name '${variables.owner}/${variables.repo}'.`;
    return failed('repository', 'NOT_FOUND', message);
  }
  const { methods } = state.options;
  const asked = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => query.includes(name)));
  const { hidden, ...checks } = await checksOf(state, pull);
  const repository = asked({
    mergeCommitAllowed: methods.includes('merge'),
    squashMergeAllowed: methods.includes('squash'),
    pullRequest: asked({ ...fieldsOfPull(state, pull), ...checks }),
  });
  const errors = query.includes('statusCheckRollup') ? hidden : [];
  return answer(200, { data: { repository }, ...(errors.length > 0 && { errors }) });
}

function fieldsOfPull(state: GitHubState, pull: FakePull): object {
  return {
    id: pull.node_id,
    state: pull.merged ? 'MERGED' : pull.state.toUpperCase(),
    headRefOid: pull.head.sha,
    baseRefName: pull.base.ref,
    mergeStateStatus: mergeStateOf(state, pull),
    autoMergeRequest: pull.auto_merge && { enabledAt: '2026-11-21T10:00:00Z' },
    isInMergeQueue: state.queue.has(pull.number),
  };
}

/** Of the head and of the base branch, which may be gone. */
async function checksOf(state: GitHubState, pull: FakePull) {
  const place = ['repository', 'pullRequest'];
  const ofHead = ['commits', 'nodes', 0, 'commit', 'statusCheckRollup', 'contexts', 'nodes'];
  const ofBase = ['baseRef', 'target', 'statusCheckRollup', 'contexts', 'nodes'];
  const tip = await state.known.tip(pull.base.ref);
  const head = rollupOf(state, pull.head.sha, [...place, ...ofHead]);
  const base = rollupOf(state, tip, [...place, ...ofBase]);
  return {
    commits: { nodes: [{ commit: { statusCheckRollup: head.rollup } }] },
    baseRef: tip === undefined ? null : { target: { statusCheckRollup: base.rollup } },
    hidden: [...head.hidden, ...base.hidden],
  };
}

function mutate(state: GitHubState, query: string, input: Record<string, string>): Fault {
  if (query.includes('enablePullRequestAutoMerge')) return enable(state, input);
  return query.includes('disablePullRequestAutoMerge') ? disable(state, input) : dequeue(state, input);
}

/** https://docs.github.com/en/graphql/reference/mutations#disablepullrequestautomerge */
function disable({ pulls }: GitHubState, { pullRequestId }: Record<string, string>): Fault {
  const pull = pulls.find(({ node_id: id }) => id === pullRequestId);
  const field = 'disablePullRequestAutoMerge';
  if (!pull?.auto_merge) {
    return failed(field, 'UNPROCESSABLE', '["Can\'t disable auto-merge for this pull request."]');
  }
  pull.auto_merge = null;
  return answer(200, { data: { [field]: { clientMutationId: null } } });
}

/** https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest */
function dequeue({ pulls, queue }: GitHubState, { id }: Record<string, string>): Fault {
  const pull = pulls.find(({ node_id: one }) => one === id);
  const field = 'dequeuePullRequest';
  if (!pull || !queue.delete(pull.number)) {
    return failed(field, 'UNPROCESSABLE', 'Pull request is not in the merge queue');
  }
  return answer(200, { data: { [field]: { clientMutationId: null } } });
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
