import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { Api } from './api.ts';

const Comments = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  const url = `${api.repositoryUrl}/issues/${number}/comments`;
  await commentOnce(
    {
      latest: async () => {
        const { data } = await api.call('comments', () => api.send({ method: 'GET', url }));
        return parsedAnswer(Comments, 'comments', data, api.context).map(({ body }) => body);
      },
      add: () => api.call('comment', () => api.send({ method: 'POST', url, body: { body: text } })),
    },
    text,
  );
}
