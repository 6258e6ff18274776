import { wait } from '../../async/index.ts';
import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import { createHolder, type LeaseTimings } from './holder.ts';
import { createLeaseStore } from './lease-record.ts';

/** Leader election on a Lease: of many replicas at most one leads at any time. */
export interface LeaderElector {
  /**
   * Campaigns, and holds the Lease once it is ours, until the signal fires; then gives it up at
   * once, so that another replica need not wait: fire it when all work that needs the lead has ended.
   * `onChange` hears of each change; the leader must stop acting when it says false.
   */
  run(onChange: (leading: boolean) => void, signal: AbortSignal): Promise<void>;
  /** False as soon as the Lease may have passed to somebody else, even when no answer has come since. */
  leading(): boolean;
}

const TIMINGS: LeaseTimings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 };
/** Candidates wait up to this share longer, so that they do not all try at once. */
const JITTER = 1.2;

export interface LeaderElectorOptions {
  readonly namespace: string;
  readonly name: string;
  /** Identity of this process and of no other, an earlier one of the same host included. */
  readonly identity: string;
  readonly now: () => Date;
  readonly log: Logger;
  readonly timings?: LeaseTimings;
  /** Milliseconds that never go back, for all deadlines: the clocks of two hosts are never compared. */
  readonly elapsed?: () => number;
  /** Resolves after so many milliseconds of `elapsed`, or when the signal fires. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Between 0 and 1, for jitter. */
  readonly random?: () => number;
}

export function createLeaderElector(client: KubeClient, options: LeaderElectorOptions): LeaderElector {
  const timings = options.timings ?? TIMINGS;
  const elapsed = options.elapsed ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const pause = options.wait ?? wait;
  const holder = createHolder(createLeaseStore(client, options), { ...options, timings, elapsed });
  const retryMs = timings.retrySeconds * 1000;

  async function acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await holder.tryToHold())) {
      await pause(retryMs * (1 + JITTER * random()), signal);
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && holder.leading()) {
      await pause(Math.min(retryMs, holder.remainingMs()), signal);
      if (!signal.aborted && holder.leading()) await holder.tryToHold();
    }
  }

  function notify(onChange: (leading: boolean) => void, now: boolean): void {
    const fields = { lease: options.name, identity: options.identity };
    options.log.debug(fields, now ? 'lease held' : 'lease no longer held');
    try {
      onChange(now);
    } catch (error) {
      options.log.error({ ...fields, error: errorMessage(error) }, 'a listener to the lease failed');
    }
  }

  async function run(onChange: (leading: boolean) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await acquire(signal);
      if (!holder.leading()) continue;
      notify(onChange, true);
      await keep(signal);
      notify(onChange, false);
    }
    await holder.release();
  }

  return { run, leading: holder.leading };
}
