import { errorMessage, hasCode } from '../api/errors.ts';
import type { PipelineKey } from '../api/pipeline.ts';
import { pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Queue } from './queue.ts';
import type { Reconcile } from './reconcile.ts';

/** Turns changes of Pipelines, and time, into reconciliations. */
export interface ControllerDeps {
  readonly pipelines: {
    get(key: PipelineKey): StoredPipeline | undefined;
    list(): readonly StoredPipeline[];
    subscribe(listener: (key: PipelineKey) => void): () => void;
  };
  readonly queue: Queue<PipelineKey>;
  /** Whether the change that was just heard of is the reconciler's own. */
  readonly isOwnWrite: (key: PipelineKey) => boolean;
  readonly reconcile: Reconcile;
  /** Whether this replica is the one that acts. */
  readonly leading: () => boolean;
  readonly onDeleted: (key: PipelineKey) => void;
  readonly concurrent: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Controller {
  /** All Pipelines at once: after a start, and on taking over from another replica. */
  resync(): void;
  /** Ends when what is under way has ended. */
  stop(): Promise<void>;
}

const CONTROLLER = 'pipeline';

export function startController(deps: ControllerDeps): Controller {
  const { pipelines, queue } = deps;
  const unsubscribe = pipelines.subscribe((key) => {
    if (!pipelines.get(key)) forget(deps, key);
    else if (!deps.isOwnWrite(key)) queue.add(key);
    observeQueue(deps);
  });
  const workers = Array.from({ length: deps.concurrent }, () => work(deps));

  return {
    resync() {
      for (const { metadata } of pipelines.list()) queue.add(pipelineKey(metadata.namespace, metadata.name));
    },
    async stop() {
      unsubscribe();
      queue.stop();
      await Promise.all(workers);
    },
  };
}

function forget({ queue, onDeleted }: ControllerDeps, key: PipelineKey): void {
  queue.remove(key);
  onDeleted(key);
}

function observeQueue({ queue, metrics }: ControllerDeps): void {
  metrics.queueAdds.inc({ name: CONTROLLER, controller: CONTROLLER });
  metrics.queueDepth.set({ name: CONTROLLER, controller: CONTROLLER }, queue.depth());
}

async function work(deps: ControllerDeps): Promise<void> {
  const { queue } = deps;
  for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
    if (deps.leading()) await workOn(deps, key);
    queue.done(key);
  }
}

async function workOn({ queue, reconcile, metrics, log }: ControllerDeps, key: PipelineKey): Promise<void> {
  const labels = { controller: CONTROLLER };
  const stopTimer = metrics.reconcileSeconds.startTimer(labels);
  metrics.activeWorkers.inc(labels);
  try {
    queue.addAfter(key, await reconcile(key));
    queue.forget(key);
    metrics.reconcileTotal.inc({ ...labels, result: 'success' });
  } catch (error) {
    queue.retry(key);
    metrics.reconcileTotal.inc({ ...labels, result: 'error' });
    metrics.queueRetries.inc({ name: CONTROLLER, controller: CONTROLLER });
    // Two writers met; the one who was second looks again, which is nothing to report.
    if (!hasCode(error, 'ApiConflict')) {
      metrics.reconcileErrors.inc(labels);
      log.warn({ pipeline: key, error: errorMessage(error) }, 'reconciliation failed; it is tried again');
    }
  } finally {
    metrics.activeWorkers.dec(labels);
    stopTimer();
  }
}
