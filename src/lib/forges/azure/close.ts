import type { PullRequest } from '../port.ts';
import { type Api, isOver, pullUrl } from './api.ts';
import { comment } from './comment.ts';

export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  await comment(api, pull, reason);
  const request = {
    method: 'PATCH',
    url: pullUrl(api, `/${pull.number}`),
    body: { status: 'abandoned' },
  } as const;
  await api.call('close', () => api.send(request), isOver);
}
