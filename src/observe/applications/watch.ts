import type { AppRef } from '../../api/pipeline.ts';
import { viewApplication } from '../../decide/observation/application.ts';
import { createDue } from '../../lib/async/index.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Discovery, KubeClient } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { type RevisionPath, type RevisionPaths, revisionPathOf } from '../../lib/text/index.ts';
import { createApplications } from './applications.ts';
import { type ChartTags, createChartTags } from './chart-tags.ts';
import { createWants, type NamedApplication, readable, type WantedKind } from './interests.ts';
import { type ScopeTimings, startApplicationScope } from './scope.ts';
import { createApplicationScopes } from './scopes.ts';
import type { WatchBudget } from './watch-budget.ts';

export { localApplications, type NamedApplication } from './interests.ts';

/** The applications of one cluster: from memory where they can be watched, else by asking its API server. */
export interface ApplicationWatch {
  /**
   * For `readApplication`; undefined when the object does not exist.
   * @throws TurnpikeError ApiNotFound when the cluster knows no such kind
   */
  read(appRef: AppRef, namespace: string, options?: ReadOptions): Promise<unknown>;
  /** As `ChartTags`. */
  readonly tagOf: ChartTags['tagOf'];
  /** What an owner wants to be watched from now on, in place of what it wanted before; none: it is gone. */
  want(owner: string, applications: readonly NamedApplication[]): void;
  /** Hears of applications that came, went or changed in what `readApplication` reads. */
  subscribe(listener: ApplicationListener): () => void;
  stop(): Promise<void>;
}

export interface ReadOptions {
  /** Past what was watched, from the API server. */
  readonly fresh?: boolean;
  /** What is to be seen of its spec. */
  readonly paths?: readonly RevisionPath[];
}

export type ApplicationListener = (appRef: AppRef, namespace: string) => void;

export interface ApplicationWatchDeps {
  readonly discovery: Discovery;
  readonly revisionPaths: RevisionPaths;
  /** Of this cluster. */
  readonly budget: WatchBudget;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly timings?: Partial<ApplicationWatchTimings>;
}

export interface ApplicationWatchTimings extends ScopeTimings {
  /** Wants that come within so many milliseconds of each other are met together, */
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
  const { discovery, revisionPaths, budget, log, now = () => new Date() } = deps;
  const timings = { ...TIMINGS, ...deps.timings };
  const applications = createApplications(client, discovery);
  const wants = createWants();
  const listeners = createListeners(log);
  const scopes = createApplicationScopes(wants, start);
  const due = createDue(scopes.update);

  function start(key: string, kind: WantedKind, namespace: string | undefined) {
    const { apiVersion } = kind;
    return startApplicationScope(client, {
      apiVersion,
      kind: kind.kind,
      namespace,
      revisionPath: revisionPathOf(revisionPaths, kind),
      isWanted: (inNamespace, name) => wants.has(key, inNamespace, name),
      pathsOf: (inNamespace, name) => wants.paths(key, inNamespace, name),
      wanted: () => wants.list(key, namespace),
      onChange: (inNamespace, name) => listeners.tell({ apiVersion, kind: kind.kind, name }, inNamespace),
      discovery,
      budget,
      log,
      timings,
    });
  }

  async function read(
    appRef: AppRef,
    namespace: string,
    { fresh = false, paths = [] }: ReadOptions = {},
  ): Promise<unknown> {
    const load = () => applications.read(appRef, namespace);
    const scope = fresh ? undefined : scopes.of(appRef, namespace);
    if (scope) return scope.read({ namespace, name: appRef.name, paths }, load);
    const object = await load();
    if (object === undefined) return undefined;
    const path = revisionPathOf(revisionPaths, appRef);
    return viewApplication(object, { path, kind: appRef, paths }) ?? null;
  }

  return {
    read,
    tagOf: createChartTags(client, { now }).tagOf,
    want(owner, wanted) {
      wants.set(owner, readable(wanted));
      due.in(timings.quietMs, timings.latestMs);
    },
    subscribe: listeners.add,
    stop() {
      due.stop();
      return scopes.stop();
    },
  };
}

function createListeners(log: Logger) {
  const listeners = new Set<ApplicationListener>();
  return {
    add(listener: ApplicationListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(appRef: AppRef, namespace: string): void {
      for (const listener of [...listeners]) {
        try {
          listener(appRef, namespace);
        } catch (error) {
          log.error({ ...appRef, namespace, error: errorMessage(error) }, 'a listener failed');
        }
      }
    },
  };
}
