import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * All metrics. Names are those of controller-runtime and Flux where they have one, so that dashboards
 * that exist go on to work. Labels are bounded: no revision, no message, no path.
 */
export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds: from a millisecond to a quarter of a minute. */
const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
/** Seconds: a promotion waits for people, so from a second to two weeks. */
const SLOW = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400];

const PIPELINE = ['namespace', 'pipeline', 'environment', 'strategy'] as const;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...controllerMetrics(registers),
    ...turnpikeMetrics(registers),
  };
}

function controllerMetrics(registers: Registry[]) {
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
      labelNames: ['controller'],
      registers,
    }),
    reconcileSeconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Seconds that a reconciliation took.',
      labelNames: ['controller'],
      buckets: QUICK,
      registers,
    }),
    activeWorkers: new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Reconciliations that run now.',
      labelNames: ['controller'],
      registers,
    }),
    queueDepth: new Gauge({
      name: 'workqueue_depth',
      help: 'Pipelines that wait for a worker.',
      labelNames: ['name', 'controller'],
      registers,
    }),
    queueAdds: new Counter({
      name: 'workqueue_adds_total',
      help: 'Pipelines that were put into the queue.',
      labelNames: ['name', 'controller'],
      registers,
    }),
    queueRetries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Pipelines that were put back after an error.',
      labelNames: ['name', 'controller'],
      registers,
    }),
    kubeRequests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server.',
      labelNames: ['code', 'method', 'host'],
      registers,
    }),
    condition: new Gauge({
      name: 'gotk_reconcile_condition',
      help: 'The condition of a Pipeline: 1 for the status that it has.',
      labelNames: ['kind', 'name', 'namespace', 'type', 'status'],
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

function turnpikeMetrics(registers: Registry[]) {
  return {
    promotionSeconds: new Histogram({
      name: 'turnpike_promotion_duration_seconds',
      help: 'Seconds from deployed in one environment to ready in the next.',
      labelNames: PIPELINE,
      buckets: SLOW,
      registers,
    }),
    promotions: new Counter({
      name: 'turnpike_promotions_total',
      help: 'Promotions that ended, by outcome.',
      labelNames: [...PIPELINE, 'outcome'],
      registers,
    }),
    hookRequests: new Counter({
      name: 'turnpike_hook_requests_total',
      help: 'Requests to the webhooks for events, approvals and forges, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
    hookSeconds: new Histogram({
      name: 'turnpike_hook_duration_seconds',
      help: 'Seconds that the promotion webhook took to answer signed events.',
      buckets: QUICK,
      registers,
    }),
    admissionRequests: new Counter({
      name: 'turnpike_admission_requests_total',
      help: 'Admission reviews, by whether the object was allowed.',
      labelNames: ['allowed'],
      registers,
    }),
    admissionSeconds: new Histogram({
      name: 'turnpike_admission_duration_seconds',
      help: 'Seconds that an admission review took.',
      buckets: QUICK,
      registers,
    }),
    forgeRequests: new Counter({
      name: 'turnpike_forge_requests_total',
      help: 'Requests to the API of a forge.',
      labelNames: ['provider', 'operation', 'code'],
      registers,
    }),
    forgeBudget: new Gauge({
      name: 'turnpike_forge_rate_limit_remaining',
      help: 'Requests that are left to the token that was used last, as the forge counts them.',
      labelNames: ['provider', 'host'],
      registers,
    }),
  };
}
