import { hasCode } from '../../lib/errors.ts';
import type { BranchResult, BranchUpdate } from './port.ts';
import type { Refused } from './prepared.ts';
import type { Failed } from './records.ts';

/** Its promotion is not recorded yet. */
export interface Unrecorded {
  readonly kind: 'unrecorded';
}

export const unrecorded: Unrecorded = { kind: 'unrecorded' };

export type Updated = BranchResult | Unrecorded;

export type Outcome =
  | { readonly kind: 'done'; readonly result: BranchResult }
  | Failed
  | Refused
  | Unrecorded;

export interface Tried {
  readonly update: BranchUpdate;
  readonly outcome: Outcome;
}

/** What is done for one of them shows that the host is there. */
export function areUnanswered(tried: readonly Tried[]): boolean {
  if (tried.some(({ outcome }) => outcome.kind === 'done')) return false;
  return tried.some(({ outcome }) => 'error' in outcome && hasCode(outcome.error, 'GitUnavailable'));
}

export function resultOf(outcome: Outcome): Updated {
  if (outcome.kind === 'unrecorded') return outcome;
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
