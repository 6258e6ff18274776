import {
  conflicting,
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
import { type Api, type AzurePullRequest, parsed, pullUrl, read } from './api.ts';
import { type AzureChecks, checksOf, commitHasChecks } from './checks.ts';
import { ownIdentity } from './identities.ts';
import { toPullRequest } from './pulls.ts';
import { type MergeStrategy, strategyFor } from './strategies.ts';

/** The policies of the branch are not met. */
const REJECTED = /GitPullRequestUpdateRejectedByPolicyException/;

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/update */
export async function merge(
  api: Api,
  { number }: PullRequest,
  commit: string,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const pull = await read(api, number);
  if (!pull) return notYet('The pull request no longer exists.');
  const seen = toPullRequest(api, pull);
  const outcome = settled(seen, commit, options);
  if (outcome) return outcome;
  if (pull.isDraft) return notYet('The pull request is a draft.');
  if (seen.mergeable) return conflicting();
  const checks = await checksOf(api, pull, commit);
  const held = failing(checks, commit);
  if (held) return held;
  if (completesItself(pull, checks)) return { kind: 'scheduled' };
  const strategy = strategyFor(checks.strategies, options.method, options.base);
  if (typeof strategy === 'object') return notYet(strategy.problem);
  const base = pull.lastMergeTargetCommit?.commitId;
  const waits = await unspoken(options, checks, commit, async () =>
    Boolean(base && (await commitHasChecks(api, base))),
  );
  if (waits) return waits;
  const { optional } = checks;
  const completionOptions = { mergeStrategy: strategy };
  const completion = { pull, commit, optional, completionOptions, options };
  if (checks.blocked) return schedule(api, completion);
  return checks.pending.length > 0 ? pending(checks, commit) : mergeNow(api, completion);
}

/** An auto-complete with a merge strategy that is not allowed would wait for ever. */
function completesItself({ autoCompleteSetBy, completionOptions }: AzurePullRequest, checks: AzureChecks) {
  const { mergeStrategy, squashMerge } = completionOptions ?? {};
  const strategy = mergeStrategy ?? (squashMerge ? 'squash' : 'noFastForward');
  return Boolean(autoCompleteSetBy) && checks.strategies.some((one) => one === strategy);
}

interface Completion {
  readonly pull: AzurePullRequest;
  readonly commit: string;
  readonly options: MergeOptions;
  /** Azure takes the first strategy where this is left out, whatever the policies allow. */
  readonly completionOptions: { readonly mergeStrategy: MergeStrategy };
  /** Policies that an auto-complete is not to wait for. */
  readonly optional: readonly number[];
}

async function mergeNow(api: Api, completion: Completion): Promise<MergeOutcome> {
  const { pull, commit, completionOptions } = completion;
  const lastMergeSourceCommit = { commitId: commit };
  const answer = await change(api, pull, { status: 'completed', lastMergeSourceCommit, completionOptions });
  return isRejected(answer) ? schedule(api, completion) : outcomeOf(api, answer);
}

/** Azure takes no head commit with an auto-complete, but answers with the one that the branch has by now. */
async function schedule(api: Api, completion: Completion): Promise<MergeOutcome> {
  const { pull, commit, options, completionOptions, optional } = completion;
  if (!options.mayWait) return mustNotWait(api.context);
  const id = await ownIdentity(api);
  const ignored = optional.length > 0 ? { autoCompleteIgnoreConfigIds: optional } : {};
  const body = { autoCompleteSetBy: { id }, completionOptions: { ...completionOptions, ...ignored } };
  const answer = await change(api, pull, body);
  const outcome = outcomeOf(api, answer);
  if (outcome.kind !== 'scheduled') return outcome;
  return settled(toPullRequest(api, parsed(api, 'merge', answer.data)), commit, options) ?? outcome;
}

/** 409: the head is another one, `TF401192`. */
function change(api: Api, { pullRequestId }: AzurePullRequest, body: object): Promise<ForgeAnswer> {
  const url = pullUrl(api, `/${pullRequestId}`);
  const isRefused = (answer: ForgeAnswer) => answer.status === 409 || isRejected(answer);
  return api.call('merge', () => api.send({ method: 'PATCH', url, body }), isRefused);
}

function isRejected({ status, data }: ForgeAnswer): boolean {
  return status === 403 && REJECTED.test(JSON.stringify(data) ?? '');
}

/** Azure takes a moment to complete a pull request, which is active until then. */
function outcomeOf(api: Api, answer: ForgeAnswer): MergeOutcome {
  if (answer.status >= 300) return refusedMerge(api.context, forgeWords(answer, api.context.secrets));
  return parsed(api, 'merge', answer.data).status === 'completed'
    ? { kind: 'merged' }
    : { kind: 'scheduled' };
}
