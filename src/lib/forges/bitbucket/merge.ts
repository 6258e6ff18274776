import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { FIRST_FAULT } from '../../first-fault.ts';
import {
  failing,
  mustNotWait,
  notYet,
  otherMethod,
  pending,
  refusedMerge,
  settled,
  unspoken,
} from '../merge.ts';
import type { MergeOptions, MergeOutcome, PullRequest } from '../port.ts';
import { forgeWords } from '../request/failure.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, type BitbucketPullRequest, parsed, pullUrl, read } from './api.ts';
import { strategyOf } from './method.ts';
import { toPullRequest } from './pulls.ts';
import { checksOf } from './status.ts';

const Vetoes = v.nullish(
  v.array(
    v.object({ summaryMessage: v.nullish(v.string(), ''), detailedMessage: v.nullish(v.string(), '') }),
  ),
  [],
);
const Refusal = v.object({
  errors: v.array(v.object({ conflicted: v.nullish(v.boolean(), false), vetoes: Vetoes })),
});
const Mergeability = v.object({ vetoes: Vetoes });

/**
 * The version of the pull request stands for its head: a push makes a new one.
 * https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/
 */
export async function merge(
  api: Api,
  { number }: PullRequest,
  commit: string,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const pull = await read(api, number);
  if (!pull) return notYet('The pull request no longer exists.');
  const outcome = settled(toPullRequest(api, pull), commit, options);
  if (outcome) return outcome;
  const checks = await checksOf(api, commit);
  const held = failing(checks, commit);
  if (held) return held;
  const base = pull.toRef.latestCommit;
  const waits = await unspoken(options, checks, commit, async () =>
    Boolean(base && (await checksOf(api, base)).any),
  );
  if (waits) return waits;
  if (checks.pending.length > 0 && !(await isVetoed(api, number))) return pending(checks, commit);
  const { method, mayWait } = options;
  const strategy = method && (await strategyOf(api, method));
  if (method && strategy && strategy.id === undefined) {
    return otherMethod(api.context, method, `it allows ${strategy.allowed.join(', ') || 'none'}`);
  }
  const merging = { pull, mayWait, ...(strategy?.id !== undefined && { strategyId: strategy.id }) };
  return checks.pending.length > 0 ? schedule(api, merging, '') : mergeNow(api, merging);
}

/** A pull request, and its merge strategy; by default the repository's. */
interface Merging {
  readonly pull: BitbucketPullRequest;
  readonly mayWait: boolean;
  readonly strategyId?: string;
}

async function mergeNow(api: Api, merging: Merging): Promise<MergeOutcome> {
  const answer = await ask(api, merging, {});
  if (answer.status !== 409) return outcomeOf(api, answer);
  const why = wordsOf(api, answer);
  if (isConflict(answer)) return refusedMerge(api.context, why, 'conflicting');
  return isVeto(answer) ? schedule(api, merging, why) : refusedMerge(api.context, why);
}

/** 403: the repository has no auto-merge; servers before 8.15 know none and say the veto once more. */
async function schedule(api: Api, merging: Merging, why: string): Promise<MergeOutcome> {
  if (!merging.mayWait) return mustNotWait(api.context);
  const answer = await ask(api, merging, { autoMerge: true });
  if (answer.status < 300) return outcomeOf(api, answer);
  return refusedMerge(api.context, why || wordsOf(api, answer));
}

async function ask(api: Api, { pull, strategyId }: Merging, options: { readonly autoMerge?: boolean }) {
  const { id, version } = pull;
  const url = `${pullUrl(api, id)}/merge?version=${version}`;
  const isRefused = ({ status }: ForgeAnswer) =>
    status === 401 || status === 409 || (status === 403 && options.autoMerge === true);
  const body = { version, ...options, ...(strategyId !== undefined && { strategyId }) };
  const answer = await api.call('merge', () => api.send({ method: 'POST', url, body }), isRefused);
  if (answer.status === 401) throw mayNotMerge(api, id, answer);
  return answer;
}

/**
 * The token is valid, as it has just read the pull request; those of a project or a repository, and in some versions
 * all, may not merge: https://confluence.atlassian.com/bitbucketserver091/http-access-tokens-1443038354.html
 */
function mayNotMerge(api: Api, number: number, answer: ForgeAnswer): TurnpikeError {
  const { name, host, repository } = api.context;
  const words = wordsOf(api, answer);
  const sentence = `${name} at ${host} does not let this token merge pull request ${number} of ${repository}${words && ` (${words})`}: merge it by hand, or put the token of a person who may merge into the Secret.`;
  return new TurnpikeError('ForgeUnauthorized', sentence);
}

function outcomeOf(api: Api, answer: ForgeAnswer): MergeOutcome {
  return parsed(api, 'merge', answer.data).state === 'MERGED' ? { kind: 'merged' } : { kind: 'scheduled' };
}

/** True if a merge check holds the merge back, so that an auto-merge has something to wait for. */
async function isVetoed(api: Api, number: number): Promise<boolean> {
  const url = `${pullUrl(api, number)}/merge`;
  const { data } = await api.call('checks', () => api.send({ method: 'GET', url }));
  return parsedAnswer(Mergeability, 'checks', data, api.context).vetoes.length > 0;
}

function isConflict({ data }: ForgeAnswer): boolean {
  const refusal = v.safeParse(Refusal, data, FIRST_FAULT);
  return refusal.success && refusal.output.errors.some(({ conflicted }) => conflicted);
}

function vetoesIn({ data }: ForgeAnswer) {
  const refusal = v.safeParse(Refusal, data, FIRST_FAULT);
  return refusal.success ? refusal.output.errors.flatMap(({ vetoes }) => vetoes) : [];
}

function isVeto(answer: ForgeAnswer): boolean {
  return vetoesIn(answer).length > 0;
}

/** The vetoes say more than the message, which only says that there are some. */
function wordsOf({ context }: Api, answer: ForgeAnswer): string {
  const vetoes = vetoesIn(answer).map((veto) => veto.detailedMessage || veto.summaryMessage);
  const said = vetoes.length > 0 ? { ...answer, data: { message: vetoes } } : answer;
  return forgeWords(said, context.secrets);
}
