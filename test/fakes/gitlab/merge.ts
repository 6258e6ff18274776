import { answer } from './answers.ts';
import { type FakeRequest, type GitLabOptions, type GitLabState, pipelineOf } from './state.ts';

/** https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request, with the order of its refusals. */
export function merge(state: GitLabState, found: FakeRequest, body: Record<string, unknown>): Response {
  const { options } = state;
  if (!options.mayMerge) return answer(401, { message: '401 Unauthorized' });
  const wantsAuto = body.auto_merge === true || body.merge_when_pipeline_succeeds === true;
  const pipeline = pipelineOf(state, found.sha)?.status;
  const waits = pipeline === 'running' || (!options.approved && options.waitsForApprovals);
  const automatically = wantsAuto && waits;
  const immediately = isReady(found, options) && (!wantsAuto || pipeline === 'success');
  if (!immediately && !automatically) return answer(405, { message: '405 Method Not Allowed' });
  if (options.conflicted && !automatically) return answer(422, { message: 'Branch cannot be merged' });
  if (body.sha !== undefined && body.sha !== found.sha) {
    return answer(409, { message: `SHA does not match HEAD of source branch: ${found.sha}` });
  }
  if (immediately) found.state = 'merged';
  else found.merge_when_pipeline_succeeds = true;
  return answer(200, found);
}

/**
 * https://docs.gitlab.com/api/merge_requests/#cancel-merge-when-pipeline-succeeds; what could not be done is
 * told in the body of a 201.
 */
export function cancelMerge({ options }: GitLabState, found: FakeRequest): Response {
  if (!options.mayMerge) return answer(401, { message: '401 Unauthorized' });
  if (!found.merge_when_pipeline_succeeds || options.stuck) {
    return answer(201, { status: 'error', message: "Can't cancel the automatic merge", http_status: 406 });
  }
  found.merge_when_pipeline_succeeds = false;
  return answer(201, { status: 'success' });
}

function isReady({ state, draft }: FakeRequest, { approved }: GitLabOptions): boolean {
  return state === 'opened' && !draft && approved;
}
