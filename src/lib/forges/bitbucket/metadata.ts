import { decorated, missingOf, notTaken, notThere } from '../metadata.ts';
import type { Decoration, PullRequest } from '../port.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, pullUrl } from './api.ts';

/** One request for each reviewer: https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/ */
export function decorate(api: Api, pull: PullRequest, wanted: Decoration): Promise<readonly string[]> {
  const { labels, assignees, reviewers } = missingOf(pull, wanted);
  return decorated([
    async () => notThere('labels', labels, api.context),
    async () => notThere('assignees', assignees, api.context),
    ...reviewers.map((name) => () => addReviewer(api, pull, name)),
  ]);
}

/** 404: no such user; 409: the author can be no reviewer. */
async function addReviewer(api: Api, { number }: PullRequest, name: string): Promise<readonly string[]> {
  const url = `${pullUrl(api, number)}/participants`;
  const body = { user: { name }, role: 'REVIEWER' };
  const isWrong = ({ status }: ForgeAnswer) => status === 400 || status === 404 || status === 409;
  const answer = await api.call('decorate', () => api.send({ method: 'POST', url, body }), isWrong);
  return notTaken('reviewers', isWrong(answer) ? [name] : [], api.context);
}
