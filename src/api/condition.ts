import * as v from 'valibot';

/** Kubernetes' `metav1.Condition`; `lastTransitionTime` in RFC 3339. */
export const Condition = v.pipe(
  v.object({
    type: v.pipe(
      v.string(),
      v.maxLength(316),
      v.description('Ready, and while True only: Reconciling, Stalled, PromotionPending.'),
    ),
    status: v.pipe(v.picklist(['True', 'False', 'Unknown']), v.description('True, False or Unknown.')),
    observedGeneration: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.description('The generation of the spec that the condition was set for.'),
      ),
    ),
    lastTransitionTime: v.pipe(
      v.string(),
      v.metadata({ format: 'date-time' }),
      v.description('When the status last changed. RFC 3339.'),
    ),
    reason: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(1024),
      v.description('Reason as one word, for programs.'),
    ),
    message: v.pipe(v.string(), v.maxLength(32768), v.description('Reason in sentences, for people.')),
  }),
  v.description('A condition of the Pipeline as a whole.'),
);
export type Condition = v.InferOutput<typeof Condition>;

/** A condition as the decision wants it; the time of its last change is found by comparing. */
export type WantedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The next list of conditions. `lastTransitionTime` moves only when `status` flips, so that an unchanged
 * state is an unchanged object and needs no write. What is not wanted is left out: abnormal conditions
 * are present only while True (kstatus).
 */
export function nextConditions(
  current: readonly Condition[],
  wanted: readonly WantedCondition[],
  at: { readonly generation: number; readonly now: string },
): Condition[] {
  return wanted.map((want) => {
    const old = current.find((one) => one.type === want.type);
    const since = old && old.status === want.status ? old.lastTransitionTime : at.now;
    return { ...want, observedGeneration: at.generation, lastTransitionTime: since };
  });
}
