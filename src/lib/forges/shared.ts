import * as v from 'valibot';
import { FIRST_FAULT } from '../first-fault.ts';
import { requestWay, waySecrets } from '../net/index.ts';
import { plainMarkdown, withoutCommands } from '../text/index.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { ForgeDeps } from './deps.ts';
import { held, type Mergeable } from './merge.ts';
import type { Forge, MergeOutcome, PullRequest } from './port.ts';
import { forgeGibberish } from './request/failure.ts';
import type { ForgeAnswer, ForgeContext, ForgeOperation } from './request/types.ts';

const MAX_URL = 1024;

/** An address of a page: never `javascript:`, never without end. */
export const WebUrl = v.pipe(v.string(), v.maxLength(MAX_URL), v.regex(/^https?:\/\/\S+$/));

/**
 * The page of a pull request, which is put into the status, shown as a link and sent in a header. The forge's word counts
 * where it leads to the origin of the repository; else the address follows from the repository's.
 *
 * @param said what the forge calls it
 * @param own what it is called by default
 */
export function pageOf(
  { name }: Pick<ForgeContext, 'name'>,
  said: string,
  own: string,
): Pick<PullRequest, 'url' | 'pageProblem'> {
  const url = new URL(own);
  const parsed = URL.parse(said);
  if (parsed?.origin === url.origin && `${parsed.username}${parsed.password}` === '') {
    if (parsed.href.length <= MAX_URL) return { url: parsed.href };
  }
  const elsewhere = parsed ? `at ${parsed.host}` : 'at no address';
  const pageProblem = `${name} has the page of the pull request ${elsewhere}, and the repository is at ${url.host}: the link is made of the repository's URL.`;
  return { url: url.href, pageProblem };
}

/** What must not appear in messages. */
export function secretsOf(credentials: Credentials): string[] {
  const { token, bearerToken, password, username, signing } = credentials;
  const basic = username !== undefined && password !== undefined ? [toBase64(`${username}:${password}`)] : [];
  const all = [token, bearerToken, password, signing?.passphrase].filter((secret) => secret !== undefined);
  return [...new Set([...all, ...basic, ...waySecrets(credentials)])];
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Bounds, certificate authority and cancellation that every request to a forge has. */
export function requestBounds(credentials: Credentials, deps: ForgeDeps) {
  return {
    timeoutMs: 30_000,
    maxBytes: 8 * 1024 * 1024,
    ...requestWay(credentials),
    ...(deps.signal && { signal: deps.signal }),
    ...(deps.waiting && { waiting: deps.waiting }),
  };
}

/** A schema's output, or an error that names the first place that is wrong. */
export function parsedAnswer<T extends v.GenericSchema>(
  schema: T,
  operation: ForgeOperation,
  data: unknown,
  context: ForgeContext,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, data, FIRST_FAULT);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? 'all of it';
  throw forgeGibberish(operation, [where], context);
}

/**
 * A forge's operations on one repository, each with what it needs of that put first. All texts pass here: comments are
 * sentences, whoever's words stand in them, and bodies are Markdown that was made for pull requests.
 */
export function forgeOf<Api>(api: Api, operations: Operations<Api>): Pick<Forge, OperationName> {
  const { create, find, get, update, decorate, comment, close, setStatus, merge, cancelMerge, compareUrl } =
    operations;
  return {
    create: (input) => create(api, { ...input, body: withoutCommands(input.body) }),
    find: (head, base) => find(api, head, base),
    get: (number) => get(api, number),
    update: (number, change) => update(api, number, { ...change, body: withoutCommands(change.body) }),
    decorate: (pull, wanted) => decorate(api, pull, wanted),
    comment: (pull, text) => comment(api, pull, plainMarkdown(text)),
    close: async (pull, reason) =>
      pull.state === 'open' ? close(api, pull, plainMarkdown(reason)) : undefined,
    setStatus: (commit, status) => setStatus(api, commit, status),
    async merge(pull, commit, options) {
      const { base, mayWait, method, scheduled } = options;
      const wanted = { base, mayWait, ...(method && { method }), ...(scheduled && { scheduled }) };
      return held(pull, options) ?? merge({ ...api, ...wanted }, pull, commit);
    },
    cancelMerge: (pull) => cancelMerge(api, pull),
    compareUrl: (base, head) => compareUrl(api, base, head),
  };
}

type OperationName =
  | 'create'
  | 'find'
  | 'get'
  | 'update'
  | 'decorate'
  | 'comment'
  | 'close'
  | 'setStatus'
  | 'merge'
  | 'cancelMerge'
  | 'compareUrl';

type Operations<Api> = {
  readonly [K in Exclude<OperationName, 'merge'>]: (
    api: Api,
    ...args: Parameters<Forge[K]>
  ) => ReturnType<Forge[K]>;
} & {
  readonly merge: (api: Mergeable<Api>, pull: PullRequest, commit: string) => Promise<MergeOutcome>;
};

/** Forges may store line ends and the text's end in their own way. */
export function sameText(left: string, right: string): boolean {
  return plain(left) === plain(right);
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

/** A branch in the path of a URL, where its slashes stay. */
export function pathOf(branch: string): string {
  return branch.split('/').map(encodeURIComponent).join('/');
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: object;
}

export type SendJson = (request: JsonRequest) => Promise<ForgeAnswer>;

/** Requests in JSON by our own door. `authorization` is the whole header. */
export function createSendJson(authorization: string, credentials: Credentials, deps: ForgeDeps): SendJson {
  return async ({ method, url, body }) => {
    const response = await deps.outbound.send({
      url,
      method,
      headers: {
        accept: 'application/json',
        authorization,
        'user-agent': 'turnpike',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...requestBounds(credentials, deps),
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, data: jsonOrText(await response.text()) };
  };
}

/** A proxy on the way may answer in HTML. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
