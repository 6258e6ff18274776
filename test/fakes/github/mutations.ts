import { answer, type Fault } from './answers.ts';
import { userOf } from './examples.ts';
import { type Operation, selected } from './graphql-query.ts';
import { autoMergeRefusal, mergeStateOf } from './merge.ts';
import { type GitHubState, noteEvent, statesOf } from './state.ts';
import type { FakePull } from './types.ts';

type Input = Readonly<Record<string, string>>;
/** The answer of a mutation, or the words of a refusal. */
type Mutation = (state: GitHubState, pull: FakePull | undefined, input: Input) => object | string;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  enablePullRequestAutoMerge: enable,
  disablePullRequestAutoMerge: disable,
  enqueuePullRequest: enqueue,
  dequeuePullRequest: dequeue,
};

export function answerMutation(state: GitHubState, { selections }: Operation, input: Input): Fault {
  const name = selections[0]?.name ?? '';
  const pull = state.pulls.find(({ node_id: id }) => id === (input.pullRequestId ?? input.id));
  const isQueue = name === 'enqueuePullRequest' || name === 'dequeuePullRequest';
  if (isQueue && !state.options.mayQueue) {
    return failed(name, 'FORBIDDEN', 'Resource not accessible by integration');
  }
  const done = MUTATIONS[name]?.(state, pull, input) ?? 'there is no such mutation';
  if (typeof done === 'string') return failed(name, 'UNPROCESSABLE', done);
  return answer(200, { data: selected({ [name]: { clientMutationId: null, ...done } }, selections) });
}

export function failed(field: string, type: string, message: string): Fault {
  const errors = [{ type, path: [field], locations: [{ line: 2, column: 3 }], message }];
  return answer(200, { data: { [field]: null }, errors });
}

/** https://docs.github.com/en/graphql/reference/mutations#disablepullrequestautomerge */
function disable(_: GitHubState, pull: FakePull | undefined) {
  if (!pull?.auto_merge) return '["Can\'t disable auto-merge for this pull request."]';
  pull.auto_merge = null;
  return {};
}

/** https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest */
function dequeue({ queue }: GitHubState, pull: FakePull | undefined) {
  return pull && queue.delete(pull.number) ? {} : 'Pull request is not in the merge queue';
}

/** https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest */
function enqueue(state: GitHubState, pull: FakePull | undefined, input: Input) {
  const { mergeQueue, required } = state.options;
  if (!pull || !mergeQueue) return 'Pull request is not eligible for a merge queue';
  if (input.expectedHeadOid !== pull.head.sha)
    return 'Head branch was modified. Review and try the merge again.';
  if (state.queue.has(pull.number)) return 'Pull request is already in the queue';
  const states = statesOf(state, pull.head.sha);
  const lacking = required.find((context) => states.get(context) !== 'success');
  if (lacking !== undefined) return `Pull request Required status check "${lacking}" is expected.`;
  state.queue.add(pull.number);
  noteEvent(state, pull.number, 'ADDED_TO_MERGE_QUEUE_EVENT');
  return { mergeQueueEntry: { state: 'QUEUED' } };
}

/** https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
function enable(state: GitHubState, pull: FakePull | undefined, { expectedHeadOid, mergeMethod }: Input) {
  if (!pull || expectedHeadOid !== pull.head.sha) throw new Error('another head than the one that was read');
  const method = (mergeMethod ?? 'MERGE').toLowerCase() as 'merge' | 'squash' | 'rebase';
  const refused = enableRefusal(state, pull, method);
  if (refused !== undefined) return `["${refused}"]`;
  pull.auto_merge = {
    enabled_by: userOf('jane'),
    merge_method: method,
    commit_title: pull.title,
    commit_message: '',
  };
  return { pullRequest: { state: 'OPEN' } };
}

function enableRefusal(state: GitHubState, pull: FakePull, method: string): string | undefined {
  if (!state.options.autoMerge) return 'Pull request Auto merge is not allowed for this repository';
  const mergeState = mergeStateOf(state, pull);
  if (mergeState === 'CLEAN' || mergeState === 'UNSTABLE') {
    return `Pull request Pull request is in ${mergeState.toLowerCase()} status`;
  }
  return autoMergeRefusal(state, method);
}
