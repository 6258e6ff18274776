import { addLabel, addReviewers, iterations, statuses, threads } from './azure/acts.ts';
import { refusal } from './azure/answers.ts';
import { organization } from './azure/organization.ts';
import { create, list, update } from './azure/pulls.ts';
import { type AzureState, newState } from './azure/state.ts';
import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

export interface FakeAzure extends JsonServer, AzureState {}

export const AZURE_TOKEN = 'azdevops0123456789abcdefghijklmnopqrstuvwxyz012345678';

/**
 * A stand-in for Azure DevOps with one repository, `fleet` of the project `Platform Team` in the organization
 * acme, written after its published description:
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests
 */
export function startFakeAzure(): FakeAzure {
  const state = newState();
  const server = startJsonServer({
    root: '/acme/Platform%20Team/_apis/git/repositories/fleet',
    authorization: `Basic ${Buffer.from(`:${AZURE_TOKEN}`).toString('base64')}`,
    // Not 401, as one might expect: the page to sign in.
    unauthorized: () => jsonAnswer(203, '<html><title>Azure DevOps Services | Sign In</title></html>'),
    notFound: () =>
      refusal(
        404,
        'GitRepositoryNotFoundException',
        'TF401019: The Git repository with name or identifier other does not exist or you do not have permissions.',
      ),
    others: (asked) => organization(state, asked),
    handle: (asked) => handle(state, asked),
  });
  return { ...server, ...state };
}

function handle(state: AzureState, asked: JsonAsked): Response {
  const { method, path, query, body } = asked;
  if (!query.has('api-version')) {
    return refusal(400, 'VssVersionNotSpecifiedException', 'No api-version was supplied for the request.');
  }
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
