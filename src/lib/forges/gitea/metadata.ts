import * as v from 'valibot';
import { addEach, missing, missingOf, notTaken, runSteps } from '../metadata.ts';
import type { Metadata, PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import type { Api } from './api.ts';

const Labels = v.array(v.object({ name: v.string() }));
const Users = v.array(v.object({ login: v.string() }));

export function setMetadata(api: Api, pull: PullRequest, wanted: Metadata): Promise<readonly string[]> {
  const { labels, assignees, reviewers } = missingOf(pull, wanted);
  return runSteps([
    ...(labels.length > 0 ? [() => addLabels(api, pull, labels)] : []),
    ...(assignees.length > 0 ? [() => addAssignees(api, pull, assignees)] : []),
    () => addReviewers(api, pull, reviewers),
  ]);
}

/** Gitea ignores names that no label has. */
async function addLabels(api: Api, { number }: PullRequest, labels: readonly string[]) {
  const url = `${api.repositoryUrl}/issues/${number}/labels`;
  const { data } = await api.call('metadata', () => api.send({ method: 'POST', url, body: { labels } }));
  const now = parsedAnswer(Labels, 'metadata', data, api.context).map(({ name }) => name);
  return notTaken('labels', missing(labels, now), api.context);
}

/** A single name that cannot be assigned would make all of them fail, and the list is replaced as a whole. */
async function addAssignees(api: Api, pull: PullRequest, assignees: readonly string[]) {
  const asked = await api.call('metadata', () =>
    api.send({ method: 'GET', url: `${api.repositoryUrl}/assignees` }),
  );
  const able = parsedAnswer(Users, 'metadata', asked.data, api.context).map(({ login }) => login);
  const unable = missing(assignees, able);
  const added = missing(assignees, unable);
  if (added.length > 0) {
    const url = `${api.repositoryUrl}/pulls/${pull.number}`;
    const body = { assignees: [...pull.assignees, ...added] };
    await api.call('metadata', () => api.send({ method: 'PATCH', url, body }));
  }
  return notTaken('assignees', unable, api.context);
}

async function addReviewers(api: Api, { number }: PullRequest, reviewers: readonly string[]) {
  const url = `${api.repositoryUrl}/pulls/${number}/requested_reviewers`;
  const isWrong = ({ status }: ForgeAnswer) => status === 404 || status === 422;
  const refused = await addEach(reviewers, async (names) => {
    const send = () => api.send({ method: 'POST', url, body: { reviewers: names } });
    return !isWrong(await api.call('metadata', send, isWrong));
  });
  return notTaken('reviewers', refused, api.context);
}
