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
import type { Forge, ForgeDeps, NewPullRequest, PullRequest, PullRequestChange } from './forge.ts';
import { type BitbucketAddress, bitbucketAddress } from './repository.ts';
import {
  branchOf,
  createSendJson,
  forgeOf,
  parsedAnswer,
  refOf,
  type SendJson,
  secretsOf,
  WebUrl,
} from './shared.ts';

const Reference = v.object({
  id: v.string(),
  repository: v.nullish(v.object({ id: v.nullish(v.number()) })),
});

/** What is used of Bitbucket's pull request: https://developer.atlassian.com/server/bitbucket/rest/v906/ */
const BitbucketPullRequest = v.object({
  id: v.pipe(v.number(), v.safeInteger()),
  /** Goes up with each change; a change must name it. */
  version: v.pipe(v.number(), v.safeInteger()),
  state: v.picklist(['OPEN', 'MERGED', 'DECLINED']),
  title: v.string(),
  description: v.nullish(v.string(), ''),
  fromRef: Reference,
  toRef: Reference,
  links: v.nullish(v.object({ self: v.nullish(v.array(v.object({ href: WebUrl }))) })),
});
type BitbucketPullRequest = v.InferOutput<typeof BitbucketPullRequest>;

const STATES = { OPEN: 'open', MERGED: 'merged', DECLINED: 'closed' } as const;
const DUPLICATE = /DuplicatePullRequestException|already (a pull request|exists)/i;
const MAX_DESCRIPTION = 32_000;

/** One repository's pull requests. */
interface Api {
  readonly address: BitbucketAddress;
  readonly pullsUrl: string;
  readonly call: ForgeCall;
  readonly send: SendJson;
  readonly context: ForgeContext;
}

/** Bitbucket Data Center, also below a path such as `https://host/bitbucket/scm/PROJECT/repository.git`. */
export function createBitbucket(repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  const address = bitbucketAddress(repositoryUrl);
  const { origin, prefix, project, name } = address;
  const context: ForgeContext = {
    provider: 'bitbucket-server',
    name: 'Bitbucket',
    host: address.host,
    repository: `${project}/${name}`,
    secrets: secretsOf(credentials),
  };
  const api: Api = {
    address,
    pullsUrl: `${origin}${prefix}/rest/api/1.0/projects/${project}/repos/${name}/pull-requests`,
    call: createForgeCall(context, deps),
    send: createSendJson(`Bearer ${credentials.token}`, credentials, deps),
    context,
  };
  return {
    maxBody: MAX_DESCRIPTION,
    // Of a project or a repository; with a person's token the Secret names the person.
    tokenUser: 'x-token-auth',
    ...(!repositoryUrl.startsWith('ssh:') && { cloneUrl: `${origin}${prefix}/scm/${project}/${name}.git` }),
    ...forgeOf(api, { create, find, get, update }),
  };
}

async function create(
  api: Api,
  { head, base, title, body }: NewPullRequest,
): Promise<PullRequest | 'exists'> {
  const repository = { slug: api.address.name, project: { key: api.address.project } };
  const refs = {
    fromRef: { id: refOf(head), repository },
    toRef: { id: refOf(base), repository },
  };
  const send = () =>
    api.send({ method: 'POST', url: api.pullsUrl, body: { title, description: body, ...refs } });
  const answer = await api.call('create', send, isDuplicate);
  return isDuplicate(answer) ? 'exists' : toPullRequest(api, parsed(api, 'create', answer.data));
}

/** A 409 has other reasons too, such as a branch that was merged a moment ago. */
function isDuplicate({ status, data }: ForgeAnswer): boolean {
  return status === 409 && DUPLICATE.test(JSON.stringify(data) ?? '');
}

async function find(api: Api, head: string, base: string): Promise<PullRequest | undefined> {
  const query = new URLSearchParams({ state: 'OPEN', direction: 'OUTGOING', at: refOf(head), limit: '50' });
  const send = () => api.send({ method: 'GET', url: `${api.pullsUrl}?${query}` });
  const { data } = await api.call('find', send);
  const page = parsedAnswer(v.object({ values: v.array(v.unknown()) }), 'find', data, api.context);
  const found = page.values.map((one) => parsed(api, 'find', one)).find((one) => isBetween(one, head, base));
  return found && toPullRequest(api, found);
}

/** A pull request to or from a fork may have branches of the same names. */
function isBetween({ fromRef, toRef, state }: BitbucketPullRequest, head: string, base: string): boolean {
  const sameRepository = fromRef.repository?.id === toRef.repository?.id;
  return state === 'OPEN' && sameRepository && fromRef.id === refOf(head) && toRef.id === refOf(base);
}

async function read(api: Api, number: number): Promise<BitbucketPullRequest | undefined> {
  const send = () => api.send({ method: 'GET', url: `${api.pullsUrl}/${number}` });
  const answer = await api.call('get', send, ({ status }) => status === 404);
  return answer.status === 404 ? undefined : parsed(api, 'get', answer.data);
}

async function get(api: Api, number: number): Promise<PullRequest | undefined> {
  const found = await read(api, number);
  return found && toPullRequest(api, found);
}

/** A change names the version that it changes; who changed it in between is not overwritten, and it is tried again. */
async function update(api: Api, number: number, change: PullRequestChange): Promise<PullRequest> {
  const current = await read(api, number);
  if (!current) {
    const sentence = `Pull request ${number} of ${api.context.repository} was deleted while it was being updated: it is tried again.`;
    throw new TurnpikeError('ForgeUnavailable', sentence, { retry: 'backoff' });
  }
  const { title, body: description, base } = change;
  const toRef = base === undefined ? {} : { toRef: { id: refOf(base) } };
  const body = { version: current.version, title, description, ...toRef };
  const { data } = await api.call('update', () =>
    api.send({ method: 'PUT', url: `${api.pullsUrl}/${number}`, body }),
  );
  return toPullRequest(api, parsed(api, 'update', data));
}

function parsed(api: Api, operation: ForgeOperation, data: unknown): BitbucketPullRequest {
  return parsedAnswer(BitbucketPullRequest, operation, data, api.context);
}

function toPullRequest({ address }: Api, pull: BitbucketPullRequest): PullRequest {
  const { origin, prefix, project, name } = address;
  const page = `${origin}${prefix}/projects/${project}/repos/${name}/pull-requests/${pull.id}`;
  return {
    number: pull.id,
    url: pull.links?.self?.[0]?.href ?? page,
    state: STATES[pull.state],
    title: pull.title,
    body: pull.description ?? '',
    base: branchOf(pull.toRef.id),
    head: branchOf(pull.fromRef.id),
  };
}
