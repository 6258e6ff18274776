import type { JsonAsked } from '../json-server.ts';
import { answer, invalid, problem } from './answers.ts';
import type { FakeStatus, GitHubState } from './state.ts';

/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
export function answerStatuses(state: GitHubState, { method, path, body }: JsonAsked): Response | undefined {
  const sha = /^\/statuses\/(\w+)$/.exec(path)?.[1];
  if (method !== 'POST' || sha === undefined) return undefined;
  if (!state.commits.has(sha)) return problem(422, `No commit found for SHA: ${sha}`);
  const { description } = body as unknown as FakeStatus;
  if (description.length > 140) {
    const message = 'description is too long (maximum is 140 characters)';
    return invalid({ resource: 'Status', code: 'custom', field: 'description', message });
  }
  const status = { ...(body as unknown as FakeStatus), sha };
  state.statuses.push(status);
  return answer(201, status);
}
