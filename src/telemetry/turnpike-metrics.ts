import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { DEPLOYMENT, PROMOTION, QUICK, RECONCILE } from './buckets.ts';
import { createPipelineCounter, createPipelineHistogram } from './pipeline-series.ts';

/** Metrics of the installation as a whole. */
export function turnpikeMetrics(register: Registry) {
  const registers = [register];
  return {
    ...requestMetrics(registers),
    buildInfo: new Gauge({
      name: 'turnpike_build_info',
      help: 'Always 1; the labels say which build runs.',
      labelNames: ['version', 'runtime'],
      registers,
    }),
    certificateExpiry: new Gauge({
      name: 'turnpike_certificate_expiry_timestamp_seconds',
      help: 'When the certificate that is served ends, in seconds since 1970.',
      labelNames: ['certificate'],
      registers,
    }),
    serverReady: new Gauge({
      name: 'turnpike_server_ready',
      help: 'Whether a server that needs a certificate listens (1) or has none yet (0).',
      labelNames: ['server'],
      registers,
    }),
    clusterReachable: new Gauge({
      name: 'turnpike_cluster_reachable',
      help: 'Whether a cluster that Pipelines name can be read (1) or not (0).',
      labelNames: ['namespace', 'kind', 'name'],
      registers,
    }),
  };
}

function requestMetrics(registers: Registry[]) {
  return {
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
      labelNames: ['provider', 'host', 'budget'],
      registers,
    }),
  };
}

/**
 * Metrics of single Pipelines; their series go with them. Their labels are set where they are counted, in
 * `src/reconcile/metrics`, and `IDENTITY` in `pipeline-series.ts` names those that say which Pipeline it is.
 */
export function pipelineSeries(perPipeline: boolean) {
  return {
    promotionSeconds: createPipelineHistogram({
      name: 'turnpike_promotion_duration_seconds',
      help: 'Seconds from deployed in one environment to ready in the next.',
      buckets: PROMOTION,
      perPipeline,
    }),
    promotions: createPipelineCounter({
      name: 'turnpike_promotions_total',
      help: 'Promotions that ended, by outcome.',
      perPipeline,
    }),
    deploymentSeconds: createPipelineHistogram({
      name: 'turnpike_deployment_duration_seconds',
      help: 'Seconds from the first sign of a deployment to its success.',
      buckets: DEPLOYMENT,
      perPipeline,
    }),
    pipelineReconcileSeconds: createPipelineHistogram({
      name: 'gotk_reconcile_duration_seconds',
      help: 'Seconds that a reconciliation of the Pipeline took.',
      buckets: RECONCILE,
      perPipeline,
    }),
  };
}
