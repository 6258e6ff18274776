import { type JsonAsked, jsonAnswer } from '../json-server.ts';
import { refusal } from './answers.ts';
import type { AzureState, FakePull, FakeStatus } from './state.ts';

type Body = JsonAsked['body'];

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-labels/create */
export function addLabel(pull: FakePull, body: Body): Response {
  const label = { id: crypto.randomUUID(), name: String(body.name), active: true };
  pull.labels.push(label);
  return jsonAnswer(200, label);
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-reviewers */
export function addReviewers({ identities }: AzureState, pull: FakePull, body: Body): Response {
  const ids = (body as unknown as { readonly id: string }[]).map(({ id }) => id);
  const unknown = ids.find((id) => !identities.has(id));
  if (unknown !== undefined) {
    const message = `TF401186: The reviewer with identifier ${unknown} does not exist.`;
    return refusal(404, 'GitPullRequestReviewerNotFoundException', message);
  }
  pull.reviewers.push(...ids.map((id) => ({ id, uniqueName: identities.get(id) ?? '', vote: 0 })));
  return jsonAnswer(200, { value: pull.reviewers, count: pull.reviewers.length });
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads */
export function threads({ comments }: AzureState, pull: FakePull, { method, body }: JsonAsked): Response {
  const said = comments.get(pull.pullRequestId) ?? [];
  if (method === 'GET') {
    const value = said.map((content, id) => ({ id, comments: [{ id: 1, content }], status: 'closed' }));
    return jsonAnswer(200, { value, count: value.length });
  }
  const [first] = body.comments as { readonly content: string }[];
  comments.set(pull.pullRequestId, [...said, first?.content ?? '']);
  return jsonAnswer(200, { id: said.length, comments: body.comments });
}

export function iterations({ iterations: heads }: AzureState): Response {
  const value = heads.map((commitId, index) => ({ id: index + 1, sourceRefCommit: { commitId } }));
  return jsonAnswer(200, { value, count: value.length });
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/statuses, and those of pull requests. */
export function statuses({ statuses: all }: AzureState, key: string, { method, body }: JsonAsked): Response {
  const known = all.get(key) ?? [];
  if (method === 'GET') return jsonAnswer(200, { value: known, count: known.length });
  const status = { ...(body as unknown as FakeStatus), id: known.length + 1 };
  all.set(key, [...known, status]);
  return jsonAnswer(201, status);
}
