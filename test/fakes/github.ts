import { type Budget, type Fault, responseOf, tagOf, unchanged } from './github/answers.ts';
import { createApi } from './github/api.ts';
import type { FakeApp } from './github/app.ts';
import { follow } from './github/branches.ts';
import type { FakeGit } from './github/git.ts';
import { settle } from './github/pull.ts';
import { type GitHubState, newState } from './github/state.ts';

export type { Fault };

export interface FakeGitHub extends GitHubState {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `METHOD path?query` of every request. */
  readonly requests: string[];
  /** The JSON bodies of the requests that had one. */
  readonly bodies: unknown[];
  /** The requests left of the hour's budget; an answer that nothing has changed is not counted. */
  readonly budget: Budget;
  /** GraphQL has one of its own. */
  readonly graphqlBudget: Budget;
  /** A push to the repository precedes each request: the repository's fields are in every pull request. */
  isBusy: boolean;
  /** The tokens that it takes. */
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
 * A stand-in for GitHub's API of one repository, `acme/fleet`: REST, held against the description that
 * GitHub publishes (test/fixtures/github), and the part of GraphQL that Turnpike uses. `apiPath` is empty
 * for api.github.com, `/api/v3` for GitHub Enterprise Server.
 */
export function startFakeGitHub(
  apiPath: '' | '/api/v3' = '/api/v3',
  { app, git }: FakeGitHubOptions = {},
): FakeGitHub {
  const state = newState(git);
  const { pulls, known } = state;
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const faults: Fault[] = [];
  const changes: (() => void)[] = [];
  const budget = { remaining: 5000 };
  const graphqlBudget = { remaining: 5000 };
  const traffic = { isBusy: false };
  const tokens = new Set([FAKE_TOKEN]);
  const wrong: string[] = [];
  const api = createApi({ apiPath, app, tokens, wrong, state });

  async function answerApi(request: Request, url: URL): Promise<Response> {
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const text = await request.clone().text();
    if (text !== '') bodies.push(JSON.parse(text));
    changes.shift()?.();
    const fault = faults.shift();
    const counted = url.pathname.endsWith('/graphql') ? graphqlBudget : budget;
    if (fault) return responseOf(fault, counted);
    const answered = await api(request, url);
    const isKnown = !traffic.isBusy && request.headers.get('if-none-match') === tagOf(answered);
    if (isKnown) return unchanged(answered, counted);
    counted.remaining -= 1;
    return responseOf(answered, counted);
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      for (const pull of pulls) await follow(pull, known);
      return (await git?.answer(request, tokens)) ?? answerApi(request, new URL(request.url));
    },
  });

  // Pages of github.com are led to a stand-in by another way.
  if (apiPath !== '') state.options.web = `http://127.0.0.1:${server.port}`;
  const settled = (number: number, end: 'merged' | 'closed') => {
    const pull = pulls.find((one) => one.number === number);
    if (!pull) throw new Error(`no pull request ${number}`);
    settle(pull, end);
  };
  return {
    ...state,
    origin: `http://127.0.0.1:${server.port}`,
    requests,
    bodies,
    budget,
    graphqlBudget,
    get isBusy() {
      return traffic.isBusy;
    },
    set isBusy(isBusy) {
      traffic.isBusy = isBusy;
    },
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
