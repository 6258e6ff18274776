import * as v from 'valibot';
import type { Api } from './api.ts';
import { CHECKS, Checked, ROLLUP } from './checks.ts';
import { type Asked, graphqlEither } from './graphql.ts';
import { METHOD_RULES, METHODS_ALLOWED, MethodRules, MethodsAllowed } from './methods.ts';
import { QUEUE, Queue } from './queue.ts';

/**
 * `mergeStateStatus` weighs the rules of the branch and all statuses and check runs of the head commit, also
 * for tokens that may not read check runs: https://docs.github.com/en/graphql/reference/enums#mergestatestatus
 */
function queryOf({ ofPull = '', ofBase = '' } = {}): string {
  return `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    ${METHODS_ALLOWED}
    pullRequest(number: $number) {
      id
      state
      headRefOid
      baseRefName
      mergeStateStatus
      autoMergeRequest { enabledAt mergeMethod }
      commits(last: 1) { nodes { commit { ${CHECKS} } } }
      baseRef { target { ... on Commit { ${CHECKS} } } ${ofBase} }
      ${ofPull}
    }
  }
}`;
}

const QUERY = queryOf({ ofPull: QUEUE, ofBase: METHOD_RULES });
/** The query for a token that may not read merge queues: rules show most of them. */
const PERMITTED_QUERY = queryOf({ ofBase: METHOD_RULES });
/** Older versions of Enterprise Server know this one alone. */
const PLAIN_QUERY = queryOf();

/** Fields that are null, or have nulls in them, for tokens that may not read all of them. */
const OPTIONAL = [ROLLUP, 'refUpdateRule', 'rules', 'mergeQueueEntry', 'timelineItems'];
const BEYOND = ['isMergeQueueEnabled', 'isInMergeQueue'];

const Found = v.object({
  repository: v.object({
    ...MethodsAllowed.entries,
    pullRequest: v.object({
      id: v.string(),
      state: v.picklist(['OPEN', 'CLOSED', 'MERGED']),
      headRefOid: v.string(),
      baseRefName: v.string(),
      mergeStateStatus: v.string(),
      autoMergeRequest: v.nullable(
        v.object({ enabledAt: v.nullish(v.string()), mergeMethod: v.nullish(v.string()) }),
      ),
      commits: v.object({ nodes: v.array(v.object({ commit: Checked })) }),
      baseRef: v.nullish(v.object({ target: v.nullish(Checked), ...MethodRules.entries })),
      ...Queue.entries,
    }),
  }),
});

/** The repository, with the pull request in it. */
export type Found = v.InferOutput<typeof Found>['repository'];

/** Reads in one request all fields of a pull request that a merge depends on. */
export function look(api: Api, number: number): Promise<Asked<typeof Found>> {
  const variables = { ...api.repository, number };
  const fields = { optional: OPTIONAL, beyond: BEYOND };
  return graphqlEither(api, 'merge', {
    text: QUERY,
    plain: PLAIN_QUERY,
    permitted: PERMITTED_QUERY,
    variables,
    schema: Found,
    ...fields,
  });
}
