import type { PullRequest } from '../port.ts';
import type { Api } from './api.ts';

/** 404: no auto-merge was asked for, or the pull request does not exist any more. */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const request = { method: 'DELETE', url: `${api.repositoryUrl}/pulls/${number}/merge` } as const;
  await api.call(
    'cancel',
    () => api.send(request),
    ({ status }) => status === 404,
  );
}
