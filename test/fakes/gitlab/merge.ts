import { answer } from './answers.ts';
import { type FakeRequest, type GitLabOptions, type GitLabState, headPipelineOf } from './state.ts';

/** https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request, with the order of its refusals. */
export function merge(state: GitLabState, found: FakeRequest, body: Record<string, unknown>): Response {
  const way = wayOf(state, found, body);
  const refused = way === 'none' ? answer(405, { message: '405 Method Not Allowed' }) : undefined;
  const refusal = lackOfRight(state) ?? refused ?? unmergeable(state, found, body, way);
  if (refusal) return refusal;
  if (way === 'immediately') found.state = 'merged';
  else found.merge_when_pipeline_succeeds = true;
  return answer(200, found);
}

type Way = 'immediately' | 'automatically' | 'none';

function wayOf(state: GitLabState, found: FakeRequest, body: Record<string, unknown>): Way {
  const { options } = state;
  if (options.checking > 0) {
    options.checking -= 1;
    return 'none';
  }
  const wantsAuto = body.auto_merge === true || body.merge_when_pipeline_succeeds === true;
  const pipeline = headPipelineOf(state, found.sha)?.status;
  const waits = pipeline === 'running' || (!options.approved && options.waitsForApprovals);
  if (isReady(found, options) && (!wantsAuto || pipeline === 'success')) return 'immediately';
  return wantsAuto && waits ? 'automatically' : 'none';
}

function lackOfRight({ options }: GitLabState): Response | undefined {
  return options.mayMerge ? undefined : answer(401, { message: '401 Unauthorized' });
}

function unmergeable(
  { options }: GitLabState,
  found: FakeRequest,
  { sha, squash }: Record<string, unknown>,
  way: Way,
): Response | undefined {
  const refusal = () => answer(422, { message: 'Branch cannot be merged' });
  if (options.conflicted && way === 'immediately') return refusal();
  if (sha !== undefined && sha !== found.sha) {
    return answer(409, { message: `SHA does not match HEAD of source branch: ${found.sha}` });
  }
  if (squash === true) found.squash = true;
  // https://docs.gitlab.com/user/project/merge_requests/squash_and_merge/
  return found.squash && options.squash === 'never' ? refusal() : undefined;
}

/**
 * https://docs.gitlab.com/api/merge_requests/#cancel-merge-when-pipeline-succeeds; a failure is reported in
 * the body of a 201.
 */
export function cancelMerge(state: GitLabState, found: FakeRequest): Response {
  const { options } = state;
  const refusal = lackOfRight(state);
  if (refusal) return refusal;
  if (!found.merge_when_pipeline_succeeds || options.stuck) {
    return answer(201, { status: 'error', message: "Can't cancel the automatic merge", http_status: 406 });
  }
  found.merge_when_pipeline_succeeds = false;
  return answer(201, { status: 'success' });
}

function isReady({ state, draft }: FakeRequest, { approved }: GitLabOptions): boolean {
  return state === 'opened' && !draft && approved;
}
