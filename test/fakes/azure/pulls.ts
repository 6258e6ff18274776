import { jsonAnswer } from '../json-server.ts';
import { HEAD_COMMIT } from '../pull.ts';
import { refusal } from './answers.ts';
import { type AzureState, BASE_COMMIT, type FakePull, PROJECT_ID } from './state.ts';

export function create({ pulls, branches }: AzureState, body: Record<string, unknown>): Response {
  const { title, description, sourceRefName, targetRefName, isDraft = false } = body as unknown as FakePull;
  const missing = [sourceRefName, targetRefName].find((ref) => !branches.has(ref.replace('refs/heads/', '')));
  if (missing) {
    return refusal(
      400,
      'GitPullRequestBranchNotFoundException',
      `TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists: ${missing}`,
    );
  }
  if ((description?.length ?? 0) > 4000) {
    return refusal(
      400,
      'InvalidArgumentValueException',
      'Invalid argument value. Parameter name: A description for a pull request must not be longer than 4000 characters.',
    );
  }
  const isSame = (one: FakePull) =>
    one.sourceRefName === sourceRefName && one.targetRefName === targetRefName;
  if (pulls.some((one) => one.status === 'active' && isSame(one))) {
    const message = 'TF401179: An active pull request for the source and target branch already exists.';
    return refusal(409, 'GitPullRequestExistsException', message);
  }
  const pull: FakePull = {
    pullRequestId: pulls.length + 1,
    status: 'active',
    title,
    ...(description && { description }),
    sourceRefName,
    targetRefName,
    isDraft,
    lastMergeSourceCommit: { commitId: HEAD_COMMIT },
    lastMergeTargetCommit: { commitId: BASE_COMMIT },
    mergeStatus: 'succeeded',
    labels: [],
    reviewers: [],
    repository: { project: { id: PROJECT_ID } },
  };
  pulls.push(pull);
  return jsonAnswer(201, pull);
}

export function list({ pulls }: AzureState, query: URLSearchParams): Response {
  const wanted = (field: keyof FakePull) => query.get(`searchCriteria.${field}`);
  const value = pulls.filter((pull) =>
    (['status', 'sourceRefName', 'targetRefName'] as const).every(
      (field) => wanted(field) === null || wanted(field) === pull[field],
    ),
  );
  return jsonAnswer(200, { value, count: value.length });
}

export function update(state: AzureState, pull: FakePull, body: Record<string, unknown>): Response {
  if (pull.status !== 'active') {
    return refusal(
      400,
      'GitPullRequestNotEditableException',
      'TF401181: The pull request cannot be edited due to its state.',
    );
  }
  if (body.status === 'completed') return complete(state, pull, body);
  Object.assign(pull, body);
  // Nobody has set it.
  if (/^[0-]+$/.test(pull.autoCompleteSetBy?.id ?? '')) delete pull.autoCompleteSetBy;
  return jsonAnswer(200, pull);
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/update */
function complete({ options }: AzureState, pull: FakePull, body: Record<string, unknown>): Response {
  const { lastMergeSourceCommit } = body as Partial<FakePull>;
  if (lastMergeSourceCommit?.commitId !== pull.lastMergeSourceCommit.commitId) {
    const message =
      'TF401192: The source or target branch has been modified since the last merge attempt. Please refresh and try again.';
    return refusal(409, 'GitPullRequestStaleException', message);
  }
  if (options.policies.some(({ status, isBlocking }) => isBlocking && status !== 'approved')) {
    const message = 'TF402455: Completing the pull request was rejected by a policy.';
    return refusal(403, 'GitPullRequestUpdateRejectedByPolicyException', message);
  }
  if (!options.slow) pull.status = 'completed';
  return jsonAnswer(200, pull);
}
