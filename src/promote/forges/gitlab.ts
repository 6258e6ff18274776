import { MergeRequests } from '@gitbeaker/rest';
import * as v from 'valibot';
import {
  createForgeCall,
  type ForgeAnswer,
  type ForgeCall,
  type ForgeContext,
  type ForgeOperation,
} from './call.ts';
import type { Credentials } from './credentials.ts';
import { forgeGibberish } from './failure.ts';
import type { Forge, ForgeDeps, NewPullRequest, PullRequest, PullRequestChange } from './forge.ts';
import { repositoryAddress } from './repository.ts';
import { createSendJson, forgeOf, type JsonRequest, parsedAnswer, secretsOf, WebUrl } from './shared.ts';

/** What is used of GitLab's merge request: https://docs.gitlab.com/api/merge_requests/ */
const MergeRequest = v.object({
  iid: v.pipe(v.number(), v.safeInteger()),
  web_url: WebUrl,
  // `locked` is a moment on the way to merged, or back to opened.
  state: v.picklist(['opened', 'closed', 'merged', 'locked']),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  source_branch: v.string(),
  target_branch: v.string(),
  source_project_id: v.nullish(v.number()),
  target_project_id: v.nullish(v.number()),
});
type MergeRequest = v.InferOutput<typeof MergeRequest>;

const STATES = { opened: 'open', locked: 'open', closed: 'closed', merged: 'merged' } as const;

type Requester = InstanceType<typeof MergeRequests>['requester'];
/** One question, by the library's own method. */
type Question = (api: InstanceType<typeof MergeRequests>) => Promise<unknown>;

/** One project's merge requests. */
interface Api {
  /** `group/subgroup/project`. */
  readonly project: string;
  readonly call: ForgeCall;
  readonly send: (question: Question) => Promise<ForgeAnswer>;
  readonly context: ForgeContext;
}

/** GitLab.com and self-managed GitLab at the root of its host; groups may lie in groups. */
export function createGitLab(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, prefix, owner, name } = repositoryAddress(repositoryUrl, 'prefix-allowed');
  const project = `${prefix}/${owner}/${name}`.slice(1);
  const context: ForgeContext = {
    provider: 'gitlab',
    name: 'GitLab',
    host,
    repository: project,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    project,
    call: createForgeCall(context, deps),
    send: createSend(origin, credentials, deps),
    context,
  };
  return forgeOf(api, { create, find, get, update });
}

async function create(
  api: Api,
  { head, base, title, body }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const question: Question = (requests) =>
    requests.create(api.project, head, base, title, { description: body });
  const send = () => api.send(question);
  const answer = await api.call('create', send, ({ status }) => status === 409);
  return answer.status === 409 ? 'exists' : toPullRequest(parsed(api, 'create', answer.data));
}

async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const branches = { sourceBranch: head, targetBranch: base, state: 'opened' as const };
  const question: Question = (requests) =>
    requests.all({ projectId: api.project, ...branches, page: 1, perPage: 20 });
  const { data } = await api.call('find', () => api.send(question));
  if (!Array.isArray(data)) throw forgeGibberish('find', ['no list'], api.context);
  const found = data.map((one) => parsed(api, 'find', one)).find((one) => isOwn(one));
  return found && toPullRequest(found);
}

/** A merge request from a fork may have a branch of the same name. */
function isOwn({ source_project_id: source, target_project_id: target }: MergeRequest): boolean {
  return source === target;
}

async function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const send = () => api.send((requests) => requests.show(api.project, number));
  const answer = await api.call('get', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : toPullRequest(parsed(api, 'get', answer.data));
}

async function update(
  api: Api,
  number: number,
  { title, body, base }: PullRequestChange,
): Promise<PullRequest> {
  const change = { title, description: body, ...(base !== undefined && { targetBranch: base }) };
  const { data } = await api.call('update', () =>
    api.send((requests) => requests.edit(api.project, number, change)),
  );
  return toPullRequest(parsed(api, 'update', data));
}

/**
 * The library spells the request, and what leaves goes through our own door: its own requester tries ten
 * times at once, follows redirects with the token, and takes no certificate authority. A token goes as
 * Bearer, which serves personal, group and project tokens and those of OAuth.
 */
function createSend(origin: string, credentials: Credentials, deps: ForgeDeps): Api['send'] {
  const send = createSendJson(`Bearer ${credentials.token}`, credentials, deps);
  return async (question) => {
    let answer: ForgeAnswer | undefined;
    const ask = async (
      method: JsonRequest['method'],
      endpoint: string,
      { searchParams, body }: Asked = {},
    ) => {
      const query = new URLSearchParams(snakeCased(searchParams) as Record<string, string>).toString();
      const url = `${origin}/api/v4/${endpoint}${query && `?${query}`}`;
      answer = await send({ method, url, ...(body && { body: snakeCased(body) }) });
      return { status: answer.status, headers: {}, body: answer.data as never };
    };
    const requester: Requester = {
      get: (endpoint, options) => ask('GET', endpoint, options),
      post: (endpoint, options) => ask('POST', endpoint, options),
      put: (endpoint, options) => ask('PUT', endpoint, options),
      patch: (endpoint, options) => ask('PATCH', endpoint, options),
      delete: () => Promise.reject(new Error('Nothing is deleted.')),
    };
    await question(
      new MergeRequests({ host: origin, oauthToken: credentials.token, requesterFn: () => requester }),
    );
    if (!answer) throw new Error('The GitLab library sent no request.');
    return answer;
  };
}

interface Asked {
  readonly searchParams?: object;
  readonly body?: object;
}

/** GitLab's parameters are in snake case, the library's in camel case. */
function snakeCased(parameters: object = {}): object {
  const entries = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(entries.map(([key, value]) => [snake(key), value]));
}

function parsed(api: Api, operation: ForgeOperation, data: unknown): MergeRequest {
  return parsedAnswer(MergeRequest, operation, data, api.context);
}

function toPullRequest(request: MergeRequest): PullRequest {
  return {
    number: request.iid,
    url: request.web_url,
    state: STATES[request.state],
    title: request.title,
    body: request.description ?? '',
    base: request.target_branch,
    head: request.source_branch,
  };
}
