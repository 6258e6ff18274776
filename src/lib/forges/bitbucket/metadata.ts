import { missingOf, notTaken, notThere, runSteps } from '../metadata.ts';
import type { Metadata, PullRequest } from '../port.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, pullUrl } from './api.ts';

/**
 * Sends one request for each reviewer:
 * https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-pull-requests/
 */
export function setMetadata(api: Api, pull: PullRequest, wanted: Metadata): Promise<readonly string[]> {
  const { labels, assignees, reviewers } = missingOf(pull, wanted);
  return runSteps([
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
  const answer = await api.call('metadata', () => api.send({ method: 'POST', url, body }), isWrong);
  return notTaken('reviewers', isWrong(answer) ? [name] : [], api.context);
}
