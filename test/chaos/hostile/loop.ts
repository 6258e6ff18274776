import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from './container.ts';
import { processorTime } from './process.ts';

/** The longest that the event loop was held up, in milliseconds. */
export interface Blocks {
  /** The most processor time that it took before it answered `/healthz`: whatever else the machine is busy with. */
  readonly busy: number;
  /** The value of `nodejs_eventloop_lag_max_seconds`, with all the time that the machine gave to others. */
  readonly lag: number;
}

const PROBE_EVERY_MS = 25;
const SCRAPE_EVERY_MS = 500;
/** A probe that takes longer is the liveness probe's matter. */
const PATIENCE_MS = 30_000;
const METRIC = /^nodejs_eventloop_lag_max_seconds (\S+)$/m;

/** Measures until `end` is called. */
export function watchLoop({ probes, metrics, pid }: Pick<Container, 'probes' | 'metrics' | 'pid'>) {
  let [busy, lag] = [0, 0];
  let ended = false;

  async function probe(): Promise<void> {
    while (!ended) {
      const asked = pid();
      const before = processorTime(asked);
      const answer = await fetch(`${probes}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) })
        .then((got) => got.ok)
        .catch((error: unknown) => error instanceof Error && error.name === 'TimeoutError');
      // A process that is just being started refuses at once.
      if (answer && pid() === asked) busy = Math.max(busy, processorTime(asked) - before);
      await sleep(PROBE_EVERY_MS);
    }
  }

  async function scrape(): Promise<void> {
    while (!ended) {
      const text = await fetch(`${metrics}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) })
        .then((answer) => answer.text())
        .catch(() => '');
      lag = Math.max(lag, Number(METRIC.exec(text)?.[1] ?? 0) * 1000);
      await sleep(SCRAPE_EVERY_MS);
    }
  }

  const running = [probe(), scrape()];
  return async (): Promise<Blocks> => {
    ended = true;
    await Promise.all(running);
    return { busy, lag };
  };
}
