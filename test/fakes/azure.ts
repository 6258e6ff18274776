import { addLabel, addReviewers, iterations, statuses, threads } from './azure/acts.ts';
import { refusal } from './azure/answers.ts';
import { azureFaults } from './azure/description.ts';
import type { FakeGit } from './azure/git.ts';
import { organization } from './azure/organization.ts';
import { type Product, versionRefusal } from './azure/products.ts';
import { create, follow, list, update } from './azure/pulls.ts';
import { type AzureState, newState } from './azure/state.ts';
import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

export interface FakeAzure extends JsonServer, AzureState {
  /** Fails when something was asked or answered that is not as Microsoft describes the API. */
  stop(): Promise<void>;
}

export interface FakeAzureOptions {
  readonly product?: Product;
  /** The repository; without it there are names of branches alone. */
  readonly git?: FakeGit;
}

export const AZURE_TOKEN = 'azdevops0123456789abcdefghijklmnopqrstuvwxyz012345678';
const ROOT = '/acme/Platform%20Team/_apis/git/repositories/fleet';

/**
 * A stand-in for Azure DevOps with one repository, `fleet` of the project `Platform Team` in the organization or
 * collection acme. Every request and answer is held against the description that Microsoft publishes
 * (test/fixtures/azure).
 */
export function startFakeAzure({ product = 'services', git }: FakeAzureOptions = {}): FakeAzure {
  const state = newState(git?.repository);
  const wrong: string[] = [];
  const answered = async (asked: JsonAsked): Promise<Response | undefined> => {
    const refused = versionRefusal(product, asked.path, asked.query);
    if (refused) return refused;
    await follow(state);
    const response = organization(state, asked) ?? (await repository(state, asked));
    if (response) {
      wrong.push(...azureFaults(product, asked, response.status, await response.clone().json()));
    }
    return response;
  };
  const server = startJsonServer({
    root: ROOT,
    authorization: `Basic ${Buffer.from(`:${AZURE_TOKEN}`).toString('base64')}`,
    // The page to sign in, with 203 and not 401 as one might expect.
    unauthorized: () => jsonAnswer(203, '<html><title>Azure DevOps Services | Sign In</title></html>'),
    notFound,
    ...(git && { before: (request) => git.answer(request, AZURE_TOKEN) }),
    others: answered,
    handle: notFound,
  });
  return {
    ...server,
    ...state,
    async stop() {
      await server.stop();
      if (wrong.length > 0) throw new Error(`This is not Azure DevOps's API:\n${wrong.join('\n')}`);
    },
  };
}

function notFound(): Response {
  return refusal(
    404,
    'GitRepositoryNotFoundException',
    'TF401019: The Git repository with name or identifier other does not exist or you do not have permissions.',
  );
}

async function repository(state: AzureState, asked: JsonAsked): Promise<Response | undefined> {
  if (!asked.path.startsWith(`${ROOT}/`)) return undefined;
  return handle(state, { ...asked, path: asked.path.slice(ROOT.length) });
}

async function handle(state: AzureState, asked: JsonAsked): Promise<Response> {
  const { method, path, query, body } = asked;
  const [, commit] = /^\/commits\/(\w+)\/statuses$/.exec(path) ?? [];
  if (commit !== undefined) return statuses(state, commit, asked);
  if (path === '/pullrequests') return method === 'POST' ? create(state, body) : list(state, query);
  const [, number = '', act = ''] = /^\/pullrequests\/(\d+)(\/\w+)?$/.exec(path) ?? [];
  const pull = state.pulls.find(({ pullRequestId }) => String(pullRequestId) === number);
  if (!pull) {
    return refusal(
      404,
      'GitPullRequestNotFoundException',
      `TF401180: The requested pull request was not found.`,
    );
  }
  switch (act) {
    case '/labels':
      return addLabel(pull, body);
    case '/reviewers':
      return addReviewers(state, pull, body);
    case '/threads':
      return threads(state, pull, asked);
    case '/iterations':
      return iterations(state);
    case '/statuses':
      return statuses(state, number, asked);
    default:
      return method === 'PATCH' ? update(state, pull, body) : jsonAnswer(200, pull);
  }
}
