import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { type Api, pullUrl } from './api.ts';

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-threads */
const Threads = v.object({
  value: v.array(
    v.object({ comments: v.nullish(v.array(v.object({ content: v.nullish(v.string(), '') })), []) }),
  ),
});

export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  const url = pullUrl(api, `/${number}/threads`);
  const body = {
    comments: [{ parentCommentId: 0, content: text, commentType: 'text' }],
    status: 'closed',
  };
  await commentOnce(
    {
      latest: async () => {
        const { data } = await api.call('comments', () => api.send({ method: 'GET', url }));
        const { value } = parsedAnswer(Threads, 'comments', data, api.context);
        return value.flatMap(({ comments }) => comments.map(({ content }) => content));
      },
      add: () => api.call('comment', () => api.send({ method: 'POST', url, body })),
    },
    text,
  );
}
