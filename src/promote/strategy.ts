import type { AppRef, Gates, PullRequestRef } from '../api/pipeline.ts';
import type { Result } from '../decide/promotion/result.ts';

/** One revision to be brought into one environment. Acting on the same request twice is acting once. */
export interface PromotionRequest {
  readonly pipeline: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly application: AppRef;
  /** The environment that is promoted into. */
  readonly environment: string;
  readonly revision: string;
  /** The spelling that its parts are written of, and the pull request's revision's: of a chart another one. */
  readonly written?: string;
  readonly writtenBefore?: string;
  /** The revision that the environment runs now. */
  readonly runs?: string;
  /** The revisions that it ran before, as far as is remembered. */
  readonly ran?: readonly string[];
  /** The deployment that is promoted. `message` is an event's own text: hostile. */
  readonly source: { readonly environment: string; readonly deployedAt?: string; readonly message?: string };
  /** Time at which the promotion was recorded: the same for each attempt at it, another one for the next promotion. */
  readonly startedAt?: string;
  readonly approvedBy?: string;
  /** The gates that it has passed. */
  readonly gates?: Gates;
  /** It was merged before and never deployed: where it is not in the base branch any more, somebody said no. */
  readonly wasMerged?: boolean;
  /** An earlier attempt may have opened a pull request that the status does not know. */
  readonly mayBeOpen?: boolean;
  /** The pull request that the status knows already. */
  readonly pullRequest?: PullRequestRef;
}

/**
 * A promotion whose strategy has read all that it needs, and has changed nothing: of the two, one is called, once.
 */
export interface PreparedPromotion {
  /** Pushes, opens or updates the pull request, or notifies. Call it when the promotion is recorded. */
  carryOut(): Promise<PromotionResult>;
  /** Gives it up: what was to be pushed together with it goes on without it. */
  discard(): void;
}

/** A promotion that nothing has to be done for: what was read tells its result. */
export function concluded(result: PromotionResult): PreparedPromotion {
  return { carryOut: async () => result, discard() {} };
}

/** The result of a promotion that was carried out; errors are thrown. */
export type PromotionResult = Exclude<Result, { readonly kind: 'error' | 'needless' }>;
