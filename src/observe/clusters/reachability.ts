import { doubled, inBackground, type Schedule } from '../../lib/async/index.ts';
import type { TurnpikeError } from '../../lib/errors.ts';

/** Knows whether a cluster answers. A probe asks it for a sign of life, because it may have no readers. */
export interface Reachability {
  /** Says since when and why it cannot be read; undefined: it can, as far as is known. */
  outage(): Outage | undefined;
  /** Reports whether it is known by now that it answers or does not. */
  tried(): boolean;
  /** Records that a read has failed as it does when the cluster is unavailable. */
  markUnavailable(error: TurnpikeError): void;
  /** Records that a read has succeeded. */
  markRead(): void;
  /**
   * Records that a read found no room of ours, which says nothing of the cluster: `onChange` is called when there is
   * room again.
   */
  markBusy(): void;
  close(): void;
}

export interface Outage {
  /** RFC 3339 */
  readonly since: string;
  readonly error: TurnpikeError;
}

/** The outcome of a probe. `busy`: there was no room of ours to ask. */
export type SignOfLife =
  | { readonly kind: 'answered' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'silent'; readonly error: TurnpikeError };

export interface ReachabilityDeps {
  readonly probe: () => Promise<SignOfLife>;
  /** Called when it can be read again, or no longer. */
  readonly onChange: () => void;
  /** Called each time that a probe or a read finds it unavailable. */
  readonly onFailure: () => void;
  readonly now: () => Date;
  /** Milliseconds between probes of a cluster that answers. */
  readonly heartbeatMs: number;
  /** Default: timers that keep no process from its end. */
  readonly schedule?: Schedule | undefined;
}

/** An unavailable cluster is probed first after this many milliseconds; the delay doubles up to the maximum. */
const PROBE_MIN_MS = 1000;
const PROBE_MAX_MS = 15_000;

export function watchReachability({ schedule = inBackground, ...deps }: ReachabilityDeps): Reachability {
  let outage: Outage | undefined;
  let tried = false;
  let wasBusy = false;
  let closed = false;
  /** Counted since a read succeeded: a cluster that answers probes alone must not flap. */
  let delays = 0;
  let callOff: (() => void) | undefined;

  function probeAfter(ms: number): void {
    callOff?.();
    if (!closed) callOff = schedule(() => void probe(), ms / 1000);
  }

  function nextDelay(): number {
    delays += 1;
    return doubled(PROBE_MIN_MS, PROBE_MAX_MS, delays - 1);
  }

  function markUnavailable(error: TurnpikeError): void {
    if (closed) return;
    const before = outage;
    tried = true;
    wasBusy = false;
    outage = { since: before?.since ?? deps.now().toISOString(), error };
    deps.onFailure();
    if (before) return;
    deps.onChange();
    probeAfter(nextDelay());
  }

  function markAvailable(): void {
    tried = true;
    const isNews = outage !== undefined || wasBusy;
    if (!isNews || closed) return;
    outage = undefined;
    wasBusy = false;
    deps.onChange();
  }

  async function probe(): Promise<void> {
    const wasAway = outage !== undefined;
    const sign = await deps.probe();
    if (sign.kind === 'busy') wasBusy = !wasAway;
    else if (sign.kind === 'silent') markUnavailable(sign.error);
    else markAvailable();
    if (!outage && !wasBusy) probeAfter(deps.heartbeatMs);
    else if (wasAway || wasBusy) probeAfter(nextDelay());
  }

  // The first probe is sent at once: a read in the meantime need not be the one to find out.
  probeAfter(0);
  return {
    outage: () => outage,
    tried: () => tried,
    markUnavailable,
    markRead() {
      delays = 0;
      tried = true;
    },
    markBusy() {
      if (wasBusy || outage) return;
      wasBusy = true;
      probeAfter(nextDelay());
    },
    close() {
      closed = true;
      callOff?.();
    },
  };
}
