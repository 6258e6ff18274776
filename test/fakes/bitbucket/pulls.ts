import { jsonAnswer } from '../json-server.ts';
import { HEAD_COMMIT } from '../pull.ts';
import { refusal } from './answers.ts';
import { BASE_COMMIT, type BitbucketState, type FakePull, type FakeReference } from './state.ts';

const REPOSITORY = { id: 7, slug: 'fleet' };

export function create(
  { pulls, branches, options }: BitbucketState,
  body: Record<string, unknown>,
): Response {
  const { title, description, fromRef, toRef, draft = false } = body as unknown as FakePull;
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
  const href = `${options.web}/bitbucket/projects/ACME/repos/fleet/pull-requests/${id}`;
  const pull: FakePull = {
    id,
    version: 0,
    state: 'OPEN',
    title,
    // Empty fields are left out.
    ...(description && { description }),
    draft,
    reviewers: [],
    fromRef: reference(from, HEAD_COMMIT),
    toRef: reference(to, BASE_COMMIT),
    properties: { mergeResult: { outcome: 'CLEAN', current: false } },
    links: { self: [{ href }] },
  };
  pulls.push(pull);
  return jsonAnswer(201, pull);
}

function reference(id: string, latestCommit: string): FakeReference {
  return { id, displayId: id.replace('refs/heads/', ''), latestCommit, repository: REPOSITORY };
}

export function list({ pulls }: BitbucketState, query: URLSearchParams): Response {
  const state = query.get('state') ?? 'OPEN';
  const isOutgoing = query.get('direction') === 'OUTGOING';
  const at = query.get('at');
  const values = pulls
    .filter((pull) => state === 'ALL' || pull.state === state)
    .filter((pull) => at === null || (isOutgoing ? pull.fromRef : pull.toRef).id === at);
  return jsonAnswer(200, { size: values.length, limit: 25, isLastPage: true, values, start: 0 });
}

export function update(pull: FakePull, body: Record<string, unknown>): Response {
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
  const { title, description, toRef, reviewers = [], draft = false } = body as unknown as Partial<FakePull>;
  // Omitted reviewers are taken for none; whether a draft would stay one is not described.
  Object.assign(pull, { title, description, reviewers, draft, version: pull.version + 1 });
  if (toRef) pull.toRef = reference(toRef.id, BASE_COMMIT);
  return jsonAnswer(200, pull);
}
