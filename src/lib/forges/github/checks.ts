import * as v from 'valibot';
import { isOurCheck } from '../status.ts';

/** The field of a commit that tokens without a right to check runs get in part: a check run is null for them. */
export const ROLLUP = 'statusCheckRollup';

/** Checks of a commit: https://docs.github.com/en/graphql/reference/objects#statuscheckrollup */
export const CHECKS = `${ROLLUP} {
  contexts(first: 100) {
    totalCount
    nodes {
      ... on StatusContext { context }
      ... on CheckRun { name }
    }
  }
}`;

const Check = v.object({ context: v.optional(v.string()), name: v.optional(v.string()) });

export const Checked = v.object({
  [ROLLUP]: v.nullish(
    v.object({
      contexts: v.object({
        totalCount: v.number(),
        nodes: v.nullish(v.array(v.nullish(Check)), []),
      }),
    }),
  ),
});

/** True if a commit has a check; a status or a check run of ours does not count. */
export function hasChecks(commit: v.InferOutput<typeof Checked> | null | undefined): boolean {
  const { nodes = [], totalCount = 0 } = commit?.[ROLLUP]?.contexts ?? {};
  const ours = nodes.filter((one) => isOurCheck(one?.context ?? one?.name ?? ''));
  return totalCount > ours.length;
}
