import { type Api, pullUrl, read } from './api.ts';

/** The reason goes with the request to decline: both happen or none. */
export async function close(api: Api, number: number, reason: string): Promise<void> {
  const pull = await read(api, number);
  if (pull?.state !== 'OPEN') return;
  const url = `${pullUrl(api, number)}/decline?version=${pull.version}`;
  const body = { version: pull.version, comment: reason };
  await api.call('close', () => api.send({ method: 'POST', url, body }));
}
