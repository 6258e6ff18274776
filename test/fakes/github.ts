import {
  answer,
  type Budget,
  type Fault,
  invalid,
  problem,
  responseOf,
  tagOf,
  unchanged,
} from './github-answers.ts';
import { answerApp, type FakeApp } from './github-app.ts';
import { type Branches, follow, gitBranches, namedBranches } from './github-branches.ts';
import { type Asked, describeGitHub } from './github-description.ts';
import type { FakeGit } from './github-git.ts';
import { type FakePull, listed, newPull, settle } from './github-pull.ts';

export type { Fault };

export interface FakeGitHub {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
  /** `METHOD path?query` of every request. */
  readonly requests: string[];
  /** What is left of the hour's requests; an answer that nothing has changed is not counted. */
  readonly budget: Budget;
  /** Those that it takes. */
  readonly tokens: Set<string>;
  /** The next request gets this answer. */
  fail(fault: Fault): void;
  /** The next request gets its real answer after this was done. */
  meanwhile(change: () => void): void;
  merge(number: number): void;
  close(number: number): void;
  /** Fails when something was asked or answered that is not as GitHub describes its API. */
  stop(): Promise<void>;
}

export interface FakeGitHubOptions {
  readonly app?: FakeApp;
  /** The repository; without it there are names of branches alone. */
  readonly git?: FakeGit;
}

export const FAKE_TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';

/**
 * A stand-in for GitHub's REST API of one repository, `acme/fleet`, held against the description that GitHub
 * publishes (test/fixtures/github). `apiPath` is empty for api.github.com, `/api/v3` for GitHub Enterprise
 * Server.
 */
export function startFakeGitHub(
  apiPath: '' | '/api/v3' = '/api/v3',
  { app, git }: FakeGitHubOptions = {},
): FakeGitHub {
  const pulls: FakePull[] = [];
  const branches = new Set(['main']);
  const requests: string[] = [];
  const faults: Fault[] = [];
  const changes: (() => void)[] = [];
  const budget = { remaining: 5000 };
  const tokens = new Set([FAKE_TOKEN]);
  const wrong: string[] = [];
  const known = git ? gitBranches(git.repository) : namedBranches(branches);
  const api = createApi({ apiPath, app, tokens, wrong, repository: createRepository(pulls, known) });

  async function answerApi(request: Request, url: URL): Promise<Response> {
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    changes.shift()?.();
    const fault = faults.shift();
    if (fault) return responseOf(fault, budget);
    const answered = await api(request, url);
    if (request.headers.get('if-none-match') === tagOf(answered)) return unchanged(answered, budget);
    budget.remaining -= 1;
    return responseOf(answered, budget);
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      for (const pull of pulls) await follow(pull, known);
      return (await git?.answer(request, tokens)) ?? answerApi(request, new URL(request.url));
    },
  });

  const settled = (number: number, state: 'merged' | 'closed') => {
    const pull = pulls.find((one) => one.number === number);
    if (!pull) throw new Error(`no pull request ${number}`);
    settle(pull, state);
  };
  return {
    origin: `http://127.0.0.1:${server.port}`,
    pulls,
    branches,
    requests,
    budget,
    tokens,
    fail: (fault) => faults.push(fault),
    meanwhile: (change) => changes.push(change),
    merge: (number) => settled(number, 'merged'),
    close: (number) => settled(number, 'closed'),
    async stop() {
      await server.stop(true);
      if (wrong.length > 0) throw new Error(`This is not GitHub's API:\n${wrong.join('\n')}`);
    },
  };
}

interface ApiParts {
  readonly apiPath: '' | '/api/v3';
  readonly app: FakeApp | undefined;
  readonly tokens: Set<string>;
  readonly repository: Handler;
  /** Takes what is not as GitHub describes it. */
  readonly wrong: string[];
}

function createApi({ apiPath, app, tokens, repository, wrong }: ApiParts) {
  const description = describeGitHub(apiPath);

  async function answerTo(asked: Asked, authorization: string | null): Promise<Fault> {
    const ofApp = app && answerApp(app, { ...asked, authorization }, tokens);
    if (ofApp) return ofApp;
    if (!tokens.has(authorization?.replace(/^token /, '') ?? '')) return problem(401, 'Bad credentials');
    const root = '/repos/acme/fleet/pulls';
    if (!asked.path.startsWith(root)) return problem(404, 'Not Found');
    return repository({ ...asked, path: asked.path.slice(root.length) });
  }

  return async (request: Request, { pathname, searchParams: query }: URL): Promise<Fault> => {
    if (!pathname.startsWith(`${apiPath}/`)) return problem(404, 'Not Found');
    const text = await request.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const asked = { method: request.method, path: pathname.slice(apiPath.length), query, body };
    const answered = await answerTo(asked, request.headers.get('authorization'));
    wrong.push(...description.requestFaults(asked));
    wrong.push(...description.answerFaults(asked, answered.status, answered.body));
    return answered;
  };
}

type Handler = (asked: Asked) => Promise<Fault>;

function createRepository(pulls: FakePull[], branches: Branches): Handler {
  return async ({ method, path, query, body }) => {
    const input = (body ?? {}) as Record<string, unknown>;
    if (path === '' && method === 'POST') return create(pulls, branches, input);
    if (path === '' && method === 'GET') return list(pulls, query);
    const pull = pulls.find((one) => path === `/${one.number}`);
    if (!pull) return problem(404, 'Not Found');
    if (method === 'GET') return answer(200, pull);
    if (method === 'PATCH') return update(pull, input);
    return problem(404, 'Not Found');
  };
}

async function create(pulls: FakePull[], branches: Branches, input: Record<string, unknown>): Promise<Fault> {
  for (const field of ['title', 'head', 'base']) {
    if (!input[field]) return invalid({ resource: 'PullRequest', field, code: 'missing_field' });
  }
  const { title = '', head = '', base = '', body = null } = input as Record<string, string>;
  const sha = await branches.tip(head);
  if (!(await branches.tip(base)))
    return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  if (!sha) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  if (pulls.some((pull) => pull.state === 'open' && pull.head.ref === head && pull.base.ref === base)) {
    const message = `A pull request already exists for acme:${head}.`;
    return invalid({ resource: 'PullRequest', code: 'custom', message });
  }
  if (!(await branches.isAhead(sha, base))) {
    const message = `No commits between ${base} and ${head}`;
    return invalid({ resource: 'PullRequest', code: 'custom', message });
  }
  const pull = newPull({ number: pulls.length + 1, title, body, head, sha, base });
  pulls.push(pull);
  return answer(201, pull);
}

function list(pulls: FakePull[], query: URLSearchParams): Fault {
  const state = query.get('state') ?? 'open';
  const [head, base] = [query.get('head'), query.get('base')];
  const found = pulls
    .filter((pull) => state === 'all' || pull.state === state)
    // A filter without `owner:` is ignored, as GitHub does.
    .filter((pull) => !head?.includes(':') || pull.head.label === head)
    .filter((pull) => base === null || pull.base.ref === base)
    .toReversed();
  return answer(200, found.slice(0, Number(query.get('per_page') ?? 30)).map(listed));
}

function update(pull: FakePull, input: Record<string, unknown>): Fault {
  const { title, body, base } = input;
  if (typeof title === 'string') pull.title = title;
  if (typeof body === 'string') pull.body = body;
  if (typeof base === 'string') pull.base = { ...pull.base, label: `acme:${base}`, ref: base };
  return answer(200, pull);
}
