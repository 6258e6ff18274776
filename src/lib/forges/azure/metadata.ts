import { addEach, missing, missingOf, notTaken, notThere, runSteps } from '../metadata.ts';
import type { Metadata, PullRequest } from '../port.ts';
import type { ForgeAnswer } from '../request/types.ts';
import { type Api, pullUrl } from './api.ts';
import { identityOf, isIdentity } from './identities.ts';

export function setMetadata(api: Api, pull: PullRequest, wanted: Metadata): Promise<readonly string[]> {
  const { labels, assignees, reviewers } = missingOf(pull, wanted);
  return runSteps([
    ...labels.map((label) => () => addLabel(api, pull, label)),
    async () => notThere('assignees', assignees, api.context),
    // Reviewers who are named by their ids are added apart: they need not wait for the right to look names up.
    () => addReviewers(api, pull, reviewers.filter(isIdentity)),
    () =>
      lookUpReviewers(
        api,
        pull,
        reviewers.filter((name) => !isIdentity(name)),
      ),
  ]);
}

/**
 * Azure creates a label that does not exist yet:
 * https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-labels/create
 */
async function addLabel(api: Api, { number }: PullRequest, name: string): Promise<readonly string[]> {
  const url = pullUrl(api, `/${number}/labels`);
  await api.call('metadata', () => api.send({ method: 'POST', url, body: { name }, preview: '6.0' }));
  return [];
}

async function lookUpReviewers(api: Api, pull: PullRequest, names: readonly string[]) {
  const ids: string[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const id = await identityOf(api, name);
    if (id === undefined) unknown.push(name);
    else ids.push(id);
  }
  // A reviewer who is added once more would lose a vote.
  const problems = await addReviewers(api, pull, missing(ids, pull.reviewers));
  return [...notTaken('reviewers', unknown, api.context), ...problems];
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-request-reviewers/create-pull-request-reviewers */
async function addReviewers(api: Api, { number }: PullRequest, ids: readonly string[]) {
  const url = pullUrl(api, `/${number}/reviewers`);
  const isWrong = ({ status }: ForgeAnswer) => status === 400 || status === 404;
  const refused = await addEach(ids, async (some) => {
    const send = () => api.send({ method: 'POST', url, body: some.map((id) => ({ id })) });
    return !isWrong(await api.call('metadata', send, isWrong));
  });
  return notTaken('reviewers', refused, api.context);
}
