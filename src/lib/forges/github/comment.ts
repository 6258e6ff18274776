import * as v from 'valibot';
import { commentOnce } from '../comment.ts';
import type { PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import type { Api } from './api.ts';
import { answerOf } from './octokit.ts';

/** https://docs.github.com/en/rest/issues/comments */
const Comments = v.array(v.object({ body: v.nullish(v.string(), '') }));

const PAGE_SIZE = 100;

export async function comment(api: Api, { number }: PullRequest, text: string): Promise<void> {
  const { issues } = api.octokit.rest;
  const issue = { ...api.repository, issue_number: number };
  const page = (wanted: number) =>
    api.call('comments', () =>
      answerOf(issues.listComments({ ...issue, per_page: PAGE_SIZE, ...(wanted > 1 && { page: wanted }) })),
    );
  await commentOnce(
    {
      latest: async () => {
        // The oldest comes first: the last two pages have the latest hundred.
        const first = await page(1);
        const last = lastPage(first.headers);
        const later = [last - 1, last].filter((wanted) => wanted > 1);
        const found = [first, ...(await Promise.all(later.map(page)))];
        return found.flatMap((answer) => bodiesIn(api, answer));
      },
      add: () => api.call('comment', () => answerOf(issues.createComment({ ...issue, body: text }))),
    },
    text,
  );
}

function bodiesIn(api: Api, { data }: ForgeAnswer): string[] {
  return parsedAnswer(Comments, 'comments', data, api.context).map(({ body }) => body);
}

/** https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function lastPage(headers: Headers): number {
  const found = /[?&]page=(\d{1,6})[^>]*>; rel="last"/.exec(headers.get('link') ?? '');
  return Number(found?.[1] ?? 1);
}
