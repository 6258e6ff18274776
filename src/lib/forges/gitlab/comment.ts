import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { type Api, requestUrl, withQuery } from './api.ts';

/** https://docs.gitlab.com/api/notes/#merge-requests */
const Notes = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  const url = requestUrl(api, number, '/notes');
  await commentOnce(
    {
      latest: async () => {
        const latest = withQuery(url, { sort: 'desc', page: '1', per_page: '100' });
        const { data } = await api.call('comments', () => api.send({ method: 'GET', url: latest }));
        return parsedAnswer(Notes, 'comments', data, api.context).map(({ body }) => body);
      },
      add: () => api.call('comment', () => api.send({ method: 'POST', url, body: { body: text } })),
    },
    text,
  );
}
