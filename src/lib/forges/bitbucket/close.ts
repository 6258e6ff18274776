import { branchOf } from '../../git/index.ts';
import type { PullRequest } from '../port.ts';
import { type Api, pullUrl, read } from './api.ts';

/** The request to decline carries the reason and names a version: either both happen or neither does. */
export async function close(api: Api, pull: PullRequest, reason: string): Promise<void> {
  const current = await read(api, pull.number);
  if (current?.state !== 'OPEN' || branchOf(current.fromRef.id) !== pull.head) return;
  const url = `${pullUrl(api, pull.number)}/decline?version=${current.version}`;
  const body = { version: current.version, comment: reason };
  await api.call('close', () => api.send({ method: 'POST', url, body }));
}
