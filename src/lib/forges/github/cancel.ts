import * as v from 'valibot';
import type { PullRequest } from '../port.ts';
import { type Api, refusal } from './api.ts';
import { type Asked, graphql, graphqlEither } from './graphql.ts';

const queryOf = (more: string) => `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      id
      autoMergeRequest { enabledAt }
      ${more}
    }
  }
}`;
const QUERY = queryOf('isInMergeQueue');
const PLAIN_QUERY = queryOf('');

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
      isInMergeQueue: v.optional(v.boolean(), false),
    }),
  }),
});

/** An auto-merge ends once it has put the pull request into the merge queue of a branch that has one. */
export async function cancelMerge(api: Api, { number }: PullRequest): Promise<void> {
  const variables = { ...api.repository, number };
  const query = { text: QUERY, plain: PLAIN_QUERY, variables, schema: Found, beyond: ['isInMergeQueue'] };
  const { pullRequest } = taken(api, await graphqlEither(api, 'cancel', query)).repository;
  const { id, autoMergeRequest, isInMergeQueue } = pullRequest;
  if (autoMergeRequest) await disableAutoMerge(api, id);
  if (isInMergeQueue) await change(api, DEQUEUE, { id });
}

export function disableAutoMerge(api: Api, id: string): Promise<void> {
  return change(api, DISABLE, { pullRequestId: id });
}

async function change(api: Api, text: string, input: object): Promise<void> {
  taken(api, await graphql(api, 'cancel', { text, variables: { input }, schema: v.object({}) }));
}

/** GitHub refuses to take back a merge that happened or was taken back in between: the next look finds that out. */
function taken<T extends v.GenericSchema>(api: Api, asked: Asked<T>): v.InferOutput<T> {
  if (asked.kind === 'refused') throw refusal(api, 'cancel', asked.answer, /./);
  return asked.data;
}
