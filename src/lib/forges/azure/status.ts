import * as v from 'valibot';
import type { CommitStatus } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { cutStatus, STATUS_CONTEXT } from '../status.ts';
import { type Api, pullUrl } from './api.ts';
import type { AzureRequest } from './versions.ts';

const STATES = { pending: 'pending', success: 'succeeded', failure: 'failed' } as const;

/** `turnpike/promotion`, as Azure divides it. */
const [GENRE, NAME] = STATUS_CONTEXT.split('/');

const Iterations = v.object({
  value: v.array(
    v.object({
      id: v.number(),
      sourceRefCommit: v.nullish(v.object({ commitId: v.nullish(v.string()) })),
    }),
  ),
});

/**
 * On the commit, and on the pull request where there is one: branch policies look at that. There a status
 * belongs to the iteration, the push, that brought the commit.
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/statuses/create and
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-statuses/create
 */
export async function setStatus(
  api: Api,
  commit: string,
  { state, description, url, pullRequest }: CommitStatus,
): Promise<void> {
  const status = {
    state: STATES[state],
    description: cutStatus(description),
    context: { genre: GENRE, name: NAME },
    ...(url !== undefined && { targetUrl: url }),
  };
  const post = (request: Pick<AzureRequest, 'url' | 'preview' | 'body'>) =>
    api.call('status', () => api.send({ method: 'POST', ...request }));
  await post({ url: `${api.repositoryUrl}/commits/${commit}/statuses`, body: status });
  if (pullRequest === undefined) return;
  const iterationId = await iterationOf(api, pullRequest, commit);
  if (iterationId !== undefined) {
    const body = { ...status, iterationId };
    await post({ url: pullUrl(api, `/${pullRequest}/statuses`), body, preview: '6.0' });
  }
}

async function iterationOf(api: Api, number: number, commit: string): Promise<number | undefined> {
  const url = pullUrl(api, `/${number}/iterations`);
  const { data } = await api.call('status', () => api.send({ method: 'GET', url }));
  const { value } = parsedAnswer(Iterations, 'status', data, api.context);
  return value.findLast(({ sourceRefCommit }) => sourceRefCommit?.commitId === commit)?.id;
}
