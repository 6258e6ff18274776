import {
  activities,
  addComment,
  addParticipant,
  cancelMerge,
  canMerge,
  decline,
  merge,
  pullRequestSettings,
} from './bitbucket/acts.ts';
import { refusal } from './bitbucket/answers.ts';
import { addBuild, buildStats, getBuild } from './bitbucket/builds.ts';
import { BITBUCKET_OPERATIONS } from './bitbucket/description.ts';
import { create, list, update } from './bitbucket/pulls.ts';
import { type BitbucketState, newState } from './bitbucket/state.ts';
import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

export interface FakeBitbucket extends JsonServer, BitbucketState {}

export const BITBUCKET_TOKEN = 'BBDC-0123456789abcdefghijABCDEFGHIJ0123456789';

/**
 * A stand-in for the REST API of Bitbucket Data Center with one repository, `fleet` of the project ACME below
 * `/bitbucket`, written after its published description:
 * https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/
 */
export function startFakeBitbucket(): FakeBitbucket {
  const state = newState();
  const server = startJsonServer({
    operations: BITBUCKET_OPERATIONS,
    root: '/bitbucket/rest/api/1.0/projects/ACME/repos/fleet',
    authorization: `Bearer ${BITBUCKET_TOKEN}`,
    unauthorized: () =>
      refusal(
        401,
        'AuthenticationException',
        'Authentication failed. Please check your credentials and try again.',
      ),
    notFound: () => refusal(404, 'NoSuchRepositoryException', 'Repository ACME/other does not exist.'),
    others: (asked) => buildStats(state, asked),
    handle: (asked) => handle(state, asked),
  });
  state.options.web = server.origin;
  return { ...server, ...state };
}

function handle(state: BitbucketState, { method, path, query, body }: JsonAsked): Response {
  if (path === '/pull-requests') return method === 'POST' ? create(state, body) : list(state, query);
  if (path === '/settings/pull-requests') return pullRequestSettings(state);
  const [, commit] = /^\/commits\/(\w+)\/builds$/.exec(path) ?? [];
  if (commit !== undefined) {
    return method === 'GET' ? getBuild(state, commit, query) : addBuild(state, commit, body);
  }
  const [, number, act = ''] = /^\/pull-requests\/(\d+)(\/[\w-]+)?$/.exec(path) ?? [];
  const pull = state.pulls.find(({ id }) => String(id) === number);
  if (!pull) return refusal(404, 'NoSuchPullRequestException', `Pull request ${number} does not exist.`);
  switch (`${method} ${act}`) {
    case 'PUT ':
      return update(pull, body);
    case 'POST /decline':
      return decline(state, pull, query, body);
    case 'POST /participants':
      return addParticipant(state, pull, body);
    case 'GET /activities':
      return activities(state, pull, query);
    case 'POST /comments':
      return addComment(state, pull, body);
    case 'DELETE /auto-merge':
      return cancelMerge(state, pull);
    case 'GET /merge':
      return canMerge(state);
    case 'POST /merge':
      return merge(state, pull, query, body);
    default:
      return jsonAnswer(200, pull);
  }
}
