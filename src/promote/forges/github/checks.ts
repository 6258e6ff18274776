import * as v from 'valibot';
import type { Checks } from '../merge.ts';
import { STATUS_CONTEXT } from '../status.ts';

/** The field of a commit that tokens without a right to check runs see in part: a check run is null for them. */
export const ROLLUP = 'statusCheckRollup';

/** Of a commit: https://docs.github.com/en/graphql/reference/objects#statuscheckrollup */
export const CHECKS = `${ROLLUP} {
  contexts(first: 100) {
    totalCount
    nodes {
      ... on StatusContext { context state }
      ... on CheckRun { name status conclusion }
    }
  }
}`;

const Check = v.object({
  context: v.optional(v.string()),
  state: v.optional(v.string()),
  name: v.optional(v.string()),
  status: v.optional(v.string()),
  conclusion: v.nullish(v.string()),
});
type Check = v.InferOutput<typeof Check>;

export const Rollup = v.nullish(
  v.object({
    contexts: v.object({
      totalCount: v.number(),
      nodes: v.nullish(v.array(v.nullish(Check)), []),
    }),
  }),
);

export interface GitHubChecks extends Checks {
  /** There are some that the token may not read, or more than were asked for. */
  readonly hidden: boolean;
}

/** A status or a check run with the name of our status is none. */
export function checksIn(rollup: v.InferOutput<typeof Rollup>): GitHubChecks {
  const { nodes, totalCount } = rollup?.contexts ?? { nodes: [], totalCount: 0 };
  const read = nodes.filter((one) => one !== null && one !== undefined);
  const others = read.filter((one) => nameOf(one) !== STATUS_CONTEXT);
  const hidden = totalCount > read.length;
  return {
    any: hidden || others.length > 0,
    hidden,
    failing: others.filter(isFailing).map(nameOf),
    pending: others.filter((one) => !isFailing(one) && !isPassed(one)).map(nameOf),
  };
}

function nameOf({ context, name }: Check): string {
  return context ?? name ?? '';
}

function isPassed({ state, status, conclusion }: Check): boolean {
  if (state !== undefined) return state === 'SUCCESS';
  return status === 'COMPLETED' && ['SUCCESS', 'NEUTRAL', 'SKIPPED'].includes(conclusion ?? '');
}

function isFailing(check: Check): boolean {
  const { state, status } = check;
  if (state !== undefined) return state === 'FAILURE' || state === 'ERROR';
  return status === 'COMPLETED' && !isPassed(check);
}
