import * as v from 'valibot';
import {
  createForgeCall,
  type ForgeAnswer,
  type ForgeCall,
  type ForgeContext,
  type ForgeOperation,
} from './call.ts';
import type { Credentials } from './credentials.ts';
import type { Forge, ForgeDeps, NewPullRequest, PullRequest, PullRequestChange } from './forge.ts';
import { azureAddress } from './repository.ts';
import {
  branchOf,
  createSendJson,
  forgeOf,
  parsedAnswer,
  refOf,
  type SendJson,
  secretsOf,
} from './shared.ts';

/** What is used of Azure's pull request: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests */
const AzurePullRequest = v.object({
  pullRequestId: v.pipe(v.number(), v.safeInteger()),
  status: v.picklist(['notSet', 'active', 'abandoned', 'completed']),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  sourceRefName: v.string(),
  targetRefName: v.string(),
  forkSource: v.optional(v.unknown()),
});
type AzurePullRequest = v.InferOutput<typeof AzurePullRequest>;

const STATES = { notSet: 'open', active: 'open', abandoned: 'closed', completed: 'merged' } as const;
/** `TF401179: An active pull request for the source and target branch already exists.` */
const EXISTS = /TF401179|GitPullRequestExistsException/;
const API_VERSION = '7.1';
const MAX_DESCRIPTION = 4000;

/** One repository's pull requests. */
interface Api {
  readonly pullsUrl: string;
  /** Where people see them. */
  readonly pageUrl: string;
  readonly call: ForgeCall;
  readonly send: SendJson;
  readonly context: ForgeContext;
}

/** Azure DevOps Services and Server. */
export function createAzure(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const { origin, host, path, name } = azureAddress(repositoryUrl);
  const context: ForgeContext = {
    provider: 'azure-devops',
    name: 'Azure DevOps',
    host,
    repository: `${path.slice(1)}/${name}`,
    secrets: [...secretsOf(credentials), basic(credentials.token)],
  };
  const api: Api = {
    pullsUrl: `${origin}${path}/_apis/git/repositories/${name}/pullrequests`,
    pageUrl: `${origin}${path}/_git/${name}/pullrequest`,
    call: createForgeCall(context, deps),
    send: refusing(createSendJson(`Basic ${basic(credentials.token)}`, credentials, deps)),
    context,
  };
  return {
    maxBody: MAX_DESCRIPTION,
    ...forgeOf(api, { create, find, get, update }),
  };
}

/** A personal access token is a password without a user. */
function basic(token: string): string {
  return Buffer.from(`:${token}`).toString('base64');
}

/** Who has no valid token is shown the sign-in page, with 203 or a redirect to it. */
function refusing(send: SendJson): SendJson {
  return async (request) => {
    const answer = await send(request);
    const signIn =
      answer.status === 203 ||
      (answer.status === 302 && /_signin|login/.test(answer.headers.get('location') ?? ''));
    return signIn ? { ...answer, status: 401, data: '' } : answer;
  };
}

async function create(
  api: Api,
  { head, base, title, body }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const refs = { sourceRefName: refOf(head), targetRefName: refOf(base) };
  const request = { title, description: body, ...refs };
  const send = () => api.send({ method: 'POST', url: urlOf(api), body: request });
  const answer = await api.call('create', send, isThere);
  return isThere(answer) ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

function isThere({ status, data }: ForgeAnswer): boolean {
  return status === 409 && EXISTS.test(JSON.stringify(data) ?? '');
}

async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const url = urlOf(api, '', {
    'searchCriteria.status': 'active',
    'searchCriteria.sourceRefName': refOf(head),
    'searchCriteria.targetRefName': refOf(base),
  });
  const { data } = await api.call('find', () => api.send({ method: 'GET', url }));
  const page = parsedAnswer(v.object({ value: v.array(v.unknown()) }), 'find', data, api.context);
  // One from a fork may have a branch of the same name.
  const found = page.value.map((one) => parsed(api, 'find', one)).find((one) => !one.forkSource);
  return found && toPullRequest(api, found);
}

async function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const send = () => api.send({ method: 'GET', url: urlOf(api, `/${number}`) });
  const answer = await api.call('get', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : toPullRequest(api, parsed(api, 'get', answer.data));
}

async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const { title, body: description, base } = change;
  const body = { title, description, ...(base !== undefined && { targetRefName: refOf(base) }) };
  const send = () => api.send({ method: 'PATCH', url: urlOf(api, `/${number}`), body });
  const { data } = await api.call('update', send);
  return toPullRequest(api, parsed(api, 'update', data));
}

function urlOf({ pullsUrl }: Api, path = '', query: Readonly<Record<string, string>> = {}): string {
  return `${pullsUrl}${path}?${new URLSearchParams({ ...query, 'api-version': API_VERSION })}`;
}

function parsed(api: Api, operation: ForgeOperation, data: unknown): AzurePullRequest {
  return parsedAnswer(AzurePullRequest, operation, data, api.context);
}

function toPullRequest({ pageUrl }: Api, pull: AzurePullRequest): PullRequest {
  return {
    number: pull.pullRequestId,
    url: `${pageUrl}/${pull.pullRequestId}`,
    state: STATES[pull.status],
    title: pull.title,
    body: pull.description ?? '',
    base: branchOf(pull.targetRefName),
    head: branchOf(pull.sourceRefName),
  };
}
