import type { AppRef } from '../../api/pipeline.ts';
import { type RevisionPaths, revisionPathOf } from '../../decide/model/revision-path.ts';
import { type ParsedApplication, parseApplication } from '../../decide/observation/application-parse.ts';
import type { ApplicationReader, ReadOptions } from '../../decide/observation/application-reader.ts';
import { type Clock, createDebounce, createListeners } from '../../lib/async/index.ts';
import type { Discovery, KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { createChartTags } from './chart-tags.ts';
import { createInterests, type KindInterest, type NamedApplication, readable } from './interests.ts';
import { createObjectReader } from './object-reader.ts';
import { type ScopeTimings, startApplicationScope } from './scope.ts';
import { createApplicationScopes } from './scopes.ts';
import type { WatchBudget } from './watch-budget.ts';

export { localApplications, type NamedApplication } from './interests.ts';

/** The applications of one cluster: from memory where they can be watched, else by asking its API server. */
export interface ApplicationWatch extends Required<ApplicationReader> {
  /** Replaces the applications that the owner was interested in; an empty list when the owner is gone. */
  setInterest(owner: string, applications: readonly NamedApplication[]): void;
  /** Calls the listener for applications that were added, deleted or changed in what `readApplication` reads. */
  subscribe(listener: ApplicationListener): () => void;
  stop(): Promise<void>;
}

export type ApplicationListener = (appRef: AppRef, namespace: string) => void;

export interface ApplicationWatchDeps {
  readonly discovery: Discovery;
  readonly revisionPaths: RevisionPaths;
  /** The budget of this cluster. */
  readonly budget: WatchBudget;
  readonly log: Logger;
  readonly now?: () => Date;
  /** The clock of interests. Default: timers. */
  readonly clock?: Clock | undefined;
  readonly timings?: Partial<ApplicationWatchTimings>;
}

export interface ApplicationWatchTimings extends ScopeTimings {
  /** Interests that are set within so many milliseconds of each other are applied together, */
  readonly quietMs: number;
  /** and the first of them after this time at the latest. */
  readonly latestMs: number;
}

const TIMINGS: ApplicationWatchTimings = {
  firstListMs: 5000,
  refused: { initialMs: 2000, maxMs: 300_000 },
  recheckMs: 60_000,
  quietMs: 300,
  latestMs: 2000,
};

export function createApplicationWatch(client: KubeClient, deps: ApplicationWatchDeps): ApplicationWatch {
  const { discovery, revisionPaths, budget, log, now = () => new Date(), clock } = deps;
  const timings = { ...TIMINGS, ...deps.timings };
  const readObject = createObjectReader(client, discovery);
  const interests = createInterests();
  const listeners = createListeners<ApplicationListener>(log);
  const scopes = createApplicationScopes(interests, start);
  const bounds = { waitMs: timings.quietMs, maxWaitMs: timings.latestMs };
  const update = createDebounce(scopes.update, { ...bounds, clock });

  function start(key: string, kind: KindInterest, namespace: string | undefined) {
    const { apiVersion } = kind;
    return startApplicationScope(client, {
      apiVersion,
      kind: kind.kind,
      namespace,
      revisionPath: revisionPathOf(revisionPaths, kind),
      isWanted: (inNamespace, name) => interests.has(key, inNamespace, name),
      pathsOf: (inNamespace, name) => interests.paths(key, inNamespace, name),
      wanted: () => interests.list(key, namespace),
      onChange: (inNamespace, name) => notify({ apiVersion, kind: kind.kind, name }, inNamespace),
      discovery,
      budget,
      log,
      timings,
    });
  }

  function notify(appRef: AppRef, namespace: string): void {
    listeners.notify(
      (listener) => listener(appRef, namespace),
      () => ({ ...appRef, namespace }),
    );
  }

  async function read(
    appRef: AppRef,
    namespace: string,
    { fresh = false, paths = [] }: ReadOptions = {},
  ): Promise<ParsedApplication | undefined> {
    const load = () => readObject(appRef, namespace);
    const scope = fresh ? undefined : scopes.of(appRef, namespace);
    if (scope) return scope.read({ namespace, name: appRef.name, paths }, load);
    const object = await load();
    if (object === undefined) return undefined;
    const path = revisionPathOf(revisionPaths, appRef);
    return parseApplication(object, { path, kind: appRef, paths });
  }

  return {
    read,
    tagOf: createChartTags(client, { now }),
    setInterest(owner, applications) {
      interests.set(owner, readable(applications));
      update.ask();
    },
    subscribe: listeners.add,
    stop() {
      update.stop();
      return scopes.stop();
    },
  };
}
