import { wait } from '../../async/index.ts';
import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';
import {
  createLeaseStore,
  type LeaseRecord,
  type LeaseStore,
  microTime,
  type StoredLease,
} from './lease-record.ts';

/** Leader election on a Lease: of many replicas at most one leads at any time. */
export interface Lease {
  /**
   * Campaigns, and holds the Lease once it is ours, until the signal fires; then gives it up at
   * once, so that another replica need not wait: fire it when all work that needs the lead has ended.
   * `onChange` hears of each change; whoever leads must stop acting when it says false.
   */
  run(onChange: (leading: boolean) => void, signal: AbortSignal): Promise<void>;
  /** False as soon as the Lease may have passed to somebody else, even when no answer has come since. */
  leading(): boolean;
}

/** client-go's rules and defaults, in seconds. */
export interface LeaseTimings {
  /** How long others wait for the holder to renew. */
  readonly leaseSeconds: number;
  /** How long the holder tries to renew before it stops to lead; less than `leaseSeconds`. */
  readonly renewDeadlineSeconds: number;
  /** Between two tries. */
  readonly retrySeconds: number;
}

const TIMINGS: LeaseTimings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 };
/** Candidates wait up to this share longer, so that they do not all try at once. */
const JITTER = 1.2;
const RELEASE_TIMEOUT_MS = 2000;

export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  /** Of this process and of no other, an earlier one of the same host included. */
  readonly identity: string;
  readonly now: () => Date;
  readonly log: Logger;
  readonly timings?: LeaseTimings;
  /** Milliseconds that never go back, for all deadlines: the clocks of two hosts are never compared. */
  readonly elapsed?: () => number;
  /** Between 0 and 1, for jitter. */
  readonly random?: () => number;
}

export function createLease(client: KubeClient, options: LeaseOptions): Lease {
  const timings = options.timings ?? TIMINGS;
  const elapsed = options.elapsed ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const holder = createHolder(createLeaseStore(client, options), { ...options, timings, elapsed });
  const retryMs = timings.retrySeconds * 1000;

  async function acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await holder.tryToHold())) {
      await wait(retryMs * (1 + JITTER * random()), signal);
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && holder.leading()) {
      await wait(Math.min(retryMs, holder.remainingMs()), signal);
      if (!signal.aborted && holder.leading()) await holder.tryToHold();
    }
  }

  function tell(onChange: (leading: boolean) => void, now: boolean): void {
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
      tell(onChange, true);
      await keep(signal);
      tell(onChange, false);
    }
    await holder.release();
  }

  return { run, leading: holder.leading };
}

interface HolderOptions extends LeaseOptions {
  readonly timings: LeaseTimings;
  readonly elapsed: () => number;
}

interface Holder {
  /** Takes the Lease when it is free, renews it when it is ours; whether it is ours now. */
  tryToHold(): Promise<boolean>;
  leading(): boolean;
  /** Milliseconds until `leading` turns false without another renewal. */
  remainingMs(): number;
  release(): Promise<void>;
}

function createHolder(store: LeaseStore, options: HolderOptions): Holder {
  const { identity, now, log, timings, elapsed } = options;
  const deadlineMs = timings.renewDeadlineSeconds * 1000;
  /** The Lease as last seen, and since when it says what it says, by our own clock. */
  let seen: { readonly lease: StoredLease | undefined; readonly since: number } | undefined;
  /** When the last renewal that succeeded was begun: others wait from a moment later on. */
  let renewedAt = Number.NEGATIVE_INFINITY;

  const isOurs = () => seen?.lease?.record.holderIdentity === identity;
  const remainingMs = () => (isOurs() ? Math.max(0, renewedAt + deadlineMs - elapsed()) : 0);
  const leading = () => remainingMs() > 0;

  function see(lease: StoredLease | undefined): void {
    const same = seen !== undefined && Bun.deepEquals(lease?.record, seen.lease?.record);
    seen = { lease, since: same && seen ? seen.since : elapsed() };
  }

  function isTaken(): boolean {
    const record = seen?.lease?.record;
    if (!seen || !record || record.holderIdentity === '' || isOurs()) return false;
    return elapsed() < seen.since + record.leaseDurationSeconds * 1000;
  }

  async function attempt(timeoutMs: number): Promise<void> {
    const begun = elapsed();
    if (!isOurs()) see(await store.read(timeoutMs));
    if (isTaken()) return;
    const last = seen?.lease;
    const written = await store.write(nextRecord(last?.record, options), last, timeoutMs);
    if (written) renewedAt = begun;
    see(written ?? (await store.read(timeoutMs)));
  }

  async function tryToHold(): Promise<boolean> {
    const timeoutMs = leading() ? Math.min(deadlineMs / 2, remainingMs()) : deadlineMs / 2;
    try {
      await attempt(Math.max(1, timeoutMs));
    } catch (error) {
      log.warn({ lease: options.name, error: errorMessage(error) }, 'lease not renewed');
    }
    return leading();
  }

  async function release(): Promise<void> {
    const last = seen?.lease;
    if (!last || !isOurs()) return;
    renewedAt = Number.NEGATIVE_INFINITY;
    const time = microTime(now());
    const record = { ...last.record, holderIdentity: '', leaseDurationSeconds: 1, renewTime: time };
    try {
      await store.write(record, last, RELEASE_TIMEOUT_MS);
    } catch (error) {
      log.warn(
        { lease: options.name, error: errorMessage(error) },
        'lease not released; it runs out by itself',
      );
    }
  }

  return { tryToHold, leading, remainingMs, release };
}

function nextRecord(last: LeaseRecord | undefined, { identity, now, timings }: HolderOptions): LeaseRecord {
  const time = microTime(now());
  const held = { holderIdentity: identity, leaseDurationSeconds: timings.leaseSeconds, renewTime: time };
  if (!last) return { ...held, acquireTime: time, leaseTransitions: 0 };
  if (last.holderIdentity === identity) return { ...last, ...held };
  return { ...held, acquireTime: time, leaseTransitions: last.leaseTransitions + 1 };
}
