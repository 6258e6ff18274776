import { answer, type Fault, invalid, problem } from './answers.ts';
import type { Asked } from './description.ts';
import { listed, newPull, settle } from './pull.ts';
import { fieldsOf, type GitHubState, type Handler } from './state.ts';
import type { FakePull } from './types.ts';

/** https://docs.github.com/en/rest/pulls/pulls */
export const answerPulls: Handler = async (state, asked) => {
  const { method, path, query } = asked;
  if (path === '/pulls' && method === 'POST') return create(state, asked);
  if (path === '/pulls' && method === 'GET') return list(state.pulls, query);
  const pull = state.pulls.find((one) => path === `/pulls/${one.number}`);
  if (!pull) return undefined;
  if (method === 'GET') return answer(200, pull);
  return method === 'PATCH' ? update(pull, asked) : undefined;
};

async function create(state: GitHubState, asked: Asked): Promise<Fault> {
  const input = fieldsOf(asked);
  for (const field of ['title', 'head', 'base']) {
    if (!input[field]) return invalid({ resource: 'PullRequest', field, code: 'missing_field' });
  }
  const { title = '', head = '', base = '', body = null } = input as Record<string, string>;
  const sha = await state.known.tip(head);
  if (!(await state.known.tip(base)))
    return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  if (!sha) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  if (state.pulls.some((pull) => pull.state === 'open' && pull.head.ref === head && pull.base.ref === base)) {
    const message = `A pull request already exists for acme:${head}.`;
    return invalid({ resource: 'PullRequest', code: 'custom', message });
  }
  if (!(await state.known.isAhead(sha, base))) {
    const message = `No commits between ${base} and ${head}`;
    return invalid({ resource: 'PullRequest', code: 'custom', message });
  }
  const draft = input.draft === true;
  if (draft && !state.options.drafts) {
    return problem(422, 'Draft pull requests are not supported in this repository.');
  }
  const { web } = state.options;
  const pull = newPull({ web, number: state.pulls.length + 1, title, body, draft, head, sha, base });
  state.pulls.push(pull);
  return answer(201, pull);
}

function list(pulls: readonly FakePull[], query: URLSearchParams): Fault {
  const state = query.get('state') ?? 'open';
  const [head, base] = [query.get('head'), query.get('base')];
  const found = pulls
    .filter((pull) => state === 'all' || pull.state === state)
    // A filter without `owner:` is ignored, as GitHub does.
    .filter((pull) => !head?.includes(':') || pull.head.label === head)
    .filter((pull) => base === null || pull.base.ref === base)
    .toReversed();
  return answer(200, found.slice(0, Number(query.get('per_page') ?? 30)).map(listed));
}

function update(pull: FakePull, asked: Asked): Fault {
  const { title, body, base, state } = fieldsOf(asked);
  if (typeof title === 'string') pull.title = title;
  if (typeof body === 'string') pull.body = body;
  if (typeof base === 'string') pull.base = { ...pull.base, label: `acme:${base}`, ref: base };
  if (state === 'closed') settle(pull, 'closed');
  return answer(200, pull);
}
