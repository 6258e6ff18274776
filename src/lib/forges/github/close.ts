import type { PullRequest } from '../port.ts';
import type { Api } from './api.ts';
import { comment } from './comment.ts';
import { answerOf } from './octokit.ts';

export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  await comment(api, pull, reason);
  const change = { ...api.repository, pull_number: pull.number, state: 'closed' as const };
  await api.call('close', () => answerOf(api.octokit.rest.pulls.update(change)));
}
