import * as v from 'valibot';
import { closeOnce } from '../close.ts';
import { parsedAnswer } from '../shared.ts';
import { type Api, read, stateOf } from './api.ts';

const Comments = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function close(api: Api, number: number, reason: string): Promise<void> {
  const commentsUrl = `${api.repositoryUrl}/issues/${number}/comments`;
  const ask = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: object) =>
    api.call('close', () => api.send({ method, url, ...(body && { body }) }));
  await closeOnce(
    {
      state: async () => {
        const found = await read(api, number);
        return found && stateOf(found);
      },
      comments: async () => {
        const { data } = await ask('GET', commentsUrl);
        return parsedAnswer(Comments, 'close', data, api.context).map(({ body }) => body);
      },
      comment: () => ask('POST', commentsUrl, { body: reason }),
      close: () => ask('PATCH', `${api.repositoryUrl}/pulls/${number}`, { state: 'closed' }),
    },
    reason,
  );
}
