import * as v from 'valibot';
import { closeOnce } from '../close.ts';
import { parsedAnswer } from '../shared.ts';
import { type Api, read, STATES } from './api.ts';
import type { Question } from './send.ts';

/** https://docs.gitlab.com/api/notes/#merge-requests */
const Notes = v.array(v.object({ body: v.nullish(v.string(), '') }));

export async function close(api: Api, number: number, reason: string): Promise<void> {
  const ask = (question: Question) => api.call('close', () => api.send(question));
  const said = withoutCommands(reason);
  await closeOnce(
    {
      state: async () => {
        const found = await read(api, number);
        return found && STATES[found.state];
      },
      comments: async () => {
        const latest = { sort: 'desc', page: 1, perPage: 100 } as const;
        const { data } = await ask(({ notes }) => notes.all(api.project, number, latest));
        return parsedAnswer(Notes, 'close', data, api.context).map(({ body }) => body);
      },
      comment: () => ask(({ notes }) => notes.create(api.project, number, said)),
      close: () => ask(({ requests }) => requests.edit(api.project, number, { stateEvent: 'close' })),
    },
    said,
  );
}

/** A line that begins with a slash would be a command to GitLab, such as `/merge`. */
function withoutCommands(text: string): string {
  return text.replace(/^[ \t]*\//gm, '\\/');
}
