import * as v from 'valibot';
import {
  behind,
  conflicting,
  mustNotWait,
  notYet,
  refusedMerge,
  settled,
  short,
  unspoken,
} from '../merge.ts';
import type { MergeOptions, MergeOutcome, PullRequest } from '../port.ts';
import { wordsOf } from '../request/failure.ts';
import type { ForgeAnswer } from '../request/types.ts';
import type { MergeMethod } from '../types.ts';
import type { Api } from './api.ts';
import { disableAutoMerge } from './cancel.ts';
import { hasChecks } from './checks.ts';
import { graphql } from './graphql.ts';
import { type Found, look } from './look.ts';
import { hasQueueRule, isMethodRefused, methodsFor, refusedMethods } from './methods.ts';
import { answerOf } from './octokit.ts';
import { enqueue, passQueue, type Queue, takenOut } from './queue.ts';

/** A pull request at its head, and its merge method. */
interface Merging {
  readonly number: number;
  readonly id: string;
  readonly commit: string;
  readonly queue: Queue;
  readonly options: MergeOptions;
}

/** https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge */
const SCHEDULE = `mutation ($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { clientMutationId }
}`;

const STATES = { OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' } as const;

export async function merge(
  api: Api,
  { number }: PullRequest,
  commit: string,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const asked = await look(api, number);
  if (asked.kind === 'refused') return refusedMerge(api.context, wordsOf(api, asked.answer));
  const repository = withQueue(asked.data.repository);
  const { pullRequest } = repository;
  const { id, state, headRefOid, baseRefName, autoMergeRequest, isInMergeQueue } = pullRequest;
  const seen = { state: STATES[state], base: baseRefName, headCommit: headRefOid };
  const outcome = settled(seen, commit, options);
  if (outcome) return outcome;
  if (isInMergeQueue) return passQueue(api, number, pullRequest);
  if (autoMergeRequest && !isByOtherMethod(api, options, repository)) return { kind: 'scheduled' };
  if (autoMergeRequest) await disableAutoMerge(api, id);
  const waits = unready(repository, commit) ?? (await silent(options, repository, commit));
  return waits ?? bring(api, { number, id, commit, queue: pullRequest, options }, repository);
}

/** A token that may not read queues may see that there is one. */
function withQueue({ pullRequest, ...rest }: Found): Found {
  const isMergeQueueEnabled = pullRequest.isMergeQueueEnabled ?? hasQueueRule(pullRequest.baseRef);
  return { ...rest, pullRequest: { ...pullRequest, isMergeQueueEnabled } };
}

/** Pipeline or branch may have changed since the auto-merge was asked for. A merge queue has a method of its own. */
function isByOtherMethod(api: Api, options: MergeOptions, found: Found): boolean {
  const { autoMergeRequest, isMergeQueueEnabled, baseRef: base } = found.pullRequest;
  const method = autoMergeRequest?.mergeMethod?.toLowerCase();
  if (method === undefined || isMergeQueueEnabled || !options.mayWait) return false;
  const methods = methodsFor(api, options, { repository: found, base });
  return 'kind' in methods || !methods.some((one) => one === method);
}

/** Merges a pull request that only rules of the branch hold back: by the queue, now, or once the rules are met. */
async function bring(api: Api, merging: Merging, found: Found): Promise<MergeOutcome> {
  const { isMergeQueueEnabled, mergeStateStatus, baseRef: base } = found.pullRequest;
  const isBlocked = mergeStateStatus === 'BLOCKED';
  // An auto-merge would put it into the queue again.
  const out = isMergeQueueEnabled && isBlocked ? takenOut(merging.options, merging.queue) : undefined;
  if (out) return out;
  // A token that may bypass the rules would merge past the queue.
  if (isMergeQueueEnabled && !isBlocked) return enqueue(api, merging);
  const known = { repository: found, base };
  const methods = isMergeQueueEnabled ? [undefined] : methodsFor(api, merging.options, known);
  if ('kind' in methods) return methods;
  return isBlocked
    ? schedule(api, merging, { methods, why: 'rules of the branch are not met' })
    : mergeNow(api, merging, methods);
}

/** The outcome where it can neither be merged nor left to GitHub. */
function unready({ pullRequest }: Found, commit: string): MergeOutcome | undefined {
  switch (pullRequest.mergeStateStatus) {
    case 'CLEAN':
    case 'HAS_HOOKS':
    case 'BLOCKED':
      return undefined;
    case 'UNSTABLE':
      return notYet(`Checks of ${short(commit)} that are not required fail or are not done.`);
    case 'BEHIND':
      return behind();
    case 'DIRTY':
      return conflicting();
    case 'DRAFT':
      return notYet('The pull request is a draft.');
    default:
      return notYet('GitHub is still finding out whether the pull request can be merged.');
  }
}

function silent(options: MergeOptions, { pullRequest }: Found, commit: string) {
  const { commits, baseRef } = pullRequest;
  const any = hasChecks(commits.nodes[0]?.commit);
  return unspoken(options, { any }, commit, async () => hasChecks(baseRef?.target));
}

const IN_QUEUE = /through the merge queue/i;
/** Another pull request was merged in the same moment. */
const BASE_MOVED = /base branch was modified/i;
const ATTEMPTS = 3;

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
async function mergeNow(
  api: Api,
  merging: Merging,
  [method, ...others]: readonly (MergeMethod | undefined)[],
): Promise<MergeOutcome> {
  const answer = await send(api, merging, method);
  const words = wordsOf(api, answer);
  if (answer.status === 409 || (answer.status === 405 && BASE_MOVED.test(words))) {
    return refusedMerge(api.context, words);
  }
  if (answer.status !== 405) return { kind: 'merged' };
  if (IN_QUEUE.test(words)) return enqueue(api, merging);
  if (!isMethodRefused(words)) return schedule(api, merging, { methods: [method, ...others], why: words });
  return others.length > 0 ? mergeNow(api, merging, others) : refusedMethods(api, merging.options, words);
}

async function send(
  api: Api,
  merging: Merging,
  method: MergeMethod | undefined,
  attempts = ATTEMPTS,
): Promise<ForgeAnswer> {
  const { number, commit } = merging;
  const request = { ...api.repository, pull_number: number, sha: commit };
  const answer = await api.call(
    'merge',
    () => answerOf(api.octokit.rest.pulls.merge({ ...request, ...(method && { merge_method: method }) })),
    ({ status }) => status === 405 || status === 409,
  );
  const isMoved = answer.status === 405 && BASE_MOVED.test(wordsOf(api, answer));
  return isMoved && attempts > 1 ? send(api, merging, method, attempts - 1) : answer;
}

interface Scheduling {
  /** Undefined: a merge queue has its own. */
  readonly methods: readonly (MergeMethod | undefined)[];
  readonly why: string;
}

/** The rules may have been met since they were looked at. */
const READY = /is in clean status/i;

async function schedule(
  api: Api,
  merging: Merging,
  { methods: [method, ...others], why }: Scheduling,
): Promise<MergeOutcome> {
  const { id, commit, queue, options } = merging;
  if (!options.mayWait) return mustNotWait(api.context);
  const mergeMethod = method && { mergeMethod: method.toUpperCase() };
  const variables = { input: { pullRequestId: id, expectedHeadOid: commit, ...mergeMethod } };
  const asked = await graphql(api, 'merge', { text: SCHEDULE, variables, schema: v.object({}) });
  if (asked.kind === 'data') return { kind: 'scheduled' };
  const words = wordsOf(api, asked.answer);
  if (queue.isMergeQueueEnabled && READY.test(words)) return enqueue(api, merging);
  if (!isMethodRefused(words)) return refusedMerge(api.context, `${why}; ${words}`);
  return others.length > 0
    ? schedule(api, merging, { methods: others, why })
    : refusedMethods(api, merging.options, words);
}
