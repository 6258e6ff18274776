import { HEAD_COMMIT } from '../pull.ts';
import { answer, isTooLong, TOO_LONG } from './answers.ts';
import { type FakeRequest, type FakeUser, GITLAB_PROJECT, type GitLabState } from './state.ts';

const PROJECT_ID = 7;

export function create(state: GitLabState, body: Record<string, unknown>): Response {
  const { branches, mergeRequests } = state;
  const missing = ['source_branch', 'target_branch', 'title'].filter((field) => !body[field]);
  if (missing.length > 0) return answer(400, { error: `${missing.join(', ')} is missing` });
  const { source_branch, target_branch, title, description } = body as Record<string, string>;
  const [source = '', target = ''] = [source_branch, target_branch];
  if (!branches.has(source) || state.options.unseen-- > 0) {
    return answer(400, { message: { source_branch: ['does not exist'] } });
  }
  if (!branches.has(target)) {
    return answer(400, { message: { target_branch: ['does not exist'] } });
  }
  if (isTooLong(title)) return answer(400, { message: { title: [TOO_LONG] } });
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
    web_url: `${state.options.web}/${GITLAB_PROJECT}/-/merge_requests/${iid}`,
    state: 'opened',
    ...titled(title ?? ''),
    description: description ?? null,
    source_branch: source,
    target_branch: target,
    source_project_id: PROJECT_ID,
    target_project_id: PROJECT_ID,
    sha: HEAD_COMMIT,
    labels: [],
    assignees: [],
    reviewers: [],
    merge_when_pipeline_succeeds: false,
    detailed_merge_status: 'mergeable',
    has_conflicts: false,
    squash: false,
  };
  mergeRequests.push(created);
  return answer(201, created);
}

/** A parameter that is not known is ignored, as GitLab does. */
export function list({ mergeRequests }: GitLabState, query: URLSearchParams): Response {
  const wanted = ['state', 'source_branch', 'target_branch'] as const;
  const found = mergeRequests.filter((one) =>
    wanted.every((field) => !query.has(field) || query.get(field) === one[field]),
  );
  return answer(200, found.toReversed().slice(0, Number(query.get('per_page') ?? 20)));
}

export function update(state: GitLabState, found: FakeRequest, body: Record<string, unknown>): Response {
  if (Object.keys(body).length === 0) {
    const fields =
      'assignee_id, assignee_ids, reviewer_ids, description, labels, add_labels, title, state_event';
    return answer(400, { error: `${fields} are missing, at least one parameter must be provided` });
  }
  const { title, description, target_branch, state_event, add_labels, assignee_ids, reviewer_ids } = body;
  if (isTooLong(title)) return answer(400, { message: { title: [TOO_LONG] } });
  if (typeof title === 'string') Object.assign(found, titled(title));
  if (typeof description === 'string') found.description = description;
  if (typeof target_branch === 'string') found.target_branch = target_branch;
  if (state_event === 'close') found.state = 'closed';
  if (typeof add_labels === 'string') found.labels.push(...add_labels.split(','));
  if (Array.isArray(assignee_ids)) found.assignees = people(state, assignee_ids);
  if (Array.isArray(reviewer_ids)) found.reviewers = people(state, reviewer_ids);
  return answer(200, found);
}

/** People who are left out have no access, or are one too many; GitLab passes over them. */
function people({ users, options }: GitLabState, ids: readonly unknown[]): FakeUser[] {
  const known = ids.flatMap((id) => users.find((user) => user.id === id) ?? []);
  return known.slice(0, options.people);
}

/** https://docs.gitlab.com/user/project/merge_requests/drafts/ */
function titled(title: string): { title: string; draft: boolean } {
  return { title, draft: /^(\[draft\]|\(draft\)|draft:)/i.test(title) };
}
