import type { Octokit } from '@octokit/rest';
import * as v from 'valibot';
import { TurnpikeError } from '../../api/errors.ts';
import {
  createForgeCall,
  type ForgeAnswer,
  type ForgeCall,
  type ForgeContext,
  type ForgeOperation,
} from './call.ts';
import type { Credentials } from './credentials.ts';
import { forgeFailure, forgeGibberish } from './failure.ts';
import type { Forge, ForgeDeps, NewPullRequest, PullRequest, PullRequestChange } from './forge.ts';
import { answerOf, createOctokit, gitHubApi, WRITE_GAP_MS } from './octokit.ts';
import { repositoryAddress } from './repository.ts';
import { forgeOf, parsedAnswer, secretsOf, WebUrl } from './shared.ts';

/** What is used of GitHub's pull request: https://docs.github.com/en/rest/pulls/pulls */
const GitHubPullRequest = v.object({
  number: v.pipe(v.number(), v.safeInteger()),
  html_url: WebUrl,
  state: v.picklist(['open', 'closed']),
  title: v.string(),
  body: v.nullish(v.string(), ''),
  merged_at: v.nullish(v.string()),
  base: v.object({ ref: v.string() }),
  head: v.object({ ref: v.string() }),
});

/** 422, `{"errors":[{"resource":"PullRequest","code":"custom","message":"A pull request already exists for …"}]}` */
const EXISTS = /a pull request already exists/i;

/** 422s that pass: the branch was merged a moment ago, or was pushed a moment ago and is not seen yet. */
const PASSING = /no commits between|"field":"head","code":"invalid"/i;

/** One repository's pull requests. */
interface Api {
  readonly repository: { readonly owner: string; readonly repo: string };
  readonly pulls: Octokit['rest']['pulls'];
  readonly call: ForgeCall;
  readonly context: ForgeContext;
  readonly now: () => Date;
}

/** GitHub, GitHub Enterprise Server and GitHub Enterprise Cloud with data residency. */
export function createGitHub(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const address = repositoryAddress(repositoryUrl, 'no-prefix');
  const context: ForgeContext = {
    provider: 'github',
    name: 'GitHub',
    host: address.host,
    repository: `${address.owner}/${address.name}`,
    secrets: secretsOf(credentials),
    writeGapMs: WRITE_GAP_MS,
    ...(credentials.account !== undefined && { account: credentials.account }),
  };
  const api: Api = {
    repository: { owner: address.owner, repo: address.name },
    pulls: createOctokit(gitHubApi(address), credentials, deps).rest.pulls,
    call: createForgeCall(context, deps),
    context,
    now: deps.now,
  };
  return forgeOf(api, { create, find, get, update });
}

async function create(api: Api, input: NewPullRequest): Promise<PullRequest | 'exists'> {
  const send = () => answerOf(api.pulls.create({ ...api.repository, ...input }));
  const answer = await api.call('create', send, ({ status }) => status === 422);
  if (answer.status !== 422) return toPullRequest(api, 'create', answer.data);
  if (says(answer, EXISTS)) return 'exists';
  const refused = forgeFailure('create', answer, api.context, api.now());
  if (!says(answer, PASSING)) throw refused;
  throw new TurnpikeError('ForgeUnavailable', refused.message, { retry: 'backoff' });
}

async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  // Without its owner GitHub ignores the branch and gives all pull requests.
  const branches = { head: `${api.repository.owner}:${head}`, base };
  const send = () => answerOf(api.pulls.list({ ...api.repository, ...branches, state: 'open', per_page: 5 }));
  const { data } = await api.call('find', send);
  if (!Array.isArray(data)) throw forgeGibberish('find', ['no list'], api.context);
  return data
    .map((one) => toPullRequest(api, 'find', one))
    .find((pull) => pull.head === head && pull.base === base && pull.state === 'open');
}

async function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const send = () => answerOf(api.pulls.get({ ...api.repository, pull_number: number }));
  const answer = await api.call('get', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : toPullRequest(api, 'get', answer.data);
}

async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const send = () => answerOf(api.pulls.update({ ...api.repository, pull_number: number, ...change }));
  const { data } = await api.call('update', send);
  return toPullRequest(api, 'update', data);
}

function says(answer: ForgeAnswer, pattern: RegExp): boolean {
  return pattern.test(JSON.stringify(answer.data) ?? '');
}

function toPullRequest(api: Api, operation: ForgeOperation, data: unknown): PullRequest {
  const pull = parsedAnswer(GitHubPullRequest, operation, data, api.context);
  return {
    number: pull.number,
    url: pull.html_url,
    state: pull.merged_at ? 'merged' : pull.state,
    title: pull.title,
    body: pull.body,
    base: pull.base.ref,
    head: pull.head.ref,
  };
}
