import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { type Api, pullUrl } from './api.ts';

/** Activities include comments, the latest first. */
const Activities = v.object({
  values: v.array(v.object({ comment: v.nullish(v.object({ text: v.nullish(v.string(), '') })) })),
});

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/ */
export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  const url = pullUrl(api, number);
  await commentOnce(
    {
      latest: async () => {
        const send = () => api.send({ method: 'GET', url: `${url}/activities?limit=100` });
        const { data } = await api.call('comments', send);
        const { values } = parsedAnswer(Activities, 'comments', data, api.context);
        return values.flatMap((one) => (one.comment ? [one.comment.text] : []));
      },
      add: () =>
        api.call('comment', () => api.send({ method: 'POST', url: `${url}/comments`, body: { text } })),
    },
    text,
  );
}
