import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { branchOf, refOf } from '../../git/index.ts';
import { pageOf } from '../page.ts';
import type { NewPullRequest, PullRequest, PullRequestChange } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, ask, type BitbucketPullRequest, found, parsed, pullUrl, read, STATES } from './api.ts';

export const MAX_DESCRIPTION = 32_000;
const DUPLICATE = /DuplicatePullRequestException|already (a pull request|exists)/i;

export async function create(
  api: Api,
  { head, base, title, body, draft }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const repository = { slug: api.address.name, project: { key: api.address.project } };
  const refs = {
    fromRef: { id: refOf(head), repository },
    toRef: { id: refOf(base), repository },
  };
  const request = { title, description: body, ...refs, ...(draft && { draft }) };
  const send = () => api.send({ method: 'POST', url: pullsUrl(api), body: request });
  const answer = await api.call('create', send, isDuplicate);
  return isDuplicate(answer) ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

/** A 409 has other reasons too, such as a branch that was merged a moment ago. */
function isDuplicate({ status, data }: ForgeAnswer): boolean {
  return status === 409 && DUPLICATE.test(JSON.stringify(data) ?? '');
}

export async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const query = new URLSearchParams({ state: 'OPEN', direction: 'OUTGOING', at: refOf(head), limit: '50' });
  const send = () => api.send({ method: 'GET', url: `${pullsUrl(api)}?${query}` });
  const { data } = await api.call('find', send);
  const page = parsedAnswer(v.object({ values: v.array(v.unknown()) }), 'find', data, api.context);
  const own = page.values.map((one) => parsed(api, 'find', one)).find((one) => isBetween(one, head, base));
  return own && toPullRequest(api, own);
}

/** A pull request to or from a fork may have branches of the same names. */
function isBetween({ fromRef, toRef, state }: BitbucketPullRequest, head: string, base: string): boolean {
  const sameRepository = fromRef.repository?.id === toRef.repository?.id;
  return state === 'OPEN' && sameRepository && fromRef.id === refOf(head) && toRef.id === refOf(base);
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

/**
 * A change names the version that it changes: a concurrent change is not overwritten, and the update is tried again.
 */
export async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const current = await read(api, number);
  if (!current) {
    const sentence = `Pull request ${number} of ${api.context.repository} was deleted while it was being updated: it is tried again.`;
    throw new TurnpikeError('ForgeUnavailable', sentence);
  }
  const { title, body: description, base } = change;
  const toRef = base === undefined ? {} : { toRef: { id: refOf(base) } };
  // Bitbucket removes reviewers that a change leaves out.
  const reviewers = current.reviewers.map(({ user }) => ({ user: { name: user.name } }));
  // The request sets it too: https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/
  const draft = typeof current.draft === 'boolean' ? { draft: current.draft } : {};
  const body = { version: current.version, title, description, reviewers, ...draft, ...toRef };
  const { data } = await api.call('update', () =>
    api.send({ method: 'PUT', url: pullUrl(api, number), body }),
  );
  return toPullRequest(api, parsed(api, 'update', data));
}

export function compareUrl({ pageUrl }: Api, base: string, head: string): string {
  const branches = { targetBranch: refOf(base), sourceBranch: refOf(head) };
  return `${pageUrl}/compare/diff?${new URLSearchParams(branches)}`;
}

function pullsUrl({ repositoryUrl }: Api): string {
  return `${repositoryUrl}/pull-requests`;
}

export function toPullRequest({ context, pageUrl }: Api, pull: BitbucketPullRequest): PullRequest {
  const { latestCommit } = pull.fromRef;
  const own = `${pageUrl}/pull-requests/${pull.id}`;
  return {
    number: pull.id,
    ...pageOf(context, pull.links?.self?.[0]?.href ?? own, own),
    state: STATES[pull.state],
    title: pull.title,
    body: pull.description ?? '',
    base: branchOf(pull.toRef.id),
    head: branchOf(pull.fromRef.id),
    draft: pull.draft ?? false,
    ...(isConflicting(pull) && { mergeable: 'conflicting' }),
    ...(latestCommit && { headCommit: latestCommit }),
    labels: [],
    assignees: [],
    reviewers: pull.reviewers.map(({ user }) => user.name),
  };
}

function isConflicting({ state, properties }: BitbucketPullRequest): boolean {
  const result = properties?.mergeResult;
  return state === 'OPEN' && result?.outcome === 'CONFLICTED' && result.current;
}
