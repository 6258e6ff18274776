import { TurnpikeError } from '../../lib/errors.ts';
import { busy } from '../../lib/kube/index.ts';

/**
 * Gives the work this much time. The time that it waits for room of ours does not count, up to as much again.
 * @throws TurnpikeError ApiUnavailable when the cluster has had its time, ApiBusy when it has not
 */
export async function withinTime<T>(ms: number, waited: () => number, work: () => Promise<T>): Promise<T> {
  const [started, before] = [performance.now(), waited()];
  const late = Promise.withResolvers<never>();
  let timer = setTimeout(look, ms);

  function look(): void {
    const elapsed = performance.now() - started;
    const queued = waited() - before;
    const left = Math.ceil(ms + Math.min(queued, ms) - elapsed);
    if (left > 0) timer = setTimeout(look, left);
    else late.reject(elapsed - queued < ms ? busy(ms) : silence(ms));
  }

  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function silence(ms: number): TurnpikeError {
  return new TurnpikeError('ApiUnavailable', `It did not answer within ${ms} ms.`);
}
