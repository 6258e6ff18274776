import { answer, invalid, problem } from './answers.ts';
import { statusOf } from './examples.ts';
import { type FakeStatus, fieldsOf, type Handler } from './state.ts';

/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
export const answerStatuses: Handler = async (state, asked) => {
  const sha = /^\/statuses\/(\w+)$/.exec(asked.path)?.[1];
  if (asked.method !== 'POST' || sha === undefined) return undefined;
  if (!(await state.known.has(sha))) return problem(422, `No commit found for SHA: ${sha}`);
  const status = { ...fieldsOf(asked), sha } as FakeStatus;
  if (status.description.length > 140) {
    const message = 'description is too long (maximum is 140 characters)';
    return invalid({ resource: 'Status', code: 'custom', field: 'description', message });
  }
  state.statuses.push(status);
  return answer(201, statusOf(status));
};
