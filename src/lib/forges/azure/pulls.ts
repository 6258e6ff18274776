import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { branchOf, refOf } from '../../git/index.ts';
import type { NewPullRequest, PullRequest, PullRequestChange } from '../port.ts';
import { forgeWords } from '../request/failure.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import {
  type Api,
  type AzurePullRequest,
  ask,
  found,
  parsed,
  pullUrl,
  read,
  STATES,
  withQuery,
} from './api.ts';

export const MAX_DESCRIPTION = 4000;

/**
 * `TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists`: also
 * while a branch that was just pushed is not seen yet: https://github.com/renovatebot/renovate/issues/6846
 */
const UNSEEN = /TF401398|GitPullRequestCannotBeActivated/;

/** `TF401179: An active pull request for the source and target branch already exists.` */
const EXISTS = /TF401179|GitPullRequestExistsException/;

export async function create(
  api: Api,
  { head, base, title, body, draft }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const refs = { sourceRefName: refOf(head), targetRefName: refOf(base) };
  const request = { title, description: body, ...refs, ...(draft && { isDraft: true }) };
  const send = () => api.send({ method: 'POST', url: pullUrl(api), body: request });
  const answer = await api.call('create', send, (one) => isThere(one) || isUnseen(one));
  if (isUnseen(answer)) throw unseen(api, answer);
  return isThere(answer) ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

function isThere({ status, data }: ForgeAnswer): boolean {
  return status === 409 && EXISTS.test(JSON.stringify(data) ?? '');
}

function isUnseen({ status, data }: ForgeAnswer): boolean {
  return (status === 400 || status === 409) && UNSEEN.test(JSON.stringify(data) ?? '');
}

function unseen({ context }: Api, answer: ForgeAnswer): TurnpikeError {
  const words = forgeWords(answer, context.secrets);
  const sentence = `${context.name} at ${context.host} does not see the branches of the pull request in ${context.repository} (${words}): it is tried again.`;
  return new TurnpikeError('ForgeUnavailable', sentence);
}

export async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const url = withQuery(pullUrl(api), {
    'searchCriteria.status': 'active',
    'searchCriteria.sourceRefName': refOf(head),
    'searchCriteria.targetRefName': refOf(base),
  });
  const { data } = await api.call('find', () => api.send({ method: 'GET', url }));
  const page = parsedAnswer(v.object({ value: v.array(v.unknown()) }), 'find', data, api.context);
  // A pull request from a fork may have a branch of the same name.
  const own = page.value.map((one) => parsed(api, 'find', one)).find((one) => !one.forkSource);
  // A list has but the first 400 characters of the description.
  const whole = own && (await read(api, own.pullRequestId));
  const pull = whole && toPullRequest(api, whole);
  return pull?.state === 'open' ? pull : undefined;
}

export function get(api: Api, number: number): Promise<PullRequest | undefined> {
  return api.conditionalGet(number, {
    ask: (tag) => ask(api, number, tag),
    parse: (answer) => {
      const pull = found(api, answer);
      return pull && toPullRequest(api, pull);
    },
  });
}

export async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const { title, body: description, base } = change;
  const body = { title, description, ...(base !== undefined && { targetRefName: refOf(base) }) };
  const send = () => api.send({ method: 'PATCH', url: pullUrl(api, `/${number}`), body });
  const { data } = await api.call('update', send);
  return toPullRequest(api, parsed(api, 'update', data));
}

export function compareUrl({ pageUrl }: Api, base: string, head: string): string {
  const branches = { baseVersion: `GB${base}`, targetVersion: `GB${head}`, _a: 'files' };
  return `${pageUrl}/branchCompare?${new URLSearchParams(branches)}`;
}

export function toPullRequest({ pageUrl }: Api, pull: AzurePullRequest): PullRequest {
  const headCommit = pull.lastMergeSourceCommit?.commitId;
  return {
    number: pull.pullRequestId,
    url: new URL(`${pageUrl}/pullrequest/${pull.pullRequestId}`).href,
    state: STATES[pull.status],
    title: pull.title,
    body: pull.description ?? '',
    base: branchOf(pull.targetRefName),
    head: branchOf(pull.sourceRefName),
    draft: pull.isDraft,
    ...(pull.status === 'active' && pull.mergeStatus === 'conflicts' && { mergeable: 'conflicting' }),
    ...(headCommit && { headCommit }),
    labels: pull.labels.filter(({ active }) => active).map(({ name }) => name),
    assignees: [],
    reviewers: pull.reviewers.flatMap(({ id, uniqueName }) => [id, ...(uniqueName ? [uniqueName] : [])]),
  };
}
