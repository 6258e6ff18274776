import * as v from 'valibot';
import { createForgeCall, type ForgeCall, type ForgeContext, type ForgeOperation } from './call.ts';
import type { Credentials } from './credentials.ts';
import { forgeGibberish } from './failure.ts';
import type { Forge, ForgeDeps, NewPullRequest, PullRequest, PullRequestChange } from './forge.ts';
import { repositoryAddress } from './repository.ts';
import { createSendJson, forgeOf, parsedAnswer, type SendJson, secretsOf, WebUrl } from './shared.ts';

/**
 * What is used of Gitea's and Forgejo's pull request (their `/api/swagger`). `label` is the branch; `ref`
 * becomes `refs/pull/N/head` once the branch is deleted.
 */
const GiteaPullRequest = v.object({
  number: v.pipe(v.number(), v.safeInteger()),
  html_url: WebUrl,
  state: v.picklist(['open', 'closed']),
  merged: v.nullish(v.boolean(), false),
  title: v.string(),
  body: v.nullish(v.string(), ''),
  base: v.object({ label: v.string(), repo_id: v.nullish(v.number()) }),
  head: v.object({ label: v.string(), repo_id: v.nullish(v.number()) }),
});
type GiteaPullRequest = v.InferOutput<typeof GiteaPullRequest>;

/** The server may give less than a page asks for; it says how many there are in all. */
const PAGE_SIZE = 50;
const MAX_PAGES = 100;

/** One repository's pull requests. */
interface Api {
  readonly call: ForgeCall;
  readonly send: SendJson;
  readonly pullsUrl: string;
  readonly context: ForgeContext;
}

/** Gitea and Forgejo, also below a path such as `https://host/git/owner/repository`. */
export function createGitea(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, prefix, owner, name } = repositoryAddress(repositoryUrl, 'prefix-allowed');
  const context: ForgeContext = {
    provider: 'gitea',
    name: 'Gitea',
    host,
    repository: `${owner}/${name}`,
    secrets: secretsOf(credentials),
  };
  const pullsUrl = `${origin}${prefix}/api/v1/repos/${owner}/${name}/pulls`;
  const api: Api = {
    call: createForgeCall(context, deps),
    send: createSendJson(`token ${credentials.token}`, credentials, deps),
    pullsUrl,
    context,
  };
  return forgeOf(api, { create, find, get, update });
}

async function create(api: Api, input: NewPullRequest): Promise<PullRequest | 'exists'> {
  const send = () => api.send({ method: 'POST', url: api.pullsUrl, body: input });
  const answer = await api.call('create', send, ({ status }) => status === 409);
  return answer.status === 409 ? 'exists' : toPullRequest(parsed(api, 'create', answer.data));
}

/**
 * `GET /pulls/{base}/{head}` gives any pull request of the two branches, be it merged long ago, and the list
 * cannot be asked for a head branch. Hence the pages, what changed last first.
 */
async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  let seen = 0;
  for (let number = 1; number <= MAX_PAGES; number++) {
    const { pulls, total } = await page(api, number, base);
    const found = pulls.find((pull) => pull.success && isOpenBetween(pull.output, head, base));
    if (found?.success) return toPullRequest(found.output);
    seen += pulls.length;
    if (pulls.length === 0 || seen >= total) return undefined;
  }
  return undefined;
}

/** One page of the open pull requests, and how many there are on all pages. */
async function page(api: Api, number: number, base: string) {
  const query = new URLSearchParams({
    state: 'open',
    sort: 'recentupdate',
    base_branch: base,
    page: String(number),
    limit: String(PAGE_SIZE),
  });
  const { data, headers } = await api.call('find', () =>
    api.send({ method: 'GET', url: `${api.pullsUrl}?${query}` }),
  );
  if (!Array.isArray(data)) throw forgeGibberish('find', ['no list'], api.context);
  const total = Number(headers.get('x-total-count') ?? Number.POSITIVE_INFINITY);
  return { pulls: data.map((one) => v.safeParse(GiteaPullRequest, one)), total };
}

async function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const send = () => api.send({ method: 'GET', url: `${api.pullsUrl}/${number}` });
  const answer = await api.call('get', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : toPullRequest(parsed(api, 'get', answer.data));
}

async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const { data } = await api.call('update', () =>
    api.send({ method: 'PATCH', url: `${api.pullsUrl}/${number}`, body: change }),
  );
  return toPullRequest(parsed(api, 'update', data));
}

function parsed(api: Api, operation: ForgeOperation, data: unknown): GiteaPullRequest {
  return parsedAnswer(GiteaPullRequest, operation, data, api.context);
}

/** A pull request from a fork may have a branch of the same name. */
function isOpenBetween(pull: GiteaPullRequest, head: string, base: string): boolean {
  const sameRepository = pull.head.repo_id === pull.base.repo_id;
  return pull.state === 'open' && sameRepository && pull.head.label === head && pull.base.label === base;
}

function toPullRequest(pull: GiteaPullRequest): PullRequest {
  return {
    number: pull.number,
    url: pull.html_url,
    state: pull.merged ? 'merged' : pull.state,
    title: pull.title,
    body: pull.body,
    base: pull.base.label,
    head: pull.head.label,
  };
}
