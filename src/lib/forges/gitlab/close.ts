import type { PullRequest } from '../port.ts';
import { type Api, requestUrl } from './api.ts';
import { comment } from './comment.ts';

export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  await comment(api, pull, reason);
  const request = {
    method: 'PUT',
    url: requestUrl(api, pull.number),
    body: { state_event: 'close' },
  } as const;
  await api.call('close', () => api.send(request));
}
