import * as v from 'valibot';
import { notYet, refusedMerge } from '../merge.ts';
import type { MergeOptions, MergeOutcome } from '../port.ts';
import { wordsOf } from '../request/failure.ts';
import { GATES_OPEN, STATUS_CONTEXT } from '../status.ts';
import type { Api } from './api.ts';
import { graphql } from './graphql.ts';
import { setStatus } from './status.ts';

/**
 * The merge queue of a base branch, which makes a commit of its own of base branch and pull request, and merges that
 * once its checks have passed: https://docs.github.com/en/graphql/reference/objects#mergequeueentry
 */
export const QUEUE = `
  isMergeQueueEnabled
  isInMergeQueue
  mergeQueueEntry { headCommit { oid status { context(name: "${STATUS_CONTEXT}") { state } } } }
  timelineItems(last: 1, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT, HEAD_REF_FORCE_PUSHED_EVENT]) { nodes { __typename } }`;

const Status = v.object({ context: v.nullish(v.object({ state: v.string() })) });
const Entry = v.object({ headCommit: v.nullish(v.object({ oid: v.string(), status: v.nullish(Status) })) });

export const Queue = v.object({
  /** Absent where the token may not read it, or the server does not know it. */
  isMergeQueueEnabled: v.optional(v.boolean()),
  isInMergeQueue: v.optional(v.boolean(), false),
  /** Null, too, where the token may not read merge queues. */
  mergeQueueEntry: v.nullish(Entry),
  timelineItems: v.nullish(
    v.object({ nodes: v.nullish(v.array(v.nullish(v.object({ __typename: v.string() }))), []) }),
  ),
});
export type Queue = v.InferOutput<typeof Queue>;

/** https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest */
const ENQUEUE = `mutation ($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { clientMutationId }
}`;

/** The pull request at its head commit. */
interface Queueable {
  readonly id: string;
  readonly commit: string;
  readonly queue: Queue;
  readonly options: MergeOptions;
}

/** Puts a ready pull request into the queue, whose own method counts. */
export async function enqueue(api: Api, { id, commit, queue, options }: Queueable): Promise<MergeOutcome> {
  if (!options.mayWait) {
    return notYet(
      `${options.base} has a merge queue, which merges later, when a window may be closed: a person puts the pull request into the queue.`,
    );
  }
  const out = takenOut(options, queue);
  if (out) return out;
  const variables = { input: { pullRequestId: id, expectedHeadOid: commit } };
  const asked = await graphql(api, 'queue', { text: ENQUEUE, variables, schema: v.object({}) });
  return asked.kind === 'data'
    ? { kind: 'scheduled' }
    : refusedMerge(api.context, wordsOf(api, asked.answer));
}

/**
 * The outcome where it was in the queue since the last push: a check that has failed there would fail again, and keep
 * others waiting.
 */
export function takenOut(
  { base, scheduled }: MergeOptions,
  { timelineItems }: Queue,
): MergeOutcome | undefined {
  const wasQueued = timelineItems?.nodes?.at(-1)?.__typename === 'AddedToMergeQueueEvent';
  if (!scheduled || !wasQueued) return undefined;
  return notYet(
    `The pull request was taken out of the merge queue of ${base}, by its checks there or by a person: a person puts it in again, or a newer revision takes its place.`,
  );
}

/** The queue's own commit needs a status of its own: GitHub does not take it from the head of the pull request. */
export async function passQueue(api: Api, number: number, { mergeQueueEntry }: Queue): Promise<MergeOutcome> {
  const { oid, status } = mergeQueueEntry?.headCommit ?? {};
  if (oid !== undefined && status?.context?.state !== 'SUCCESS') {
    const url = `${api.pageUrl}/pull/${number}`;
    await setStatus(api, oid, { state: 'success', description: GATES_OPEN, url });
  }
  return { kind: 'scheduled' };
}
