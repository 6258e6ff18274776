import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { QUEUE, QUICK } from './buckets.ts';

/** Metrics that every controller has, under the names of controller-runtime and client-go. */
export function controllerMetrics(register: Registry) {
  const registers = [register];
  return {
    ...reconcileMetrics(registers),
    ...queueMetrics(registers),
    kubeRequests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to API servers.',
      labelNames: ['code', 'method', 'host'],
      registers,
    }),
    leading: new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this replica acts (1) or stands by (0).',
      labelNames: ['name'],
      registers,
    }),
  };
}

function reconcileMetrics(registers: Registry[]) {
  const labelNames = ['controller'];
  return {
    reconcileTotal: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations by result: success, requeue_after or error.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    reconcileErrors: new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciliations that ended with an error.',
      labelNames,
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Seconds that a reconciliation took.',
      labelNames,
      buckets: QUICK,
      registers,
    }),
    activeWorkers: new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Reconciliations that run now.',
      labelNames,
      registers,
    }),
    maxWorkers: new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Reconciliations that may run at once.',
      labelNames,
      registers,
    }),
  };
}

function queueMetrics(registers: Registry[]) {
  const labelNames = ['name', 'controller'];
  return {
    queueDepth: new Gauge({
      name: 'workqueue_depth',
      help: 'Pipelines that wait for a worker.',
      labelNames,
      registers,
    }),
    queueAdds: new Counter({
      name: 'workqueue_adds_total',
      help: 'Pipelines that were put into the queue, delayed and retried ones when they became due.',
      labelNames,
      registers,
    }),
    queueRetries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Pipelines that are put back after an error.',
      labelNames,
      registers,
    }),
    queueSeconds: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'Seconds that a Pipeline waited in the queue.',
      labelNames,
      buckets: QUEUE,
      registers,
    }),
    workSeconds: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'Seconds that the work on a Pipeline took.',
      labelNames,
      buckets: QUEUE,
      registers,
    }),
    unfinishedWork: new Gauge({
      name: 'workqueue_unfinished_work_seconds',
      help: 'Seconds that the work under way has taken so far, all workers together.',
      labelNames,
      registers,
    }),
    longestWork: new Gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: 'Seconds that the longest work under way has taken so far.',
      labelNames,
      registers,
    }),
  };
}
