import * as v from 'valibot';
import {
  behind,
  type Checks,
  failing,
  mustNotWait,
  notYet,
  otherMethod,
  pending,
  refusedMerge,
  settled,
  unspoken,
} from '../merge.ts';
import { pathOf } from '../page.ts';
import type { MergeOptions, MergeOutcome, PullRequest } from '../port.ts';
import { wordsOf } from '../request/failure.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, type GiteaPullRequest, read } from './api.ts';
import { allowedStyles, styleOf } from './method.ts';
import { toPullRequest } from './pulls.ts';
import { checksOf } from './status.ts';

/** The requirements of a branch, which Gitea shows to everyone who may read it. */
const Branch = v.object({
  enable_status_check: v.nullish(v.boolean(), false),
  /** Names, or patterns of them; none means all. */
  status_check_contexts: v.nullish(v.array(v.string()), []),
});

/** It has conflicts, or Gitea is still looking for some: an auto-merge would wait for nothing. */
const UNMERGEABLE = /try again later/i;
const SCHEDULED = /already scheduled/i;
/** The branch's rule `block_on_outdated_branch`. */
const BEHIND = /head branch is behind the base branch/i;

interface Merging {
  readonly pull: GiteaPullRequest;
  readonly commit: string;
  readonly options: MergeOptions;
}

/**
 * An auto-merge does not wait for a check that is not required: without one that is, Gitea merges at once.
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
  const baseHead = pull.base.sha || pathOf(options.base);
  const waits = await unspoken(options, checks, commit, async () => (await checksOf(api, baseHead)).any);
  if (waits) return waits;
  const { repo } = pull.base;
  const { method } = options;
  if (method && !styleOf(repo, method)) {
    return otherMethod(api.context, method, `it allows ${allowedStyles(repo) || 'none'}`);
  }
  const merging = { pull, commit, options };
  if (checks.pending.length === 0) return mergeNow(api, merging);
  const isWaitedFor = await isRequired(api, pull.base.label, checks);
  return isWaitedFor ? schedule(api, merging) : pending(checks, commit);
}

/** An auto-merge waits for a rule that is not met, such as an approval. */
async function mergeNow(api: Api, merging: Merging): Promise<MergeOutcome> {
  const answer = await ask(api, merging, false);
  const words = wordsOf(api, answer);
  if (answer.status !== 405 || UNMERGEABLE.test(words)) return outcomeOf(api, answer);
  return BEHIND.test(words) ? behind() : schedule(api, merging);
}

async function schedule(api: Api, merging: Merging): Promise<MergeOutcome> {
  if (!merging.options.mayWait) return mustNotWait(api.context);
  const answer = await ask(api, merging, true);
  const isThere = answer.status === 409 && SCHEDULED.test(wordsOf(api, answer));
  return answer.status === 201 || isThere ? { kind: 'scheduled' } : outcomeOf(api, answer);
}

function ask(api: Api, { pull, commit, options: { method } }: Merging, whenChecksSucceed: boolean) {
  const url = `${api.repositoryUrl}/pulls/${pull.number}/merge`;
  const body = {
    Do: styleOf(pull.base.repo, method) ?? method ?? 'merge',
    head_commit_id: commit,
    merge_when_checks_succeed: whenChecksSucceed,
  };
  const isRefused = ({ status }: ForgeAnswer) => status === 405 || status === 409;
  return api.call('merge', () => api.send({ method: 'POST', url, body }), isRefused);
}

function outcomeOf(api: Api, answer: ForgeAnswer): MergeOutcome {
  return answer.status < 300 ? { kind: 'merged' } : refusedMerge(api.context, wordsOf(api, answer));
}

/** True if one of the pending checks is required by its name; patterns are not evaluated. */
async function isRequired(api: Api, branch: string, checks: Checks): Promise<boolean> {
  const url = `${api.repositoryUrl}/branches/${pathOf(branch)}`;
  const { data } = await api.call('checks', () => api.send({ method: 'GET', url }));
  const rules = parsedAnswer(Branch, 'checks', data, api.context);
  const required = rules.status_check_contexts;
  if (!rules.enable_status_check) return false;
  return required.length === 0 || checks.pending.some((name) => required.includes(name));
}
