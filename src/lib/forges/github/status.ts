import type { CommitStatus } from '../port.ts';
import { cutStatus, STATUS_CONTEXT } from '../status.ts';
import { type Api, refusal } from './api.ts';
import { answerOf } from './octokit.ts';

const MAX_DESCRIPTION = 140;

/** 422 that passes: it was pushed a moment ago. */
const NOT_SEEN = /no commit found/i;

/** https://docs.github.com/en/rest/commits/statuses */
export async function setStatus(
  api: Api,
  commit: string,
  { state, description, url }: CommitStatus,
): Promise<void> {
  const status = {
    ...api.repository,
    sha: commit,
    state,
    context: STATUS_CONTEXT,
    description: cutStatus(description, MAX_DESCRIPTION),
    ...(url !== undefined && { target_url: url }),
  };
  const send = () => answerOf(api.octokit.rest.repos.createCommitStatus(status));
  const answer = await api.call('status', send, ({ status: code }) => code === 422);
  if (answer.status === 422) throw refusal(api, 'status', answer, NOT_SEEN);
}
