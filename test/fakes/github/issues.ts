import { answer, type Fault, problem } from './answers.ts';
import { commentOf, issueOf, labelOf, reviewOf, userOf } from './examples.ts';
import { listed } from './pull.ts';
import { fieldsOf, type GitHubState, type Handler } from './state.ts';
import type { FakePull } from './types.ts';

const NO_COLLABORATOR =
  'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the acme/fleet repository.';

/**
 * Labels, assignees and comments, which pull requests have as issues, and reviews:
 * https://docs.github.com/en/rest/issues and https://docs.github.com/en/rest/pulls/review-requests
 */
export const answerIssues: Handler = async (state, asked) => {
  const [, number, what] = /^\/(?:issues|pulls)\/(\d+)\/(\w+)$/.exec(asked.path) ?? [];
  const pull = state.pulls.find((one) => String(one.number) === number);
  if (!pull) return undefined;
  const input = fieldsOf(asked);
  const names = (key: string) => (input[key] ?? []) as string[];
  switch (`${asked.method} ${what}`) {
    case 'POST labels':
      // Names that no label has yet become labels.
      pull.labels.push(...names('labels').map(labelOf));
      return answer(200, pull.labels);
    case 'POST assignees':
      return assign(state, pull, names('assignees'));
    case 'GET comments':
      return listComments(state, pull, asked.query);
    case 'POST comments':
      commentsOf(state, pull).push(String(input.body));
      return answer(201, commentOf(pull, String(input.body)));
    case 'GET reviews':
      return answer(
        200,
        (state.reviews.get(pull.number) ?? []).map((login) => reviewOf(pull, login)),
      );
    case 'POST requested_reviewers':
      return requestReviews(state, pull, names('reviewers'));
    default:
      return undefined;
  }
};

/** The oldest first: https://docs.github.com/en/rest/issues/comments#list-issue-comments */
function listComments(state: GitHubState, pull: FakePull, query: URLSearchParams): Fault {
  const all = commentsOf(state, pull).map((text) => commentOf(pull, text));
  const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 30)];
  const last = Math.ceil(all.length / size);
  const url = `https://api.github.com/repositories/1/issues/${pull.number}/comments?per_page=${size}`;
  const link = `<${url}&page=${page + 1}>; rel="next", <${url}&page=${last}>; rel="last"`;
  const found = answer(200, all.slice((page - 1) * size, page * size));
  return page < last ? { ...found, headers: { link } } : found;
}

function commentsOf(state: GitHubState, { number }: FakePull): string[] {
  const comments = state.comments.get(number) ?? [];
  state.comments.set(number, comments);
  return comments;
}

/** Users who may not be assigned are passed over. */
function assign({ collaborators }: GitHubState, pull: FakePull, names: readonly string[]): Fault {
  const taken = names.filter((name) => collaborators.has(name)).map(userOf);
  pull.assignees = [...(pull.assignees ?? []), ...taken];
  pull.assignee = pull.assignees[0] ?? null;
  return answer(201, issueOf(pull));
}

/** All or none. */
function requestReviews({ collaborators }: GitHubState, pull: FakePull, names: readonly string[]): Fault {
  if (names.some((name) => !collaborators.has(name))) return problem(422, NO_COLLABORATOR);
  pull.requested_reviewers = [...(pull.requested_reviewers ?? []), ...names.map(userOf)];
  return answer(201, listed(pull));
}
