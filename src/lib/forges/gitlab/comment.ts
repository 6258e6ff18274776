import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { Api } from './api.ts';

/** https://docs.gitlab.com/api/notes/#merge-requests */
const Notes = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  await commentOnce(
    {
      latest: async () => {
        const latest = { sort: 'desc', page: 1, perPage: 100 } as const;
        const send = () => api.send(({ notes }) => notes.all(api.project, number, latest));
        const { data } = await api.call('comments', send);
        return parsedAnswer(Notes, 'comments', data, api.context).map(({ body }) => body);
      },
      add: () => api.call('comment', () => api.send(({ notes }) => notes.create(api.project, number, text))),
    },
    text,
  );
}
