import { type Clock, MONOTONIC } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { busy } from '../../lib/kube/index.ts';

/**
 * Gives the work this much time. The time that it waits for room of ours does not count, up to as much again.
 * @throws TurnpikeError ApiUnavailable when the cluster has had its time, ApiBusy when it has not
 */
export async function withinTime<T>(
  ms: number,
  waited: () => number,
  work: () => Promise<T>,
  { now, schedule }: Clock = MONOTONIC,
): Promise<T> {
  const [started, before] = [now(), waited()];
  const late = Promise.withResolvers<never>();
  let callOff = schedule(look, ms / 1000);

  function look(): void {
    const elapsed = now() - started;
    const queued = waited() - before;
    const left = Math.ceil(ms + Math.min(queued, ms) - elapsed);
    if (left > 0) callOff = schedule(look, left / 1000);
    else late.reject(elapsed - queued < ms ? busy(ms) : silence(ms));
  }

  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    callOff();
  }
}

function silence(ms: number): TurnpikeError {
  return new TurnpikeError('ApiUnavailable', `It did not answer within ${ms} ms.`);
}
