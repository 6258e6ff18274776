import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

interface FakeRequest {
  readonly id: number;
  readonly iid: number;
  readonly web_url: string;
  state: 'opened' | 'closed' | 'merged' | 'locked';
  title: string;
  description: string | null;
  source_branch: string;
  target_branch: string;
  source_project_id: number;
  target_project_id: number;
}

export interface FakeGitLab extends JsonServer {
  readonly mergeRequests: FakeRequest[];
  readonly branches: Set<string>;
}

export const GITLAB_TOKEN = 'glpat-0123456789abcdefghij';
export const GITLAB_PROJECT = 'acme/platform/fleet';
const PROJECT_ID = 7;

/**
 * A stand-in for GitLab's REST API of one project, `acme/platform/fleet`, written after its published
 * description: https://docs.gitlab.com/api/merge_requests/ and https://docs.gitlab.com/api/rest/
 */
export function startFakeGitLab(): FakeGitLab {
  const mergeRequests: FakeRequest[] = [];
  const branches = new Set(['main']);

  function project({ method, path, body, query }: JsonAsked): Response {
    if (path === '' && method === 'POST') return create(body);
    if (path === '' && method === 'GET') return list(query);
    const found = mergeRequests.find((one) => path === `/${one.iid}`);
    if (!found) return answer(404, { message: '404 Not found' });
    if (method === 'GET') return answer(200, found);
    return method === 'PUT' ? update(found, body) : answer(405, { error: '405 Not Allowed' });
  }

  function create(body: Record<string, unknown>): Response {
    const missing = ['source_branch', 'target_branch', 'title'].filter((field) => !body[field]);
    if (missing.length > 0) return answer(400, { error: `${missing.join(', ')} is missing` });
    const { source_branch, target_branch, title, description } = body as Record<string, string>;
    const [source = '', target = ''] = [source_branch, target_branch];
    if (!branches.has(source) || !branches.has(target)) {
      const which = branches.has(source) ? 'Target' : 'Source';
      return answer(400, {
        message: [`${which} branch "${branches.has(source) ? target : source}" does not exist`],
      });
    }
    const other = mergeRequests.find(
      (one) => one.state === 'opened' && one.source_branch === source && one.target_branch === target,
    );
    if (other) {
      const message = `Another open merge request already exists for this source branch: !${other.iid}`;
      return answer(409, { message: [message] });
    }
    const iid = mergeRequests.length + 1;
    const created: FakeRequest = {
      id: 1000 + iid,
      iid,
      web_url: `https://gitlab.com/${GITLAB_PROJECT}/-/merge_requests/${iid}`,
      state: 'opened',
      title: title ?? '',
      description: description ?? null,
      source_branch: source,
      target_branch: target,
      source_project_id: PROJECT_ID,
      target_project_id: PROJECT_ID,
    };
    mergeRequests.push(created);
    return answer(201, created);
  }

  /** A parameter that is not known is ignored, as GitLab does. */
  function list(query: URLSearchParams): Response {
    const wanted = ['state', 'source_branch', 'target_branch'] as const;
    const found = mergeRequests.filter((one) =>
      wanted.every((field) => !query.has(field) || query.get(field) === one[field]),
    );
    return answer(200, found.toReversed().slice(0, Number(query.get('per_page') ?? 20)));
  }

  function update(found: FakeRequest, body: Record<string, unknown>): Response {
    const { title, description, target_branch } = body;
    if (title === undefined && description === undefined && target_branch === undefined) {
      return answer(400, {
        error: 'title, description, target_branch are missing, at least one parameter must be provided',
      });
    }
    if (typeof title === 'string') found.title = title;
    if (typeof description === 'string') found.description = description;
    if (typeof target_branch === 'string') found.target_branch = target_branch;
    return answer(200, found);
  }

  const server = startJsonServer({
    root: `/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}/merge_requests`,
    authorization: `Bearer ${GITLAB_TOKEN}`,
    unauthorized: () => answer(401, { message: '401 Unauthorized' }),
    notFound: () => answer(404, { message: '404 Project Not Found' }),
    handle: project,
  });
  return { ...server, mergeRequests, branches };
}

function answer(status: number, body: unknown): Response {
  return jsonAnswer(status, body, { 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999' });
}
