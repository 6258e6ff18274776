import * as v from 'valibot';
import { FIRST_FAULT } from '../../first-fault.ts';
import { pageOf, pathOf } from '../page.ts';
import type { NewPullRequest, PullRequest, PullRequestChange } from '../port.ts';
import { unexpectedResponse } from '../request/failure.ts';
import { type Api, ask, found, GiteaPullRequest, parsed, read, stateOf } from './api.ts';

/** The server may give less than a page asks for; it says how many there are in all. */
const PAGE_SIZE = 50;
const MAX_PAGES = 100;

/** Gitea takes a title with one of the server's prefixes for a draft; the defaults are `WIP:` and `[WIP]`. */
const DRAFT = 'WIP: ';
const DRAFT_PREFIX = /^(?:wip:|\[wip\]|draft:|\[draft\]) */i;

export async function create(
  api: Api,
  { draft, title, ...input }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const body = { ...input, title: draft ? DRAFT + title : title };
  const send = () => api.send({ method: 'POST', url: pullsUrl(api), body });
  const answer = await api.call('create', send, ({ status }) => status === 409);
  return answer.status === 409 ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

/**
 * `GET /pulls/{base}/{head}` gives any pull request of the two branches, even one merged long ago, and the list cannot
 * be asked for a head branch. Hence the pages, the latest change first.
 */
export async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  let seen = 0;
  for (let number = 1; number <= MAX_PAGES; number++) {
    const { pulls, total } = await page(api, number, base);
    const one = pulls.find((pull) => pull.success && isOpenBetween(pull.output, head, base));
    if (one?.success) return toPullRequest(api, one.output);
    seen += pulls.length;
    if (pulls.length === 0 || seen >= total) return undefined;
  }
  return undefined;
}

/** Reads one page of the open pull requests, and the number of them on all pages. */
async function page(api: Api, number: number, base: string) {
  const query = new URLSearchParams({
    state: 'open',
    sort: 'recentupdate',
    base_branch: base,
    page: String(number),
    limit: String(PAGE_SIZE),
  });
  const { data, headers } = await api.call('find', () =>
    api.send({ method: 'GET', url: `${pullsUrl(api)}?${query}` }),
  );
  if (!Array.isArray(data)) throw unexpectedResponse('find', ['no list'], api.context);
  const total = Number(headers.get('x-total-count') ?? Number.POSITIVE_INFINITY);
  return { pulls: data.map((one) => v.safeParse(GiteaPullRequest, one, FIRST_FAULT)), total };
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

/** A draft is marked in the title alone, so that is read before it is written. */
export async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const current = await read(api, number);
  const prefix = (current?.draft && DRAFT_PREFIX.exec(current.title)?.[0]) || '';
  const body = { ...change, title: prefix + change.title };
  const send = () => api.send({ method: 'PATCH', url: `${pullsUrl(api)}/${number}`, body });
  return toPullRequest(api, parsed(api, 'update', (await api.call('update', send)).data));
}

export function compareUrl({ pageUrl }: Api, base: string, head: string): string {
  return `${pageUrl}/compare/${pathOf(base)}...${pathOf(head)}`;
}

function pullsUrl({ repositoryUrl }: Api): string {
  return `${repositoryUrl}/pulls`;
}

/** A pull request from a fork may have a branch of the same name. */
function isOpenBetween(pull: GiteaPullRequest, head: string, base: string): boolean {
  const sameRepository = pull.head.repo_id === pull.base.repo_id;
  return pull.state === 'open' && sameRepository && pull.head.label === head && pull.base.label === base;
}

export function toPullRequest(api: Api, pull: GiteaPullRequest): PullRequest {
  const { number, draft, title, body, head } = pull;
  return {
    number,
    ...pageOf(api.context, pull.html_url, `${api.pageUrl}/pulls/${number}`),
    state: stateOf(pull),
    title: draft ? title.replace(DRAFT_PREFIX, '') : title,
    body,
    base: pull.base.label,
    head: head.label,
    draft,
    ...(isConflicting(api, pull) && { mergeable: 'conflicting' }),
    ...(head.sha && { headCommit: head.sha }),
    labels: pull.labels.map(({ name }) => name),
    assignees: pull.assignees.map(({ login }) => login),
    reviewers: pull.requested_reviewers.map(({ login }) => login),
  };
}

/**
 * The API has one word for conflicts and for not having looked for them yet. Hence a pull request conflicts when it is
 * still so some time later, for the same two commits; a branch that has all of its base has no conflict.
 */
function isConflicting({ repositoryUrl, sightings }: Api, pull: GiteaPullRequest): boolean {
  const { base, head, draft, state, mergeable } = pull;
  const hasBase = Boolean(base.sha) && pull.merge_base === base.sha;
  const seems = state === 'open' && !mergeable && !draft && !hasBase;
  return sightings.confirms(`${repositoryUrl} ${pull.number}`, seems ? `${head.sha} ${base.sha}` : undefined);
}
