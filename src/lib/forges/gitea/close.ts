import type { PullRequest } from '../port.ts';
import type { Api } from './api.ts';
import { comment } from './comment.ts';

/** 412: it was merged a moment ago. */
export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  await comment(api, pull, reason);
  const request = {
    method: 'PATCH',
    url: `${api.repositoryUrl}/pulls/${pull.number}`,
    body: { state: 'closed' },
  } as const;
  await api.call(
    'close',
    () => api.send(request),
    ({ status }) => status === 412,
  );
}
