import {
  type EnvironmentStatus,
  MAX_REJECTED,
  type PromotionPhase,
  type Rejection,
} from '../../api/pipeline.ts';
import { isSame } from './revision.ts';

/**
 * The revisions that a person rejected for an environment. They are kept apart from the promotion, whose place the next
 * revision takes, and from the executions, which are trimmed.
 */

export function rejectionOf(
  { rejected }: Pick<EnvironmentStatus, 'rejected'>,
  revision: string,
): Rejection | undefined {
  return rejected?.find((one) => isSame(one.revision, revision));
}

/** Puts the newest first; a second rejection of the same revision changes nothing. */
export function withRejection(state: EnvironmentStatus, rejection: Rejection): EnvironmentStatus {
  if (rejectionOf(state, rejection.revision)) return state;
  return { ...state, rejected: [rejection, ...(state.rejected ?? [])].slice(0, MAX_REJECTED) };
}

export function withoutRejection(state: EnvironmentStatus, revision: string): EnvironmentStatus {
  if (!rejectionOf(state, revision)) return state;
  return { ...state, rejected: state.rejected?.filter((one) => !isSame(one.revision, revision)) ?? [] };
}

/** Phases of a promotion that do not show if its revision is wanted. */
const SILENT: readonly PromotionPhase[] = ['Superseded'];

/** Records the rejection of a promotion that is Rejected; a promotion of the same revision in progress removes it. */
export function withOwnRejection(state: EnvironmentStatus): EnvironmentStatus {
  const { promotion } = state;
  if (!promotion || SILENT.includes(promotion.phase)) return state;
  if (promotion.phase !== 'Rejected') return withoutRejection(state, promotion.revision);
  const { revision, pullRequest, updatedAt, startedAt } = promotion;
  const at = updatedAt ?? startedAt;
  if (at === undefined) return state;
  return withRejection(state, { revision, at, by: rejectedBy(pullRequest?.number) });
}

export function rejectedBy(pullRequest: number | undefined): string {
  return pullRequest === undefined ? 'a person' : `pull request #${pullRequest}`;
}
