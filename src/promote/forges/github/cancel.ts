import * as v from 'valibot';
import type { PullRequest } from '../forge.ts';
import { type Api, refusal } from './api.ts';
import { graphql } from './graphql.ts';

const QUERY = `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      id
      autoMergeRequest { enabledAt }
      isInMergeQueue
    }
  }
}`;

/** https://docs.github.com/en/graphql/reference/mutations#disablepullrequestautomerge */
const DISABLE = `mutation ($input: DisablePullRequestAutoMergeInput!) {
  disablePullRequestAutoMerge(input: $input) { clientMutationId }
}`;

/** https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest */
const DEQUEUE = `mutation ($input: DequeuePullRequestInput!) {
  dequeuePullRequest(input: $input) { clientMutationId }
}`;

const Found = v.object({
  repository: v.object({
    pullRequest: v.object({
      id: v.string(),
      autoMergeRequest: v.nullish(v.object({ enabledAt: v.nullish(v.string()) })),
      isInMergeQueue: v.boolean(),
    }),
  }),
});

/** An auto-merge puts it into the merge queue of a branch that has one, and is over then. */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const { pullRequest } = (await ask(api, QUERY, { ...api.repository, number }, Found)).repository;
  const { id, autoMergeRequest, isInMergeQueue } = pullRequest;
  if (autoMergeRequest) await ask(api, DISABLE, { input: { pullRequestId: id } }, v.object({}));
  if (isInMergeQueue) await ask(api, DEQUEUE, { input: { id } }, v.object({}));
}

/** What GitHub refuses was merged or taken back in between: the next look finds that out. */
async function ask<T extends v.GenericSchema>(
  api: Api,
  text: string,
  variables: object,
  schema: T,
): Promise<v.InferOutput<T>> {
  const asked = await graphql(api, 'cancel', { text, variables, schema });
  if (asked.kind === 'refused') throw refusal(api, 'cancel', asked.answer, /./);
  return asked.data;
}
