import type { ForgeAnswer } from '../call.ts';
import { forgeWords } from '../failure.ts';
import type { MergeOutcome, PullRequest } from '../forge.ts';
import {
  failing,
  type Mergeable,
  mustNotWait,
  notYet,
  pending,
  refusedMerge,
  settled,
  unspoken,
} from '../merge.ts';
import { type Api, type MergeRequest, parsed, read } from './api.ts';
import { toPullRequest } from './pulls.ts';
import { branchHasChecks, checksOf } from './status.ts';

type MergeApi = Mergeable<Api>;

/** Of a pipeline that has ended, or that waits for a person. */
const ENDED = ['success', 'failed', 'canceled', 'skipped', 'manual'];

/** https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request */
export async function merge(api: MergeApi, { number }: PullRequest, commit: string): Promise<MergeOutcome> {
  const request = await read(api, number);
  if (!request) return notYet('The merge request is not there any more.');
  const outcome = settled(toPullRequest(api, request), commit, api);
  if (outcome) return outcome;
  const checks = await checksOf(api, commit);
  const held = failing(checks, commit);
  if (held) return held;
  if (request.merge_when_pipeline_succeeds) return { kind: 'scheduled' };
  const waits = await unspoken(api, checks, commit, () => branchHasChecks(api, api.base));
  if (waits) return waits;
  if (checks.pending.length === 0) return mergeNow(api, request, commit);
  // With a pipeline that has ended an auto-merge would wait for nothing.
  const isWaitedFor = request.head_pipeline && !ENDED.includes(request.head_pipeline.status);
  return isWaitedFor ? schedule(api, request, commit) : pending(checks, commit);
}

/** 405: a rule is not met, such as an approval, for which an auto-merge waits since GitLab 17. */
async function mergeNow(api: MergeApi, request: MergeRequest, commit: string): Promise<MergeOutcome> {
  const answer = await ask(api, request, { sha: commit });
  return answer.status === 405 ? schedule(api, request, commit) : outcomeOf(api, request, answer);
}

async function schedule(api: MergeApi, request: MergeRequest, commit: string): Promise<MergeOutcome> {
  if (!api.mayWait) return mustNotWait(api.context);
  // The second is the name that the first had until GitLab 17.11.
  const wanted = { sha: commit, autoMerge: true, mergeWhenPipelineSucceeds: true };
  return outcomeOf(api, request, await ask(api, request, wanted));
}

function ask(api: Api, { iid }: MergeRequest, options: object): Promise<ForgeAnswer> {
  const send = async () => {
    const answer = await api.send(({ requests }) => requests.merge(api.project, iid, options));
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
