import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

interface FakePull {
  readonly pullRequestId: number;
  status: 'active' | 'abandoned' | 'completed';
  title: string;
  description?: string;
  readonly sourceRefName: string;
  targetRefName: string;
  forkSource?: object;
}

export interface FakeAzure extends JsonServer {
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
}

export const AZURE_TOKEN = 'azdevops0123456789abcdefghijklmnopqrstuvwxyz012345678';

/**
 * A stand-in for Azure DevOps with one repository, `fleet` of the project `Platform Team` in the organization
 * acme, written after its published description:
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests
 */
export function startFakeAzure(): FakeAzure {
  const pulls: FakePull[] = [];
  const branches = new Set(['main']);
  const server = startJsonServer({
    root: '/acme/Platform%20Team/_apis/git/repositories/fleet/pullrequests',
    authorization: `Basic ${Buffer.from(`:${AZURE_TOKEN}`).toString('base64')}`,
    // Not 401, as one might expect: the page to sign in.
    unauthorized: () => jsonAnswer(203, '<html><title>Azure DevOps Services | Sign In</title></html>'),
    notFound: () =>
      refusal(
        404,
        'GitRepositoryNotFoundException',
        'TF401019: The Git repository with name or identifier other does not exist or you do not have permissions.',
      ),
    handle: (asked) => handle(pulls, branches, asked),
  });
  return { ...server, pulls, branches };
}

function handle(
  pulls: FakePull[],
  branches: Set<string>,
  { method, path, query, body }: JsonAsked,
): Response {
  if (!query.has('api-version')) {
    return refusal(400, 'VssVersionNotSpecifiedException', 'No api-version was supplied for the request.');
  }
  if (path === '') return method === 'POST' ? create(pulls, branches, body) : list(pulls, query);
  const pull = pulls.find(({ pullRequestId }) => path === `/${pullRequestId}`);
  if (!pull) {
    return refusal(
      404,
      'GitPullRequestNotFoundException',
      `TF401180: The requested pull request was not found.`,
    );
  }
  return method === 'PATCH' ? update(pull, body) : jsonAnswer(200, pull);
}

function create(pulls: FakePull[], branches: Set<string>, body: Record<string, unknown>): Response {
  const { title, description, sourceRefName, targetRefName } = body as unknown as FakePull;
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
  };
  pulls.push(pull);
  return jsonAnswer(201, pull);
}

function list(pulls: readonly FakePull[], query: URLSearchParams): Response {
  const wanted = (field: keyof FakePull) => query.get(`searchCriteria.${field}`);
  const value = pulls.filter((pull) =>
    (['status', 'sourceRefName', 'targetRefName'] as const).every(
      (field) => wanted(field) === null || wanted(field) === pull[field],
    ),
  );
  return jsonAnswer(200, { value, count: value.length });
}

function update(pull: FakePull, body: Record<string, unknown>): Response {
  if (pull.status !== 'active') {
    return refusal(
      400,
      'GitPullRequestNotEditableException',
      'TF401181: The pull request cannot be edited due to its state.',
    );
  }
  Object.assign(pull, body);
  return jsonAnswer(200, pull);
}

/** Azure's form of an error. */
function refusal(status: number, typeKey: string, message: string): Response {
  const typeName = `Microsoft.TeamFoundation.Git.Server.${typeKey}, Microsoft.TeamFoundation.Git.Server`;
  return jsonAnswer(status, { $id: '1', innerException: null, message, typeName, typeKey, errorCode: 0 });
}
