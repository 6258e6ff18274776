import * as v from 'valibot';
import { closeOnce } from '../close.ts';
import { answerOf } from '../octokit.ts';
import { parsedAnswer } from '../shared.ts';
import type { Api } from './api.ts';
import { get } from './pulls.ts';

/** https://docs.github.com/en/rest/issues/comments */
const Comments = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function close(api: Api, number: number, reason: string): Promise<void> {
  const { issues, pulls } = api.octokit.rest;
  const issue = { ...api.repository, issue_number: number };
  await closeOnce(
    {
      state: async () => (await get(api, number))?.state,
      comments: async () => {
        const send = () => answerOf(issues.listComments({ ...issue, per_page: 100 }));
        const { data } = await api.call('close', send);
        return parsedAnswer(Comments, 'close', data, api.context).map(({ body }) => body);
      },
      comment: () => api.call('close', () => answerOf(issues.createComment({ ...issue, body: reason }))),
      close: () => {
        const change = { ...api.repository, pull_number: number, state: 'closed' as const };
        return api.call('close', () => answerOf(pulls.update(change)));
      },
    },
    reason,
  );
}
