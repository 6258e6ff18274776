import * as v from 'valibot';
import { addEach, missing, missingOf, notTaken, runSteps } from '../metadata.ts';
import type { Metadata, PullRequest } from '../port.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import type { ForgeAnswer } from '../request/types.ts';
import type { Api } from './api.ts';
import { answerOf } from './octokit.ts';

const Assigned = v.object({ assignees: v.nullish(v.array(v.object({ login: v.string() })), []) });
const Reviews = v.array(v.object({ user: v.nullish(v.object({ login: v.string() })) }));

export function setMetadata(api: Api, pull: PullRequest, wanted: Metadata): Promise<readonly string[]> {
  const { labels, assignees, reviewers } = missingOf(pull, wanted);
  return runSteps([
    ...(labels.length > 0 ? [() => addLabels(api, pull, labels)] : []),
    ...(assignees.length > 0 ? [() => addAssignees(api, pull, assignees)] : []),
    ...(reviewers.length > 0 ? [() => addReviewers(api, pull, reviewers)] : []),
  ]);
}

/** GitHub creates labels that do not exist yet: https://docs.github.com/en/rest/issues/labels */
async function addLabels(api: Api, { number }: PullRequest, labels: readonly string[]) {
  const request = { ...api.repository, issue_number: number, labels: [...labels] };
  await api.call('metadata', () => answerOf(api.octokit.rest.issues.addLabels(request)));
  return [];
}

/** GitHub ignores users who may not be assigned: https://docs.github.com/en/rest/issues/assignees */
async function addAssignees(api: Api, { number }: PullRequest, assignees: readonly string[]) {
  const request = { ...api.repository, issue_number: number, assignees: [...assignees] };
  const send = () => answerOf(api.octokit.rest.issues.addAssignees(request));
  const { data } = await api.call('metadata', send);
  const now = parsedAnswer(Assigned, 'metadata', data, api.context).assignees.map(({ login }) => login);
  return notTaken('assignees', missing(assignees, now), api.context);
}

/**
 * GitHub does not ask reviewers again who have given a review: https://docs.github.com/en/rest/pulls/review-requests
 */
async function addReviewers(api: Api, { number }: PullRequest, reviewers: readonly string[]) {
  const { pulls } = api.octokit.rest;
  const pull = { ...api.repository, pull_number: number };
  const { data } = await api.call('metadata', () => answerOf(pulls.listReviews({ ...pull, per_page: 100 })));
  const reviews = parsedAnswer(Reviews, 'metadata', data, api.context);
  const asked = missing(
    reviewers,
    reviews.flatMap(({ user }) => (user ? [user.login] : [])),
  );
  const isWrong = ({ status }: ForgeAnswer) => status === 422;
  const refused = await addEach(asked, async (names) => {
    const send = () => answerOf(pulls.requestReviewers({ ...pull, reviewers: [...names] }));
    return !isWrong(await api.call('metadata', send, isWrong));
  });
  return notTaken('reviewers', refused, api.context);
}
