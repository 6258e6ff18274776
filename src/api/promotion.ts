import * as v from 'valibot';
import { Approvals } from './approvals.ts';
import { Gates } from './gates.ts';
import { rules } from './rules.ts';
import { Strategy } from './strategy.ts';

/** How an application gets into an environment: of all environments, and what one of them puts on top of that. */

const APPROVALS_MEAN = 'approvals mean manual: true.';
export const NOT_MANUAL = `Take manual: false or approvals out: ${APPROVALS_MEAN}`;
const IS_MANUAL = {
  rule: '!has(self.approvals) || !has(self.manual) || self.manual',
  message: NOT_MANUAL,
  fieldPath: '.manual',
};

export const Promotion = v.pipe(
  v.object({
    manual: v.optional(
      v.pipe(v.boolean(), v.description('Wait for an approval before each promotion. Default: false.')),
    ),
    strategy: v.pipe(
      Strategy,
      v.description('How a promotion is done: exactly one of pull-request, push and notification.'),
    ),
    gates: v.optional(
      v.pipe(
        Gates,
        v.description('What a revision must pass before it is promoted, in addition to an approval.'),
      ),
    ),
    approvals: v.optional(
      v.pipe(Approvals, v.description(`Who must approve each promotion; ${APPROVALS_MEAN}`)),
    ),
  }),
  rules(IS_MANUAL),
);
export type Promotion = v.InferOutput<typeof Promotion>;

/** Fields of an environment that come on top of the Pipeline's promotion. */
export const ON_TOP = ['gates', 'manual', 'approvals'] as const;
export const PROMOTION_AND_GATES =
  "Keep either promotion, which replaces the Pipeline's as a whole, or gates, manual and approvals, which are added to it.";
export const NOTHING_BELOW =
  'Write spec.promotion: gates, manual and approvals of an environment are added to it.';
export const GATES_OF_FIRST =
  'Nothing is promoted into the first environment: take gates, manual and approvals out there.';

export const ON_TOP_FIELDS = {
  gates: v.optional(
    v.pipe(
      Gates,
      v.description(
        "Gates of this environment: each one replaces the same gate of the Pipeline's promotion. Not together with promotion.",
      ),
    ),
  ),
  manual: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "Whether promotions into this environment wait for an approval. Default: as the Pipeline's promotion says. Not together with promotion.",
      ),
    ),
  ),
  approvals: v.optional(
    v.pipe(
      Approvals,
      v.description(
        `Who must approve promotions into this environment; ${APPROVALS_MEAN} Not together with promotion.`,
      ),
    ),
  ),
};

export const ON_TOP_RULES = [
  {
    rule: '!has(self.promotion) || !(has(self.gates) || has(self.manual) || has(self.approvals))',
    message: PROMOTION_AND_GATES,
    fieldPath: '.promotion',
    schema: {
      not: {
        allOf: [{ required: ['promotion'] }, { anyOf: ON_TOP.map((name) => ({ required: [name] })) }],
      },
    },
  },
  IS_MANUAL,
];
