import { cutCharacters } from '../../text/index.ts';
import { pageOf, pathOf } from '../page.ts';
import type { NewPullRequest, PullRequest, PullRequestChange } from '../port.ts';
import { passingFailure, unexpectedResponse } from '../request/failure.ts';
import type { ForgeAnswer } from '../request/types.ts';
import {
  type Api,
  ask,
  found,
  type MergeRequest,
  parsed,
  read,
  requestUrl,
  STATES,
  withQuery,
} from './api.ts';

/** https://docs.gitlab.com/user/project/merge_requests/drafts/ */
const DRAFT = 'Draft: ';
/** The mark of a draft counts: https://docs.gitlab.com/api/merge_requests/#create-mr */
const MAX_TITLE = 255;
const DRAFT_PREFIX = /^(?:(?:draft:|\[draft\]|\(draft\)) *)+/i;

export async function create(
  api: Api,
  { head, base, title, body, draft = false }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const request = {
    source_branch: head,
    target_branch: base,
    title: titleOf(title, draft),
    description: body,
  };
  const send = () => api.send({ method: 'POST', url: `${api.projectUrl}/merge_requests`, body: request });
  const answer = await api.call('create', send, (one) => one.status === 409 || isUnseen(one));
  if (isUnseen(answer)) throw passingFailure('create', answer, api.context, api.now());
  return answer.status === 409 ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

/**
 * The branch was pushed a moment ago, which the API may learn half a minute later:
 * https://github.com/renovatebot/renovate/issues/44498
 */
function isUnseen({ status, data }: ForgeAnswer): boolean {
  return status === 400 && UNSEEN.test(JSON.stringify(data) ?? '');
}

const UNSEEN = /"source_branch":\["does not exist"|source branch .* does not exist/i;

function titleOf(title: string, draft: boolean): string {
  return cutCharacters(draft ? DRAFT + title : title, MAX_TITLE);
}

export async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const query = { source_branch: head, target_branch: base, state: 'opened', page: '1', per_page: '20' };
  const url = withQuery(`${api.projectUrl}/merge_requests`, query);
  const { data } = await api.call('find', () => api.send({ method: 'GET', url }));
  if (!Array.isArray(data)) throw unexpectedResponse('find', ['no list'], api.context);
  const own = data.map((one) => parsed(api, 'find', one)).find((one) => isOwn(one));
  return own && toPullRequest(api, own);
}

/** A merge request from a fork may have a branch of the same name. */
function isOwn({ source_project_id: source, target_project_id: target }: MergeRequest): boolean {
  return source === target;
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
export async function update(
  api: Api,
  number: number,
  { title, body, base }: PullRequestChange,
): Promise<PullRequest> {
  const isDraft = (await read(api, number))?.draft ?? false;
  const change = {
    title: titleOf(title, isDraft),
    description: body,
    ...(base !== undefined && { target_branch: base }),
  };
  const send = () => api.send({ method: 'PUT', url: requestUrl(api, number), body: change });
  return toPullRequest(api, parsed(api, 'update', (await api.call('update', send)).data));
}

export function compareUrl({ pageUrl }: Api, base: string, head: string): string {
  return `${pageUrl}/-/compare/${pathOf(base)}...${pathOf(head)}`;
}

export function toPullRequest({ context, pageUrl }: Api, request: MergeRequest): PullRequest {
  const { draft, title, sha } = request;
  return {
    number: request.iid,
    ...pageOf(context, request.web_url, `${pageUrl}/-/merge_requests/${request.iid}`),
    state: STATES[request.state],
    title: draft ? title.replace(DRAFT_PREFIX, '') : title,
    body: request.description ?? '',
    base: request.target_branch,
    head: request.source_branch,
    draft,
    ...(request.state === 'opened' && mergeability(request)),
    ...(sha && { headCommit: sha }),
    labels: request.labels,
    assignees: request.assignees.map(({ username }) => username),
    reviewers: request.reviewers.map(({ username }) => username),
  };
}

/** `need_rebase`: the project merges by fast-forward alone. GitLab reports one word, and approvals come before it. */
function mergeability(request: MergeRequest): Pick<PullRequest, 'mergeable'> {
  const { has_conflicts: conflicts, detailed_merge_status: status } = request;
  if (conflicts || status === 'conflict') return { mergeable: 'conflicting' };
  return status === 'need_rebase' ? { mergeable: 'behind' } : {};
}
