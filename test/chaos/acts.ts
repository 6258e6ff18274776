import type { LeaseTimings } from '../../src/lib/kube/index.ts';
import type { FailpointName } from '../../src/reconcile/failpoints.ts';

/** Shorter than client-go's, so that a thousand changes of the lead fit into one run. */
export const LEASE_TIMINGS: LeaseTimings = { leaseSeconds: 2, renewDeadlineSeconds: 1.4, retrySeconds: 0.3 };

/** A line that a replica writes. */
export interface Act {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly replica: string;
  readonly pid: number;
  readonly kind: 'lead' | 'pass';
  readonly failpoint?: FailpointName;
  readonly pipeline?: string;
}

/** The failpoint before each act, by the one that shows it done. */
const DONE: Readonly<Partial<Record<FailpointName, FailpointName>>> = {
  'after-intent': 'before-intent',
  'after-push': 'before-push',
  'after-create': 'before-create',
  'after-update': 'before-update',
  'after-event': 'before-event',
  'after-task': 'before-task',
  'after-result': 'before-result',
};

/**
 * Acts that a replica began and carried out when another one had taken over the lead before, a sentence
 * each. Those before `from` only show which replica led.
 */
export function trespasses(acts: readonly Act[], from = 0): string[] {
  const found: string[] = [];
  const started = acts[from]?.at ?? 0;
  const begun = new Map<string, { readonly act: Act; readonly leader: string }>();
  let leader = '';
  for (const act of acts.toSorted((one, other) => one.at - other.at)) {
    const who = `${act.replica}.${act.pid}`;
    if (act.kind === 'lead') {
      leader = who;
      continue;
    }
    const about = `${who} ${act.pipeline}`;
    const first = act.failpoint && DONE[act.failpoint];
    if (!first) {
      begun.set(`${about} ${act.failpoint}`, { act, leader });
      continue;
    }
    const start = begun.get(`${about} ${first}`);
    if (start && start.act.at >= started && start.leader !== who) {
      found.push(`${about} passed ${first} while ${start.leader} led`);
    }
  }
  return found;
}
