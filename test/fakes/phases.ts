import { PROMOTION_PHASES, type PromotionPhase, type PromotionStatus } from '../../src/api/pipeline.ts';
import { type PhaseTransition, TRANSITIONS } from '../../src/decide/promotion/phases.ts';

/** Reads the table of phases, for tests. */

const ROWS: readonly PhaseTransition[] = Object.values(TRANSITIONS);

/** Each phase with those that one transition leads to. */
export function directly(from: PromotionPhase): PromotionPhase[] {
  return ROWS.filter((row) => row.from.includes(from)).map(({ to }) => to);
}

/** One reconciliation may take several transitions: a merged promotion may be found deployed at once. */
const REACHED = new Map(
  PROMOTION_PHASES.map((phase) => {
    const reached = new Set([phase]);
    for (const one of reached) for (const next of directly(one)) reached.add(next);
    return [phase, reached];
  }),
);

/** The fault in a promotion's next state; a new promotion in its place is not one of its transitions. */
export function transitionProblem(before?: PromotionStatus, after?: PromotionStatus): string | undefined {
  if (!before || !after || before.startedAt !== after.startedAt) return undefined;
  if (before.revision !== after.revision || REACHED.get(before.phase)?.has(after.phase)) return undefined;
  return `A promotion went from ${before.phase} to ${after.phase}, which no transition does.`;
}
