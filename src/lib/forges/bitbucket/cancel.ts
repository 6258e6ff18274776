import type { PullRequest } from '../port.ts';
import { type Api, pullUrl } from './api.ts';

/** 404: it is not there any more, or the server is older than 8.15 and has no auto-merge; 409: it is not open. */
const NOTHING = [404, 409];

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/ */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const request = { method: 'DELETE', url: `${pullUrl(api, number)}/auto-merge` } as const;
  await api.call(
    'cancel',
    () => api.send(request),
    ({ status }) => NOTHING.includes(status),
  );
}
