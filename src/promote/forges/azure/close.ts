import * as v from 'valibot';
import { closeOnce } from '../close.ts';
import { parsedAnswer } from '../shared.ts';
import { type Api, pullUrl, read, STATES } from './api.ts';

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads */
const Threads = v.object({
  value: v.array(
    v.object({ comments: v.nullish(v.array(v.object({ content: v.nullish(v.string(), '') })), []) }),
  ),
});

export async function close(api: Api, number: number, reason: string): Promise<void> {
  const threadsUrl = pullUrl(api, `/${number}/threads`);
  const ask = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: object) =>
    api.call('close', () => api.send({ method, url, ...(body && { body }) }));
  const comment = { parentCommentId: 0, content: reason, commentType: 'text' };
  await closeOnce(
    {
      state: async () => {
        const found = await read(api, number);
        return found && STATES[found.status];
      },
      comments: async () => {
        const { data } = await ask('GET', threadsUrl);
        const { value } = parsedAnswer(Threads, 'close', data, api.context);
        return value.flatMap(({ comments }) => comments.map(({ content }) => content));
      },
      comment: () => ask('POST', threadsUrl, { comments: [comment], status: 'closed' }),
      close: () => ask('PATCH', pullUrl(api, `/${number}`), { status: 'abandoned' }),
    },
    reason,
  );
}
