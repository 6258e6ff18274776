import type { PullRequest } from '../port.ts';
import type { Api } from './api.ts';
import { comment } from './comment.ts';

export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  await comment(api, pull, reason);
  const change = { stateEvent: 'close' } as const;
  await api.call('close', () => api.send(({ requests }) => requests.edit(api.project, pull.number, change)));
}
