import { HEAD_COMMIT } from '../pull.ts';
import { answer, isTooLong, TOO_LONG } from './answers.ts';
import { BASE_COMMIT, type GitLabState, latestOf } from './state.ts';

/** https://docs.gitlab.com/api/commits/#list-the-statuses-of-a-commit */
export function listStatuses(state: GitLabState, sha: string, query: URLSearchParams): Response {
  const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 20)];
  return answer(200, latestOf(state, sha).slice((page - 1) * size, page * size));
}

/** Shows a commit by the name of a branch: https://docs.gitlab.com/api/commits/#get-a-single-commit */
export function showCommit(state: GitLabState, branch: string): Response {
  const result = state.results.find(({ sha }) => sha === branch);
  if (result) return answer(200, { id: result.sha, parent_ids: result.parents, last_pipeline: result });
  if (!state.branches.has(branch)) return answer(404, { message: '404 Commit Not Found' });
  const isHead = state.mergeRequests.some((one) => one.source_branch === branch);
  const id = isHead ? HEAD_COMMIT : BASE_COMMIT;
  // Statuses from outside make a pipeline too.
  const pipeline = latestOf(state, id).length > 0 ? { id: 1, sha: id, ref: branch, status: 'success' } : null;
  return answer(200, { id, last_pipeline: pipeline });
}

/** https://docs.gitlab.com/api/commits/#set-the-pipeline-status-of-a-commit */
export function setStatus(state: GitLabState, sha: string, body: Record<string, unknown>): Response {
  if (!state.commits.has(sha)) return answer(404, { message: '404 Commit Not Found' });
  const { state: wanted, name = 'default', ...rest } = body as Record<string, string>;
  if (!['pending', 'running', 'success', 'failed', 'canceled', 'skipped'].includes(wanted ?? '')) {
    return answer(400, { error: 'state does not have a valid value' });
  }
  // https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
  for (const field of ['description', 'target_url'] as const) {
    if (isTooLong(rest[field])) return answer(400, { message: { [field]: [TOO_LONG] } });
  }
  // A status that is done is not changed but followed by another of its name.
  const open = state.statuses.find((one) => one.sha === sha && one.name === name && one.status === 'pending');
  if (open && wanted === 'pending') {
    const message =
      'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")';
    return answer(400, { message });
  }
  const status = { sha, name, status: wanted ?? '', allow_failure: false, ...rest };
  if (open) Object.assign(open, status);
  else state.statuses.push(status);
  return answer(201, status);
}
