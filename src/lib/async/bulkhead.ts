/**
 * Lets so many wait for others' servers at once: in all, for each host and for each namespace. What one of them
 * holds up keeps the others from nothing.
 */
export interface Bulkhead {
  /** Runs the work when there is room for it. Rejects with the signal's reason while it waits for room. */
  run<T>(place: TenantHost, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** A tenant's namespace, and the host that work for it waits for. */
export interface TenantHost {
  readonly namespace: string;
  readonly host: string;
}

export interface BulkheadLimits {
  readonly total: number;
  readonly host: number;
  readonly namespace: number;
}

export function createBulkhead(limits: BulkheadLimits): Bulkhead {
  let total = 0;
  const byNamespace = createCounts();
  const byHost = createCounts();
  const line = createLine();

  function hasRoom({ namespace, host }: TenantHost): boolean {
    const isFree = byNamespace.of(namespace) < limits.namespace && byHost.of(host) < limits.host;
    return isFree && total < limits.total;
  }

  function count({ namespace, host }: TenantHost, change: 1 | -1): void {
    total += change;
    byNamespace.add(namespace, change);
    byHost.add(host, change);
  }

  function letIn(): void {
    for (;;) {
      const place = line.next(byNamespace.of, hasRoom);
      const first = place && line.take(place);
      if (!first) return;
      count(place, 1);
      first();
    }
  }

  async function enter(place: TenantHost, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (hasRoom(place)) return count(place, 1);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      line.leave(place, resolve);
      reject(signal.reason);
    };
    line.join(place, resolve);
    signal.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  return {
    async run(place, signal, work) {
      await enter(place, signal);
      try {
        return await work();
      } finally {
        count(place, -1);
        letIn();
      }
    },
  };
}

type Enter = () => void;

/** Queue of those that wait, by namespace and then by host, which take turns; at each host the first come first. */
function createLine() {
  const waiting = new Map<string, Map<string, Set<Enter>>>();

  function leave({ namespace, host }: TenantHost, enter: Enter): void {
    const hosts = waiting.get(namespace);
    const there = hosts?.get(host);
    there?.delete(enter);
    if (there?.size === 0) hosts?.delete(host);
    if (hosts?.size === 0) waiting.delete(namespace);
  }

  /** The other places come first the next time. */
  function passTurn({ namespace, host }: TenantHost): void {
    const hosts = waiting.get(namespace);
    const there = hosts?.get(host);
    if (!hosts || !there) return;
    hosts.delete(host);
    waiting.delete(namespace);
    waiting.set(namespace, hosts.set(host, there));
  }

  return {
    join({ namespace, host }: TenantHost, enter: Enter): void {
      const hosts = waiting.get(namespace) ?? new Map<string, Set<Enter>>();
      const there = hosts.get(host) ?? new Set();
      waiting.set(namespace, hosts.set(host, there.add(enter)));
    },
    leave,
    /** Finds, of the places that there is room for, the one whose namespace has the least under way. */
    next(
      underWay: (namespace: string) => number,
      hasRoom: (place: TenantHost) => boolean,
    ): TenantHost | undefined {
      let best: TenantHost | undefined;
      for (const [namespace, hosts] of waiting) {
        if (best && underWay(namespace) >= underWay(best.namespace)) continue;
        const host = hosts.keys().find((one) => hasRoom({ namespace, host: one }));
        if (host !== undefined) best = { namespace, host };
      }
      return best;
    },
    /** The first one at the place, who waits no more. */
    take(place: TenantHost): Enter | undefined {
      const [first] = waiting.get(place.namespace)?.get(place.host) ?? [];
      if (!first) return undefined;
      passTurn(place);
      leave(place, first);
      return first;
    },
  };
}

function createCounts() {
  const counts = new Map<string, number>();
  return {
    of: (key: string) => counts.get(key) ?? 0,
    add(key: string, change: number) {
      const next = (counts.get(key) ?? 0) + change;
      if (next === 0) counts.delete(key);
      else counts.set(key, next);
    },
  };
}
