import { answer, type Fault, invalid, problem } from './answers.ts';
import { EXAMPLES } from './description.ts';
import { statusOf } from './examples.ts';
import { fieldsOf, type GitHubState, type Handler } from './state.ts';
import type { FakeStatus } from './types.ts';

/** https://docs.github.com/en/rest/commits/statuses */
export const answerStatuses: Handler = async (state, asked) => {
  const { method, path } = asked;
  const sha = /^\/statuses\/(\w+)$/.exec(path)?.[1];
  if (method === 'POST' && sha !== undefined) return create(state, { ...fieldsOf(asked), sha } as FakeStatus);
  const ofCommit = /^\/commits\/(\w+)\/status$/.exec(path)?.[1];
  return method === 'GET' && ofCommit !== undefined ? combined(state, ofCommit) : undefined;
};

async function create({ known, statuses }: GitHubState, status: FakeStatus): Promise<Fault> {
  if (!(await known.has(status.sha))) return problem(422, `No commit found for SHA: ${status.sha}`);
  if (status.description.length > 140) {
    const message = 'description is too long (maximum is 140 characters)';
    return invalid({ resource: 'Status', code: 'custom', field: 'description', message });
  }
  statuses.push(status);
  return answer(201, statusOf(status));
}

/** The latest of each context. */
function combined({ statuses }: GitHubState, sha: string): Fault {
  const latest = new Map(statuses.filter((one) => one.sha === sha).map((one) => [one.context, one]));
  const all = [...latest.values()];
  const state = all.length > 0 && all.every((one) => one.state === 'success') ? 'success' : 'pending';
  const { repo: repository } = EXAMPLES['pull-request'].base;
  const url = `${repository.url}/commits/${sha}`;
  const found = { sha, state, statuses: all.map(statusOf), total_count: all.length, repository };
  return answer(200, { ...found, commit_url: url, url: `${url}/status` });
}
