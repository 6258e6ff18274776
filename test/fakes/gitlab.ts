import { answer } from './gitlab/answers.ts';
import { GITLAB_OPERATIONS } from './gitlab/description.ts';
import { cancelMerge, merge } from './gitlab/merge.ts';
import { create, list, update } from './gitlab/requests.ts';
import {
  type FakeRequest,
  GITLAB_PROJECT,
  type GitLabState,
  headPipelineOf,
  newState,
  pipelineOf,
} from './gitlab/state.ts';
import { listStatuses, setStatus, showCommit } from './gitlab/statuses.ts';
import { type JsonAsked, type JsonServer, startJsonServer } from './json-server.ts';

export { GITLAB_PROJECT } from './gitlab/state.ts';

export interface FakeGitLab extends JsonServer, GitLabState {}

export const GITLAB_TOKEN = 'glpat-0123456789abcdefghij';

/**
 * A stand-in for GitLab's REST API of one project, `acme/platform/fleet`, written after its published
 * description: https://docs.gitlab.com/api/merge_requests/, https://docs.gitlab.com/api/commits/,
 * https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/users/ and https://docs.gitlab.com/api/rest/
 */
export function startFakeGitLab(): FakeGitLab {
  const state = newState();
  const server = startJsonServer({
    operations: GITLAB_OPERATIONS,
    root: `/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}`,
    authorization: `Bearer ${GITLAB_TOKEN}`,
    unauthorized: () => answer(401, { message: '401 Unauthorized' }),
    notFound: () => answer(404, { message: '404 Project Not Found' }),
    others: (asked) => users(state, asked),
    handle: (asked) => project(state, asked),
  });
  state.options.web = server.origin;
  return { ...server, ...state };
}

function users(state: GitLabState, { path, query }: JsonAsked): Response | undefined {
  if (path !== '/api/v4/users') return undefined;
  const name = query.get('username')?.toLowerCase();
  return answer(
    200,
    state.users.filter(({ username }) => username.toLowerCase() === name),
  );
}

function project(state: GitLabState, asked: JsonAsked): Response {
  const { method, path, query, body } = asked;
  if (path === '') return showProject(state);
  const ofCommit = commits(state, asked);
  if (ofCommit) return ofCommit;
  if (path === '/merge_requests') return method === 'POST' ? create(state, body) : list(state, query);
  const [, iid, rest = ''] = /^\/merge_requests\/(\d+)(\/\w+)?$/.exec(path) ?? [];
  const found = state.mergeRequests.find((one) => String(one.iid) === iid);
  if (!found) return answer(404, { message: '404 Not found' });
  if (rest === '/notes') return notes(state, found, asked);
  if (rest === '/pipelines') return pipelines(state, found);
  if (rest === '/cancel_merge_when_pipeline_succeeds') return cancelMerge(state, found);
  if (rest === '/merge') return merge(state, found, body);
  if (method === 'GET') return show(state, found);
  return method === 'PUT' ? update(state, found, body) : answer(405, { error: '405 Not Allowed' });
}

/** https://docs.gitlab.com/api/projects/#retrieve-a-project */
function showProject({ options }: GitLabState): Response {
  return answer(200, { merge_method: options.mergeMethod, squash_option: options.squash });
}

/** https://docs.gitlab.com/api/merge_requests/#get-single-mr */
function show(state: GitLabState, found: FakeRequest): Response {
  const checking = state.options.checking > 0 && { detailed_merge_status: 'checking' };
  return answer(200, { ...found, ...checking, head_pipeline: headPipelineOf(state, found.sha) });
}

/** https://docs.gitlab.com/api/merge_requests/#list-merge-request-pipelines */
function pipelines(state: GitLabState, { sha, source_branch: ref }: FakeRequest): Response {
  const own = pipelineOf(state, sha);
  return answer(200, [...state.results.toReversed(), ...(own ? [{ id: 1, sha, ref, ...own }] : [])]);
}

function commits(state: GitLabState, { path, query, body }: JsonAsked): Response | undefined {
  const [, status] = /^\/statuses\/(\w+)$/.exec(path) ?? [];
  if (status !== undefined) return setStatus(state, status, body);
  const [, commit] = /^\/repository\/commits\/(\w+)\/statuses$/.exec(path) ?? [];
  if (commit !== undefined) return listStatuses(state, commit, query);
  const [, branch] = /^\/repository\/commits\/([^/]+)$/.exec(path) ?? [];
  return branch === undefined ? undefined : showCommit(state, decodeURIComponent(branch));
}

/** https://docs.gitlab.com/api/notes/#merge-requests */
function notes(state: GitLabState, { iid }: FakeRequest, { method, body }: JsonAsked): Response {
  const said = state.notes.get(iid) ?? [];
  if (method === 'GET')
    return answer(
      200,
      said.map((text) => ({ body: text })),
    );
  state.notes.set(iid, [...said, String(body.body)]);
  return answer(201, { body: body.body });
}
