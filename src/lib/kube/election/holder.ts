import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { type LeaseRecord, type LeaseStore, microTime, type StoredLease } from './lease-record.ts';

/** client-go's rules and defaults, in seconds. */
export interface LeaseTimings {
  /** How long others wait for the holder to renew. */
  readonly leaseSeconds: number;
  /** How long the holder tries to renew before it stops to lead; less than `leaseSeconds`. */
  readonly renewDeadlineSeconds: number;
  /** Between two tries. */
  readonly retrySeconds: number;
}

const RELEASE_TIMEOUT_MS = 2000;

export interface HolderOptions {
  readonly name: string;
  readonly identity: string;
  readonly now: () => Date;
  readonly log: Logger;
  readonly timings: LeaseTimings;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
}

/** The holder of the Lease, by what was seen of it and by our own clock. */
export interface Holder {
  /** Takes the Lease when it is free, renews it when it is ours; whether it is ours now. */
  tryToHold(): Promise<boolean>;
  leading(): boolean;
  /** Milliseconds until `leading` turns false without another renewal. */
  remainingMs(): number;
  release(): Promise<void>;
}

export function createHolder(store: LeaseStore, options: HolderOptions): Holder {
  const { identity, now, log, timings, elapsed } = options;
  const deadlineMs = timings.renewDeadlineSeconds * 1000;
  /** The Lease as last seen, and since when it says what it says, by our own clock. */
  let seen: { readonly lease: StoredLease | undefined; readonly since: number } | undefined;
  /** Time at which the last successful renewal began: others wait from a moment later on. */
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
    try {
      await store.write(released(last.record, now()), last, RELEASE_TIMEOUT_MS);
    } catch (error) {
      log.warn(
        { lease: options.name, error: errorMessage(error) },
        'lease not released; it expires by itself',
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

function released(last: LeaseRecord, now: Date): LeaseRecord {
  return { ...last, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) };
}
