import { PROMOTION_PHASES, type PromotionPhase, type PromotionStatus } from '../../src/api/pipeline.ts';
import { type PhaseTransition, TRANSITIONS } from '../../src/decide/promotion/phases.ts';

/** What the table of phases says, for tests. */

const ROWS: readonly PhaseTransition[] = Object.values(TRANSITIONS);

/** Each phase with those that one transition leads to. */
export function directly(from: PromotionPhase): PromotionPhase[] {
  return ROWS.filter((row) => row.from.includes(from)).map(({ to }) => to);
}

/** One look may take several transitions: what is found merged may be found deployed at once. */
const REACHED = new Map(
  PROMOTION_PHASES.map((phase) => {
    const reached = new Set([phase]);
    for (const one of reached) for (const next of directly(one)) reached.add(next);
    return [phase, reached];
  }),
);

/** What is wrong with what became of a promotion; a new one in its place is none of its transitions. */
export function transitionProblem(before?: PromotionStatus, after?: PromotionStatus): string | undefined {
  if (!before || !after || before.startedAt !== after.startedAt) return undefined;
  if (before.revision !== after.revision || REACHED.get(before.phase)?.has(after.phase)) return undefined;
  return `A promotion went from ${before.phase} to ${after.phase}, which no transition does.`;
}
