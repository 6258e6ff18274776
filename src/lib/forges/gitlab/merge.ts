import {
  type Checks,
  checking,
  failing,
  type Mergeable,
  mustNotWait,
  notYet,
  pending,
  refusedMerge,
  settled,
  unspoken,
} from '../merge.ts';
import type { MergeOutcome, PullRequest } from '../port.ts';
import { forgeWords } from '../request/failure.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, type MergeRequest, parsed, read } from './api.ts';
import { hasEnded, withMergedResults } from './merged-results.ts';
import { type MergeParameters, wayToMerge } from './method.ts';
import { toPullRequest } from './pulls.ts';
import { branchHasChecks, checksOf } from './status.ts';

type MergeApi = Mergeable<Api>;

/** https://docs.gitlab.com/api/merge_requests/#merge-status */
const CHECKING = ['checking', 'unchecked', 'preparing', 'approvals_syncing'];

/** A merge request, and how it is to be merged. */
interface Wanted {
  readonly request: MergeRequest;
  readonly parameters: MergeParameters;
}

/** https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request */
export async function merge(api: MergeApi, { number }: PullRequest, commit: string): Promise<MergeOutcome> {
  const request = await read(api, number);
  if (!request) return notYet('The merge request is not there any more.');
  const outcome = settled(toPullRequest(api, request), commit, api);
  if (outcome) return outcome;
  const own = await checksOf(api, commit);
  const held = failing(own, commit);
  if (held) return held;
  if (request.merge_when_pipeline_succeeds) return { kind: 'scheduled' };
  const checks = await withMergedResults(api, request, commit, own);
  const waits = await unready(api, request, commit, checks);
  if (waits) return waits;
  const way = await wayToMerge(api);
  if ('outcome' in way) return way.outcome;
  const wanted = { request, ...way };
  return checks.pending.length === 0 ? mergeNow(api, wanted, commit) : schedule(api, wanted, commit);
}

/** The outcome where it can neither be merged nor left to GitLab. */
async function unready(
  api: MergeApi,
  request: MergeRequest,
  commit: string,
  checks: Checks,
): Promise<MergeOutcome | undefined> {
  const waits =
    failing(checks, commit) ?? (await unspoken(api, checks, commit, () => branchHasChecks(api, api.base)));
  if (waits || checks.pending.length === 0) return waits;
  // With a pipeline that has ended an auto-merge would wait for nothing.
  const isWaitedFor = request.head_pipeline && !hasEnded(request.head_pipeline);
  return isWaitedFor ? undefined : pending(checks, commit);
}

/** 405: a rule is not met, such as an approval, for which an auto-merge waits since GitLab 17. */
async function mergeNow(api: MergeApi, wanted: Wanted, commit: string): Promise<MergeOutcome> {
  const { request } = wanted;
  const answer = await ask(api, wanted, { sha: commit });
  if (answer.status !== 405) return outcomeOf(api, request, answer);
  // That says nothing of the rules.
  if (CHECKING.includes(request.detailed_merge_status ?? '')) return checking(api.context);
  return schedule(api, wanted, commit);
}

async function schedule(api: MergeApi, wanted: Wanted, commit: string): Promise<MergeOutcome> {
  if (!api.mayWait) return mustNotWait(api.context);
  // The second is the name that the first had until GitLab 17.11.
  const options = { sha: commit, autoMerge: true, mergeWhenPipelineSucceeds: true };
  return outcomeOf(api, wanted.request, await ask(api, wanted, options));
}

function ask(api: Api, { request, parameters }: Wanted, options: object): Promise<ForgeAnswer> {
  const all = { ...options, ...parameters };
  const send = async () => {
    const answer = await api.send(({ requests }) => requests.merge(api.project, request.iid, all));
    // It could be read a moment ago: what is missing is the right to merge.
    return answer.status === 401 ? { ...answer, status: 403 } : answer;
  };
  return api.call('merge', send, ({ status }) => status === 405 || status === 409 || status === 422);
}

function outcomeOf(api: Api, request: MergeRequest, answer: ForgeAnswer): MergeOutcome {
  if (answer.status >= 300) {
    const said = [request.detailed_merge_status, answer.data].flatMap(
      (data) => forgeWords({ ...answer, data }, api.context.secrets) || [],
    );
    const { mergeable } = toPullRequest(api, request);
    return refusedMerge(api.context, said.join('; '), mergeable);
  }
  return parsed(api, 'merge', answer.data).state === 'merged' ? { kind: 'merged' } : { kind: 'scheduled' };
}
