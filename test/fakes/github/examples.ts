import { EXAMPLES } from './description.ts';
import type { FakePull, FakeStatus } from './types.ts';

/** One of GitHub's examples, in the place of a pull request of `acme/fleet`. */
export function exampleOf(example: object, number: number): unknown {
  const text = JSON.stringify(example)
    .replaceAll('octocat/Hello-World', 'acme/fleet')
    .replaceAll('/1347', `/${number}`);
  return JSON.parse(text);
}

export function userOf(login: string): FakePull['user'] {
  return JSON.parse(JSON.stringify(EXAMPLES['pull-request'].user).replaceAll('octocat', login));
}

export function labelOf(name: string): FakePull['labels'][number] {
  return { ...EXAMPLES['label-items'][0], name, default: false } as FakePull['labels'][number];
}

/** A pull request is an issue as well. */
export function issueOf(pull: FakePull): object {
  const { number, node_id, state, title, body, labels, assignee, assignees } = pull;
  const issue = exampleOf(EXAMPLES.issue, number) as object;
  return { ...issue, number, node_id, state, title, body, labels, assignee, assignees };
}

export function commentOf({ number }: FakePull, body: string): object {
  return { ...(exampleOf(EXAMPLES['issue-comment'], number) as object), body };
}

export function reviewOf({ number }: FakePull, login: string): object {
  const [review = {}] = EXAMPLES['pull-request-review-items'];
  return { ...(exampleOf(review, number) as object), user: userOf(login) };
}

export function statusOf({ sha, ...status }: FakeStatus): object {
  const { url: _, ...example } = EXAMPLES.status;
  return {
    ...example,
    target_url: null,
    ...status,
    url: `https://api.github.com/repos/acme/fleet/statuses/${sha}`,
  };
}
