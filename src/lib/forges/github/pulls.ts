import * as v from 'valibot';
import { pageOf, pathOf, WebUrl } from '../page.ts';
import type { NewPullRequest, PullRequest, PullRequestChange } from '../port.ts';
import { isKnownAnswer } from '../request/conditional-get.ts';
import { unexpectedResponse } from '../request/failure.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeOperation } from '../request/types.ts';
import { type Api, refusal, says } from './api.ts';
import { answerOf } from './octokit.ts';

const Users = v.nullish(v.array(v.object({ login: v.string() })), []);

const Repository = v.object({ id: v.number() });

/** The used part of GitHub's pull request: https://docs.github.com/en/rest/pulls/pulls */
const GitHubPullRequest = v.object({
  number: v.pipe(v.number(), v.safeInteger()),
  html_url: WebUrl,
  state: v.picklist(['open', 'closed']),
  title: v.string(),
  body: v.nullish(v.string(), ''),
  merged_at: v.nullish(v.string()),
  draft: v.nullish(v.boolean(), false),
  labels: v.nullish(v.array(v.object({ name: v.string() })), []),
  assignees: Users,
  /** The reviewers that are asked, without those who have given a review. */
  requested_reviewers: Users,
  /** Present in the answer for a single pull request; null while GitHub finds it out. */
  mergeable: v.nullish(v.boolean()),
  mergeable_state: v.nullish(v.string()),
  base: v.object({ ref: v.string(), repo: Repository }),
  /** Its repository is null once a fork is deleted. */
  head: v.object({ ref: v.string(), sha: v.nullish(v.string()), repo: v.nullish(Repository) }),
});
type GitHubPullRequest = v.InferOutput<typeof GitHubPullRequest>;

/** 422, `{"errors":[{"resource":"PullRequest","code":"custom","message":"A pull request already exists for …"}]}` */
const EXISTS = /a pull request already exists/i;

/** Private repositories have drafts in some plans alone. */
const NO_DRAFTS = /draft pull requests are not supported/i;

/** 422s that pass: the branch was merged a moment ago, or was pushed a moment ago and is not seen yet. */
const PASSING = /no commits between|"field":"head","code":"invalid"/i;

export async function create(api: Api, input: NewPullRequest): Promise<PullRequest | 'exists'> {
  const send = () => answerOf(api.octokit.rest.pulls.create({ ...api.repository, ...input }));
  const answer = await api.call('create', send, ({ status }) => status === 422);
  if (answer.status !== 422) return toPullRequest(api, parsed(api, 'create', answer.data));
  if (says(answer, EXISTS)) return 'exists';
  if (input.draft && says(answer, NO_DRAFTS)) return create(api, { ...input, draft: false });
  throw refusal(api, 'create', answer, PASSING);
}

/**
 * Several pull requests are found only where forks of the organization have a branch of the same name, which cannot be
 * left out.
 */
const FOUND_AT_MOST = 30;

export async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  // GitHub ignores a branch without its owner and gives all pull requests.
  const branches = { head: `${api.repository.owner}:${head}`, base };
  const send = () =>
    answerOf(
      api.octokit.rest.pulls.list({ ...api.repository, ...branches, state: 'open', per_page: FOUND_AT_MOST }),
    );
  const { data } = await api.call('find', send);
  if (!Array.isArray(data)) throw unexpectedResponse('find', ['no list'], api.context);
  const found = data
    .map((one) => parsed(api, 'find', one))
    .find((one) => isOwn(one) && one.head.ref === head && one.base.ref === base && one.state === 'open');
  return found && toPullRequest(api, found);
}

/** A fork within the same organization may have a branch of the same name. */
function isOwn({ head, base }: GitHubPullRequest): boolean {
  return head.repo?.id === base.repo.id;
}

export function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const request = { ...api.repository, pull_number: number };
  const { pulls } = api.octokit.rest;
  return api.conditionalGet(number, {
    ask: (tag) => {
      const condition = tag !== undefined && { headers: { 'if-none-match': tag } };
      const send = () => answerOf(pulls.get({ ...request, ...condition }));
      return api.call('get', send, isKnownAnswer(tag));
    },
    parse: ({ status, data }) => (status === 404 ? undefined : toPullRequest(api, parsed(api, 'get', data))),
  });
}

export async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const send = () =>
    answerOf(api.octokit.rest.pulls.update({ ...api.repository, pull_number: number, ...change }));
  const { data } = await api.call('update', send);
  return toPullRequest(api, parsed(api, 'update', data));
}

export function compareUrl({ pageUrl }: Api, base: string, head: string): string {
  return `${pageUrl}/compare/${pathOf(base)}...${pathOf(head)}`;
}

function parsed(api: Api, operation: ForgeOperation, data: unknown): GitHubPullRequest {
  return parsedAnswer(GitHubPullRequest, operation, data, api.context);
}

function toPullRequest({ context, pageUrl }: Api, pull: GitHubPullRequest): PullRequest {
  return {
    number: pull.number,
    ...pageOf(context, pull.html_url, `${pageUrl}/pull/${pull.number}`),
    state: pull.merged_at ? 'merged' : pull.state,
    title: pull.title,
    body: pull.body,
    base: pull.base.ref,
    head: pull.head.ref,
    draft: pull.draft,
    ...(pull.state === 'open' && mergeability(pull)),
    ...(pull.head.sha && { headCommit: pull.head.sha }),
    labels: pull.labels.map(({ name }) => name),
    assignees: pull.assignees.map(({ login }) => login),
    reviewers: pull.requested_reviewers.map(({ login }) => login),
  };
}

/** GitHub reports `behind` where the base branch takes only what is up to date with it. */
function mergeability({
  mergeable,
  mergeable_state: state,
}: GitHubPullRequest): Pick<PullRequest, 'mergeable' | 'checking'> {
  if (state === 'dirty' || (mergeable === false && state !== 'unknown')) return { mergeable: 'conflicting' };
  if (state === 'behind') return { mergeable: 'behind' };
  return mergeable === null || state === 'unknown' ? { checking: true } : {};
}
