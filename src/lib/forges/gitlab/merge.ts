import {
  type Checks,
  checking,
  failing,
  mustNotWait,
  notYet,
  pending,
  refusedMerge,
  settled,
  unspoken,
} from '../merge.ts';
import type { MergeOptions, MergeOutcome, PullRequest } from '../port.ts';
import { forgeWords } from '../request/failure.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, type MergeRequest, parsed, read, requestUrl } from './api.ts';
import { hasEnded, withMergedResults } from './merged-results.ts';
import { chooseMethod, type MergeParameters } from './method.ts';
import { toPullRequest } from './pulls.ts';
import { branchHasChecks, checksOf } from './status.ts';

/** https://docs.gitlab.com/api/merge_requests/#merge-status */
const CHECKING = ['checking', 'unchecked', 'preparing', 'approvals_syncing'];

/** A merge request, and its merge parameters. */
interface Merging {
  readonly request: MergeRequest;
  readonly commit: string;
  readonly mayWait: boolean;
  readonly parameters: MergeParameters;
}

/** https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request */
export async function merge(
  api: Api,
  { number }: PullRequest,
  commit: string,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const request = await read(api, number);
  if (!request) return notYet('The merge request no longer exists.');
  const outcome = settled(toPullRequest(api, request), commit, options);
  if (outcome) return outcome;
  const own = await checksOf(api, commit);
  const held = failing(own, commit);
  if (held) return held;
  if (request.merge_when_pipeline_succeeds) return { kind: 'scheduled' };
  const checks = await withMergedResults(api, request, commit, own);
  const waits =
    failing(checks, commit) ??
    (await unspoken(options, checks, commit, () => branchHasChecks(api, options.base))) ??
    unended(request, checks, commit);
  if (waits) return waits;
  const chosen = await chooseMethod(api, options.method);
  if ('outcome' in chosen) return chosen.outcome;
  const merging = { request, commit, mayWait: options.mayWait, ...chosen };
  return checks.pending.length === 0 ? mergeNow(api, merging) : schedule(api, merging);
}

/** The outcome where an auto-merge would wait for nothing, as no pipeline runs that could end the checks. */
function unended({ head_pipeline: pipeline }: MergeRequest, checks: Checks, commit: string) {
  if (checks.pending.length === 0 || (pipeline && !hasEnded(pipeline))) return undefined;
  return pending(checks, commit);
}

/** 405: a rule is not met, such as an approval, for which an auto-merge waits since GitLab 17. */
async function mergeNow(api: Api, merging: Merging): Promise<MergeOutcome> {
  const { request } = merging;
  const answer = await ask(api, merging, {});
  if (answer.status !== 405) return outcomeOf(api, request, answer);
  // This answer says nothing of the rules.
  if (CHECKING.includes(request.detailed_merge_status ?? '')) return checking(api.context);
  return schedule(api, merging);
}

async function schedule(api: Api, merging: Merging): Promise<MergeOutcome> {
  if (!merging.mayWait) return mustNotWait(api.context);
  // The second option is the name that the first had until GitLab 17.11.
  const options = { auto_merge: true, merge_when_pipeline_succeeds: true };
  return outcomeOf(api, merging.request, await ask(api, merging, options));
}

function ask(api: Api, { request, commit, parameters }: Merging, options: object): Promise<ForgeAnswer> {
  const url = requestUrl(api, request.iid, '/merge');
  const body = { sha: commit, ...options, ...parameters };
  const send = async () => {
    const answer = await api.send({ method: 'PUT', url, body });
    // The merge request could be read a moment ago, so the missing right is that to merge.
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
