import { gitBranches } from '../github/branches.ts';
import { jsonAnswer } from '../json-server.ts';
import { HEAD_COMMIT } from '../pull.ts';
import { refusal } from './answers.ts';
import { completes, isMet } from './policies.ts';
import { type AzureState, BASE_COMMIT, type FakePull, PROJECT_ID } from './state.ts';

/** The most of a description that a list shows. */
const LISTED = 400;

function branchOf(ref: string): string {
  return ref.replace('refs/heads/', '');
}

/** The commit of a branch, or undefined where the branch does not exist. */
async function tipOf({ repository, branches }: AzureState, ref: string, named: string) {
  if (repository) return repository.tip(branchOf(ref));
  return branches.has(branchOf(ref)) ? named : undefined;
}

export async function create(state: AzureState, body: Record<string, unknown>): Promise<Response> {
  const { pulls, options } = state;
  const { title, description, sourceRefName, targetRefName, isDraft = false } = body as unknown as FakePull;
  const source = await tipOf(state, sourceRefName, HEAD_COMMIT);
  const target = await tipOf(state, targetRefName, BASE_COMMIT);
  if (options.unseen-- > 0 || source === undefined || target === undefined) {
    return refusal(
      400,
      'GitPullRequestCannotBeActivated',
      'TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists, or the requested refs are not branches',
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
    lastMergeSourceCommit: { commitId: source },
    lastMergeTargetCommit: { commitId: target },
    mergeStatus: 'succeeded',
    labels: [],
    reviewers: [],
    repository: { project: { id: PROJECT_ID } },
  };
  pulls.push(pull);
  return jsonAnswer(201, pull);
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/get-pull-requests */
export function list({ pulls }: AzureState, query: URLSearchParams): Response {
  const wanted = (field: keyof FakePull) => query.get(`searchCriteria.${field}`);
  const value = pulls
    .filter((pull) =>
      (['status', 'sourceRefName', 'targetRefName'] as const).every(
        (field) => wanted(field) === null || wanted(field) === pull[field],
      ),
    )
    .map((pull) => ({
      ...pull,
      ...(pull.description && { description: pull.description.slice(0, LISTED) }),
    }));
  return jsonAnswer(200, { value, count: value.length });
}

export async function update(
  state: AzureState,
  pull: FakePull,
  body: Record<string, unknown>,
): Promise<Response> {
  if (pull.status !== 'active') {
    return refusal(
      400,
      'GitPullRequestNotEditableException',
      'TF401181: The pull request cannot be edited due to its state.',
    );
  }
  if (body.status === 'completed') return complete(state, pull, body);
  Object.assign(pull, body);
  // An id of zeros takes the auto-complete back.
  if (/^[0-]+$/.test(pull.autoCompleteSetBy?.id ?? '')) delete pull.autoCompleteSetBy;
  return jsonAnswer(200, pull);
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/update */
async function complete(state: AzureState, pull: FakePull, body: Record<string, unknown>): Promise<Response> {
  const { lastMergeSourceCommit, completionOptions = pull.completionOptions } = body as Partial<FakePull>;
  if (lastMergeSourceCommit?.commitId !== pull.lastMergeSourceCommit.commitId) {
    const message =
      'TF401192: The source or target branch has been modified since the last merge attempt. Please refresh and try again.';
    return refusal(409, 'GitPullRequestStaleException', message);
  }
  if (!isMet(state, { ...pull, ...(completionOptions && { completionOptions }) })) {
    const message = 'TF402455: Completing the pull request was rejected by a policy.';
    return refusal(403, 'GitPullRequestUpdateRejectedByPolicyException', message);
  }
  if (completionOptions) pull.completionOptions = completionOptions;
  if (!state.options.slow) await finish(state, pull);
  return jsonAnswer(200, pull);
}

async function finish({ repository }: AzureState, pull: FakePull): Promise<void> {
  const { commitId } = pull.lastMergeSourceCommit;
  if (repository) await gitBranches(repository).merge(commitId, branchOf(pull.targetRefName));
  pull.status = 'completed';
}

/**
 * Follows the branches of open pull requests, and completes those with auto-complete once all their
 * policies are met: never, with a merge strategy that the branch does not allow.
 */
export async function follow(state: AzureState): Promise<void> {
  for (const pull of state.pulls.filter(({ status }) => status === 'active')) {
    const source = await state.repository?.tip(branchOf(pull.sourceRefName));
    if (source !== undefined) pull.lastMergeSourceCommit = { commitId: source };
    if (pull.autoCompleteSetBy && completes(state, pull)) await finish(state, pull);
  }
}
