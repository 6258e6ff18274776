import { doubled } from '../../lib/async/pure.ts';
import type { Retry } from '../../lib/errors.ts';

/** How long a promotion waits before its next attempt. `lib/errors.ts` says which errors are tried again. */

export interface RetryPolicy {
  /** Seconds before the second attempt; doubled for each one after it. */
  readonly delaySeconds: number;
  /** The greatest delay, in seconds, within the first attempts. */
  readonly maxDelaySeconds: number;
  /** Attempts after which the Pipeline is no longer Ready; the delay continues to grow. */
  readonly threshold: number;
  /** Seconds that the delay never exceeds; a promotion that was stopped is tried again after them. */
  readonly resyncSeconds: number;
}

/** Seconds until the next attempt; an error that needs a person waits for the next resync. */
export function retryAfter(attempts: number, retry: Retry, policy: RetryPolicy): number {
  if (retry === 'never') return policy.resyncSeconds;
  if (retry !== 'backoff') return retry.afterSeconds;
  const bound = attempts <= policy.threshold ? policy.maxDelaySeconds : policy.resyncSeconds;
  return doubled(policy.delaySeconds, bound, attempts - 1);
}
