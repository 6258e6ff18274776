import * as v from 'valibot';

/** The approvals that a promotion needs. */

const REQUIRED = 'Write a whole number from 1 to 10.';

export const Approvals = v.object({
  required: v.optional(
    v.pipe(
      v.number(),
      v.integer(REQUIRED),
      v.minValue(1, REQUIRED),
      v.maxValue(10, REQUIRED),
      v.description(
        'How many people must approve: 1 to 10. Default: 1. More than 1 is not supported yet, and refused.',
      ),
    ),
  ),
  groups: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255), v.description('Name of a group.'))),
      v.minLength(1),
      v.maxLength(10),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description('Groups that must each approve. Not supported yet, and refused.'),
    ),
  ),
  notBy: v.optional(
    v.pipe(
      v.picklist(['requester']),
      v.description(
        'Who may not approve: requester, the person who requested the promotion. Not supported yet, and refused.',
      ),
    ),
  ),
});
export type Approvals = v.InferOutput<typeof Approvals>;
