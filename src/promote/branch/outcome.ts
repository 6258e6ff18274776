import { hasCode } from '../../lib/errors.ts';
import type { BatchedUpdate } from './batched.ts';
import type { BranchResult } from './port.ts';
import type { Failed, Refused } from './prepared.ts';

/** Its batch was pushed without it: it was not wanted, or that was not decided yet. */
export interface LeftOut {
  readonly kind: 'left-out';
}

export const leftOut: LeftOut = { kind: 'left-out' };

export type Updated = BranchResult | LeftOut;

export type Outcome = { readonly kind: 'done'; readonly result: BranchResult } | Failed | Refused | LeftOut;

export interface Tried {
  readonly update: BatchedUpdate;
  readonly outcome: Outcome;
}

/** Tells whether the host gave no answer: an update that is done shows that it is there. */
export function areUnanswered(tried: readonly Tried[]): boolean {
  if (tried.some(({ outcome }) => outcome.kind === 'done')) return false;
  return tried.some(({ outcome }) => 'error' in outcome && hasCode(outcome.error, 'GitUnavailable'));
}

export function resultOf(outcome: Outcome): Updated {
  if (outcome.kind === 'left-out') return outcome;
  if (outcome.kind === 'done') return outcome.result;
  throw outcome.error;
}

export function settledOf(outcome: Outcome): PromiseSettledResult<Updated> {
  try {
    return { status: 'fulfilled', value: resultOf(outcome) };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
