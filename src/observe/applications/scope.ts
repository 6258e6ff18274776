import type { RevisionPath } from '../../decide/model/revision-path.ts';
import { type ParsedApplication, showsPaths } from '../../decide/observation/application-parse.ts';
import { type Backoff, backoffDelay, wait } from '../../lib/async/index.ts';
import { errorMessage, hasCode } from '../../lib/errors.ts';
import type { Discovery, KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { createFollow } from './follow.ts';
import type { WatchBudget } from './watch-budget.ts';
import { createApplicationCache } from './watch-cache.ts';

/** The wanted objects of one kind in one namespace, or in all of them, as far as they can be watched. */
export interface ApplicationScope {
  /** The application that is cached, else the one that `load` finds; undefined when it does not exist. */
  read(place: ReadPlace, load: () => Promise<unknown>): Promise<ParsedApplication | undefined>;
  stop(): Promise<void>;
}

export interface ReadPlace {
  readonly namespace: string;
  readonly name: string;
  /** The parts of the spec that are looked at. */
  readonly paths: readonly RevisionPath[];
}

export interface ScopeTimings {
  /** Milliseconds that a read waits for the first list before it asks the API server itself. */
  readonly firstListMs: number;
  /** The delays before the next attempt where watching is forbidden, the kind is not served or there is no room. */
  readonly refused: Backoff;
  /** Milliseconds between looks whether the group has come to prefer another version. */
  readonly recheckMs: number;
}

export interface ScopeOptions {
  readonly apiVersion: string;
  readonly kind: string;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly revisionPath: RevisionPath | undefined;
  readonly isWanted: (namespace: string, name: string) => boolean;
  /** The parts of an object's spec that are looked at. */
  readonly pathsOf: (namespace: string, name: string) => readonly RevisionPath[];
  readonly wanted: () => Iterable<readonly [namespace: string, name: string]>;
  /**
   * Called for wanted objects that the first list lacks, too: they may have been deleted before it. Called for all of
   * them when they are watched again: changes in between were not seen.
   */
  readonly onChange: (namespace: string, name: string) => void;
  readonly discovery: Discovery;
  readonly budget: WatchBudget;
  readonly log: Logger;
  readonly timings: ScopeTimings;
}

/** The delays that an API server takes to come back; what is forbidden takes a person to change. */
const AWAY: Backoff = { initialMs: 800, maxMs: 10_000 };

export function startApplicationScope(client: KubeClient, options: ScopeOptions): ApplicationScope {
  const { apiVersion, kind, namespace = 'all', timings } = options;
  const log = options.log.child({ apiVersion, kind, namespace });
  const stopping = new AbortController();
  const settled = Promise.withResolvers<void>();
  const firstLook = Promise.race([settled.promise, wait(timings.firstListMs, stopping.signal)]);
  let everListed = false;
  let listed = false;

  const { cache, parse, fill } = createApplicationCache({ ...options, log, onListed });
  const follow = createFollow(client, {
    ...options,
    recheckMs: timings.recheckMs,
    log,
    cache,
    parse,
    signal: stopping.signal,
  });

  function onListed(): void {
    if (listed) return;
    listed = true;
    settled.resolve();
    log.debug({}, 'applications are watched');
    for (const [inNamespace, name] of options.wanted()) {
      // Reads of single objects may have seen other states than the one that is kept from before.
      const mayBeNews = everListed || cache.get(`${inNamespace}/${name}`) === undefined;
      if (mayBeNews) options.onChange(inNamespace, name);
    }
    everListed = true;
  }

  async function run(): Promise<void> {
    let failures = 0;
    let logged = '';
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      const error = await follow().catch((reason: unknown) => reason);
      if (performance.now() - begun > timings.refused.maxMs) failures = 0;
      listed = false;
      settled.resolve();
      if (error === undefined || stopping.signal.aborted) continue;
      const sentence = errorMessage(error);
      if (sentence !== logged) log.warn({ error: sentence }, 'applications are read one by one, not watched');
      logged = sentence;
      const backoff = hasCode(error, 'ApiUnavailable', 'ApiBusy') ? AWAY : timings.refused;
      await wait(backoffDelay(backoff, failures, Math.random), stopping.signal);
      failures += 1;
    }
  }

  async function read(place: ReadPlace, load: () => Promise<unknown>) {
    await firstLook;
    const { paths } = place;
    const key = `${place.namespace}/${place.name}`;
    const known = listed ? cache.get(key) : undefined;
    if (known && (known.application === null || showsPaths(known.application, paths)))
      return known.application;
    return fill(key, load, { mayKeep: () => listed, paths });
  }

  const running = run();
  return {
    read,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
