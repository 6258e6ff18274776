import type { RestEndpointMethodTypes } from '@octokit/rest';

type Full = RestEndpointMethodTypes['pulls']['get']['response']['data'];

/** The part of GitHub's pull request that this fake answers with; the types are those of its API description. */
type FakePull = Pick<
  Full,
  | 'id'
  | 'node_id'
  | 'url'
  | 'html_url'
  | 'number'
  | 'state'
  | 'title'
  | 'body'
  | 'merged'
  | 'merged_at'
  | 'draft'
> & { head: Pick<Full['head'], 'label' | 'ref'>; base: Pick<Full['base'], 'label' | 'ref'> };

/** An answer in place of the real one. */
export interface Fault {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

export interface FakeGitHub {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
  /** `METHOD path?query` of every request. */
  readonly requests: string[];
  /** The next request gets this answer. */
  fail(fault: Fault): void;
  /** The next request gets its real answer after this was done. */
  meanwhile(change: () => void): void;
  merge(number: number): void;
  close(number: number): void;
  stop(): Promise<void>;
}

export const FAKE_TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const DOCS = 'https://docs.github.com/rest/pulls/pulls';

/**
 * A stand-in for GitHub's REST API of one repository, `acme/fleet`, written after its published description:
 * https://docs.github.com/en/rest/pulls/pulls. `apiPath` is empty for api.github.com, `/api/v3` for GitHub
 * Enterprise Server.
 */
export function startFakeGitHub(apiPath: '' | '/api/v3' = '/api/v3'): FakeGitHub {
  const pulls: FakePull[] = [];
  const branches = new Set(['main']);
  const requests: string[] = [];
  const faults: Fault[] = [];
  const changes: (() => void)[] = [];
  const repository = createRepository(pulls, branches);

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      changes.shift()?.();
      const fault = faults.shift();
      if (fault) return answer(fault.status, fault.body, fault.headers);
      if (request.headers.get('authorization') !== `token ${FAKE_TOKEN}`)
        return problem(401, 'Bad credentials');
      const root = `${apiPath}/repos/acme/fleet/pulls`;
      if (!url.pathname.startsWith(root)) return problem(404, 'Not Found');
      return repository(request, url.pathname.slice(root.length), url.searchParams);
    },
  });

  const settle = (number: number, merged: boolean) => {
    const pull = pulls.find((one) => one.number === number);
    if (!pull) throw new Error(`no pull request ${number}`);
    Object.assign(pull, { state: 'closed', merged, merged_at: merged ? '2026-11-21T10:00:00Z' : null });
  };
  return {
    origin: `http://127.0.0.1:${server.port}`,
    pulls,
    branches,
    requests,
    fail: (fault) => faults.push(fault),
    meanwhile: (change) => changes.push(change),
    merge: (number) => settle(number, true),
    close: (number) => settle(number, false),
    stop: () => server.stop(true),
  };
}

type Handler = (request: Request, path: string, query: URLSearchParams) => Promise<Response>;

function createRepository(pulls: FakePull[], branches: Set<string>): Handler {
  return async (request, path, query) => {
    const body = request.method === 'GET' ? {} : ((await request.json()) as Record<string, unknown>);
    if (path === '' && request.method === 'POST') return create(pulls, branches, body);
    if (path === '' && request.method === 'GET') return list(pulls, query);
    const pull = pulls.find((one) => path === `/${one.number}`);
    if (!pull) return problem(404, 'Not Found');
    if (request.method === 'GET') return answer(200, pull);
    if (request.method === 'PATCH') return update(pull, body);
    return problem(404, 'Not Found');
  };
}

function create(pulls: FakePull[], branches: Set<string>, body: Record<string, unknown>): Response {
  for (const field of ['title', 'head', 'base']) {
    if (!body[field]) return invalid({ resource: 'PullRequest', field, code: 'missing_field' });
  }
  const { title = '', head = '', base = '', body: text } = body as Record<string, string>;
  if (!branches.has(base)) return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  if (!branches.has(head)) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  if (pulls.some((pull) => pull.state === 'open' && pull.head.ref === head && pull.base.ref === base)) {
    const message = `A pull request already exists for acme:${head}.`;
    return invalid({ resource: 'PullRequest', code: 'custom', message });
  }
  const number = pulls.length + 1;
  const pull: FakePull = {
    id: 9_007_199_254_740_000 + number,
    node_id: `PR_${number}`,
    url: `https://api.github.com/repos/acme/fleet/pulls/${number}`,
    html_url: `https://github.com/acme/fleet/pull/${number}`,
    number,
    state: 'open',
    title,
    body: text ?? null,
    merged: false,
    merged_at: null,
    draft: false,
    head: { label: `acme:${head}`, ref: head },
    base: { label: `acme:${base}`, ref: base },
  };
  pulls.push(pull);
  return answer(201, pull);
}

function list(pulls: FakePull[], query: URLSearchParams): Response {
  const state = query.get('state') ?? 'open';
  const [head, base] = [query.get('head'), query.get('base')];
  const found = pulls
    .filter((pull) => state === 'all' || pull.state === state)
    // A filter without `owner:` is ignored, as GitHub does.
    .filter((pull) => !head?.includes(':') || pull.head.label === head)
    .filter((pull) => base === null || pull.base.ref === base)
    .toReversed();
  return answer(200, found.slice(0, Number(query.get('per_page') ?? 30)));
}

function update(pull: FakePull, body: Record<string, unknown>): Response {
  const { title, body: text, base } = body;
  if (typeof title === 'string') pull.title = title;
  if (typeof text === 'string') pull.body = text;
  if (typeof base === 'string') pull.base = { label: `acme:${base}`, ref: base };
  return answer(200, pull);
}

function invalid(error: Record<string, string>): Response {
  return answer(422, {
    message: 'Validation Failed',
    errors: [error],
    documentation_url: DOCS,
    status: '422',
  });
}

function problem(status: number, message: string): Response {
  return answer(status, { message, documentation_url: DOCS, status: String(status) });
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const limits = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' };
  const type = 'application/json; charset=utf-8';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { 'content-type': type, ...limits, ...headers } });
}
