import { untilAborted } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { BatchedUpdate } from './batched.ts';
import type { BranchUpdate } from './port.ts';
import type { Failed, Prepared, Refused } from './prepared.ts';

/** An update and what is to be done for it. */
export interface Attempted {
  readonly update: BatchedUpdate;
  readonly made: Prepared | Failed;
}

/**
 * Leaves out what was given up meanwhile, or may be another replica's by now: something else may have been decided since.
 * An update that lies on it is tried alone, and all others go on.
 */
export async function withoutStopped(prepared: readonly Attempted[]): Promise<Attempted[]> {
  const stopped = await askFences(prepared);
  const branches = new Set([...stopped.keys()].map(({ branch }) => branch));
  return prepared.map((one) => {
    const { update, made } = one;
    if (made.kind !== 'push' || !branches.has(update.branch)) return one;
    return { update, made: stopped.get(update) ?? takenBranch(update) };
  });
}

/** Tells which of the ones to be pushed must not be, with the reason of each. */
async function askFences(prepared: readonly Attempted[]): Promise<ReadonlyMap<BranchUpdate, Failed>> {
  const pushed = prepared.filter(({ made }) => made.kind === 'push').map(({ update }) => update);
  const answers = await Promise.allSettled(
    pushed.map((update) => untilAborted(Promise.resolve(update.fence?.()), update.signal)),
  );
  const stopped = new Map<BranchUpdate, Failed>();
  for (const [index, update] of pushed.entries()) {
    const answer = answers[index];
    if (answer?.status === 'rejected') stopped.set(update, { kind: 'failed', error: answer.reason });
    // While others were asked, too.
    else if (update.signal?.aborted) stopped.set(update, { kind: 'failed', error: update.signal.reason });
  }
  return stopped;
}

/** Two pipelines may give their branches one name: the second one looks at what the first one has pushed. */
export function takenBranch({ branch }: BranchUpdate): Refused {
  const message = `Branch ${branch} is currently being pushed for another pipeline.`;
  return {
    kind: 'refused',
    error: new TurnpikeError('GitRejected', message, { retry: 'backoff' }),
    old: undefined,
  };
}
