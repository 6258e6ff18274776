import type { JsonAsked } from '../json-server.ts';
import { answer, problem } from './answers.ts';
import type { FakePull, GitHubState } from './state.ts';

/**
 * Labels, assignees and comments, which pull requests have as issues, and reviews:
 * https://docs.github.com/en/rest/issues and https://docs.github.com/en/rest/pulls/review-requests
 */
export function answerIssues(state: GitHubState, { method, path, body }: JsonAsked): Response | undefined {
  const [, number, what] = /^\/(?:issues|pulls)\/(\d+)\/(\w+)$/.exec(path) ?? [];
  const pull = state.pulls.find((one) => String(one.number) === number);
  if (!pull) return undefined;
  const names = (key: string) => (body[key] ?? []) as string[];
  switch (`${method} ${what}`) {
    case 'POST labels':
      // Names that no label has yet become labels.
      pull.labels.push(...names('labels').map((name) => ({ name })));
      return answer(200, pull.labels);
    case 'POST assignees':
      // Who may not be assigned is passed over.
      pull.assignees.push(...users(names('assignees').filter((name) => state.collaborators.has(name))));
      return answer(201, pull);
    case 'GET comments':
      return answer(
        200,
        commentsOf(state, pull).map((text) => ({ body: text })),
      );
    case 'POST comments':
      commentsOf(state, pull).push(String(body.body));
      return answer(201, body);
    case 'GET reviews':
      return answer(
        200,
        (state.reviews.get(pull.number) ?? []).map((login) => ({ user: { login } })),
      );
    case 'POST requested_reviewers':
      return requestReviews(state, pull, names('reviewers'));
    default:
      return undefined;
  }
}

function commentsOf(state: GitHubState, { number }: FakePull): string[] {
  const comments = state.comments.get(number) ?? [];
  state.comments.set(number, comments);
  return comments;
}

/** All or none. */
function requestReviews(state: GitHubState, pull: FakePull, names: readonly string[]): Response {
  if (names.some((name) => !state.collaborators.has(name))) {
    return problem(
      422,
      'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the acme/fleet repository.',
    );
  }
  pull.requested_reviewers.push(...users(names));
  return answer(201, pull);
}

function users(names: readonly string[]): { login: string }[] {
  return names.map((login) => ({ login }));
}
