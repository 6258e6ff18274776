import { type JsonAsked, type JsonServer, jsonAnswer, startJsonServer } from './json-server.ts';

interface FakeReference {
  id: string;
  readonly displayId: string;
  readonly repository: { readonly id: number; readonly slug: string };
}

interface FakePull {
  readonly id: number;
  version: number;
  state: 'OPEN' | 'MERGED' | 'DECLINED';
  title: string;
  description?: string;
  fromRef: FakeReference;
  toRef: FakeReference;
  readonly links: { readonly self: readonly { readonly href: string }[] };
}

export interface FakeBitbucket extends JsonServer {
  readonly pulls: FakePull[];
  readonly branches: Set<string>;
}

export const BITBUCKET_TOKEN = 'BBDC-0123456789abcdefghijABCDEFGHIJ0123456789';
const REPOSITORY = { id: 7, slug: 'fleet' };

/**
 * A stand-in for the REST API of Bitbucket Data Center with one repository, `fleet` of the project ACME below
 * `/bitbucket`, written after its published description:
 * https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/
 */
export function startFakeBitbucket(): FakeBitbucket {
  const pulls: FakePull[] = [];
  const branches = new Set(['main']);
  const server = startJsonServer({
    root: '/bitbucket/rest/api/1.0/projects/ACME/repos/fleet/pull-requests',
    authorization: `Bearer ${BITBUCKET_TOKEN}`,
    unauthorized: () =>
      refusal(
        401,
        'AuthenticationException',
        'Authentication failed. Please check your credentials and try again.',
      ),
    notFound: () => refusal(404, 'NoSuchRepositoryException', 'Repository ACME/other does not exist.'),
    handle: (asked) => handle(pulls, branches, asked),
  });
  return { ...server, pulls, branches };
}

function handle(
  pulls: FakePull[],
  branches: Set<string>,
  { method, path, query, body }: JsonAsked,
): Response {
  if (path === '') return method === 'POST' ? create(pulls, branches, body) : list(pulls, query);
  const pull = pulls.find(({ id }) => path === `/${id}`);
  if (!pull)
    return refusal(404, 'NoSuchPullRequestException', `Pull request ${path.slice(1)} does not exist.`);
  return method === 'PUT' ? update(pull, body) : jsonAnswer(200, pull);
}

function create(pulls: FakePull[], branches: Set<string>, body: Record<string, unknown>): Response {
  const { title, description, fromRef, toRef } = body as unknown as FakePull;
  const [from, to] = [fromRef.id, toRef.id];
  const missing = [from, to].find((id) => !branches.has(id.replace('refs/heads/', '')));
  if (missing) {
    return refusal(404, 'NoSuchBranchException', `Branch "${missing}" does not exist in repository 'fleet'.`);
  }
  const other = pulls.find((one) => one.state === 'OPEN' && one.fromRef.id === from && one.toRef.id === to);
  if (other) {
    const message = 'Only one pull request may be open for a given source and target branch';
    return refusal(409, 'DuplicatePullRequestException', message);
  }
  const id = pulls.length + 1;
  const href = `https://bitbucket.example.com/bitbucket/projects/ACME/repos/fleet/pull-requests/${id}`;
  const pull: FakePull = {
    id,
    version: 0,
    state: 'OPEN',
    title,
    // What is empty is left out.
    ...(description && { description }),
    fromRef: reference(from),
    toRef: reference(to),
    links: { self: [{ href }] },
  };
  pulls.push(pull);
  return jsonAnswer(201, pull);
}

function reference(id: string): FakeReference {
  return { id, displayId: id.replace('refs/heads/', ''), repository: REPOSITORY };
}

function list(pulls: readonly FakePull[], query: URLSearchParams): Response {
  const state = query.get('state') ?? 'OPEN';
  const isOutgoing = query.get('direction') === 'OUTGOING';
  const at = query.get('at');
  const values = pulls
    .filter((pull) => state === 'ALL' || pull.state === state)
    .filter((pull) => at === null || (isOutgoing ? pull.fromRef : pull.toRef).id === at);
  return jsonAnswer(200, { size: values.length, limit: 25, isLastPage: true, values, start: 0 });
}

function update(pull: FakePull, body: Record<string, unknown>): Response {
  if (body.version !== pull.version) {
    const message = 'You are attempting to modify a pull request based on out-of-date information.';
    return refusal(409, 'PullRequestOutOfDateException', message);
  }
  if (pull.state !== 'OPEN') {
    return refusal(
      409,
      'IllegalPullRequestStateException',
      `This pull request has already been ${pull.state}.`,
    );
  }
  const { title, description, toRef } = body as unknown as Partial<FakePull>;
  Object.assign(pull, { title, description, version: pull.version + 1 });
  if (toRef) pull.toRef = reference(toRef.id);
  return jsonAnswer(200, pull);
}

/** Bitbucket's form of an error. */
function refusal(status: number, exception: string, message: string): Response {
  const exceptionName = `com.atlassian.bitbucket.${exception}`;
  return jsonAnswer(status, { errors: [{ context: null, message, exceptionName }] });
}
