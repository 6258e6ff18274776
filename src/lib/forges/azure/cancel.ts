import type { PullRequest } from '../port.ts';
import { type Api, isOver, pullUrl } from './api.ts';

/** The empty id: an auto-complete set by it is off. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests/update */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const request = {
    method: 'PATCH',
    url: pullUrl(api, `/${number}`),
    body: { autoCompleteSetBy: { id: NOBODY } },
  } as const;
  await api.call(
    'cancel',
    () => api.send(request),
    (answer) => answer.status === 404 || isOver(answer),
  );
}
