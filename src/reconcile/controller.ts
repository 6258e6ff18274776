import { GROUP, KIND } from '../api/group.ts';
import { keyNames, type PipelineKey, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { Queue, Workers } from '../lib/async/index.ts';
import { errorMessage, hasCode } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Reconcile } from './reconcile.ts';

/** Turns changes of Pipelines, and time, into reconciliations. */
export interface ControllerDeps {
  readonly pipelines: {
    get(key: PipelineKey): StoredPipeline | undefined;
    list(): readonly StoredPipeline[];
    subscribe(listener: (key: PipelineKey) => void): () => void;
  };
  readonly queue: Queue<PipelineKey>;
  /** The workers of this queue, `concurrent` of them. */
  readonly workers: Pick<Workers<PipelineKey>, 'start' | 'ended'>;
  /** Tells whether the change that was just seen is the reconciler's own. */
  readonly isOwnWrite: (key: PipelineKey) => boolean;
  readonly reconcile: Reconcile;
  /** Tells whether this replica leads, and so acts. */
  readonly leading: () => boolean;
  readonly onDeleted: (key: PipelineKey) => void;
  readonly concurrent: number;
  /** A Pipeline at which nothing is due is looked at again after so long. */
  readonly resyncSeconds: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Controller {
  /** All Pipelines at once: after a start, and on taking over from another replica. */
  resync(): void;
  /** Ends when what is under way has ended. */
  stop(): Promise<void>;
}

export const CONTROLLER = 'pipeline';
const RESULTS = ['success', 'requeue_after', 'error'];

export function startController(deps: ControllerDeps): Controller {
  const { pipelines, queue, workers, metrics, concurrent } = deps;
  for (const result of RESULTS) metrics.reconcileTotal.inc({ controller: CONTROLLER, result }, 0);
  metrics.maxWorkers.set({ controller: CONTROLLER }, concurrent);
  const unsubscribe = pipelines.subscribe((key) => {
    if (!pipelines.get(key)) forget(deps, key);
    else if (!deps.isOwnWrite(key)) queue.add(key);
  });
  workers.start(async (key) => {
    if (deps.leading()) await workOn(deps, key);
  });

  return {
    resync() {
      for (const { metadata } of pipelines.list()) queue.add(pipelineKey(metadata.namespace, metadata.name));
    },
    async stop() {
      unsubscribe();
      queue.stop();
      await workers.ended();
    },
  };
}

function forget({ queue, onDeleted }: ControllerDeps, key: PipelineKey): void {
  queue.remove(key);
  onDeleted(key);
}

async function workOn(deps: ControllerDeps, key: PipelineKey): Promise<void> {
  const { metrics } = deps;
  const labels = { controller: CONTROLLER };
  const begun = performance.now();
  metrics.activeWorkers.inc(labels);
  const result = await deps.log.scope(logFields(key), () => attempt(deps, key));
  const seconds = (performance.now() - begun) / 1000;
  metrics.activeWorkers.dec(labels);
  metrics.reconcileTotal.inc({ ...labels, result });
  metrics.reconcileSeconds.observe(labels, seconds);
  if (deps.pipelines.get(key)) observeDuration(metrics, key, seconds);
}

/** The fields of controller-runtime: all lines of one reconciliation have one `reconcileID`. */
function logFields(key: PipelineKey) {
  const controller = { controller: CONTROLLER, controllerGroup: GROUP, controllerKind: KIND };
  return { ...controller, ...keyNames(key), reconcileID: crypto.randomUUID() };
}

async function attempt(deps: ControllerDeps, key: PipelineKey): Promise<string> {
  const { queue, reconcile, resyncSeconds } = deps;
  try {
    const seconds = await reconcile(key);
    if (isGone(deps, key)) return 'success';
    queue.addAfter(key, seconds);
    queue.forget(key);
    return seconds < resyncSeconds ? 'requeue_after' : 'success';
  } catch (error) {
    return failed(deps, key, error);
  }
}

/** A Pipeline that went while it was worked on must not come again by the time that was set for it. */
function isGone({ pipelines, queue }: ControllerDeps, key: PipelineKey): boolean {
  if (pipelines.get(key)) return false;
  queue.remove(key);
  return true;
}

function failed(deps: ControllerDeps, key: PipelineKey, error: unknown): string {
  const { queue, metrics, log } = deps;
  const fields = { error: errorMessage(error) };
  if (isGone(deps, key)) {
    log.info(fields, 'pipeline deleted, or moved to another shard, during its reconciliation');
    return 'success';
  }
  queue.retry(key);
  // Two writers met; the one who was second looks again, which is nothing to report.
  if (!hasCode(error, 'ApiConflict')) {
    metrics.reconcileErrors.inc({ controller: CONTROLLER });
    log.warn(fields, 'reconciliation failed, retrying');
  }
  return 'error';
}

function observeDuration(metrics: Metrics, key: PipelineKey, seconds: number): void {
  const { namespace, name } = keyNames(key);
  metrics.pipelineReconcileSeconds.observe(key, { kind: KIND, name, namespace }, seconds);
}
