import { API_VERSION, KIND } from '../api/group.ts';
import type { Pipeline, PipelineKey, PipelineStatus } from '../api/pipeline.ts';
import { promotionInto, strategyName } from '../decide/route.ts';
import { type Ended, endedPromotions, transitions } from '../decide/transitions.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { PipelineEvent } from './pipeline-events.ts';

/** Reports to people and dashboards what changed: Events on transitions, metrics, a log line. */
export interface ReportDeps {
  /** Returns at once. */
  readonly emit: (event: PipelineEvent) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => Date;
}

export interface Reporter {
  /** A status was written, by whichever part of whichever replica: that one reports it, and nobody else. */
  written(pipeline: Pipeline, before: PipelineStatus): void;
  /** The same of the reconciler, which alone brings the conditions up to date. */
  changed(pipeline: Pipeline, before: PipelineStatus): void;
  deleted(key: PipelineKey): void;
}

const CONDITIONS = ['Ready', 'Reconciling', 'Stalled', 'PromotionPending', 'Warning'];
const STATUSES = ['True', 'False', 'Unknown'];

export function createReporter({ emit, metrics, log, now }: ReportDeps): Reporter {
  function written(pipeline: Pipeline, before: PipelineStatus): void {
    const { namespace, name, uid } = pipeline.metadata;
    for (const transition of transitions(pipeline, before)) {
      log.info({ namespace, name, reason: transition.reason, message: transition.message }, 'transition');
      const regarding = { apiVersion: API_VERSION, kind: KIND, namespace, name, uid };
      emit({ ...transition, regarding });
    }
    for (const ended of endedPromotions(pipeline, before)) countEnded(metrics, pipeline, ended, now());
  }

  function changed(pipeline: Pipeline, before: PipelineStatus): void {
    written(pipeline, before);
    setConditions(metrics, pipeline);
  }

  function deleted(key: PipelineKey): void {
    const [namespace = '', name = ''] = key.split('/');
    for (const type of CONDITIONS) {
      for (const status of STATUSES) metrics.condition.remove({ kind: KIND, name, namespace, type, status });
    }
  }

  return { written, changed, deleted };
}

function countEnded(metrics: Metrics, { metadata, spec }: Pipeline, ended: Ended, now: Date): void {
  const environment = spec.environments.find((one) => one.name === ended.environment);
  const strategy = environment && promotionInto(spec, environment)?.strategy;
  const labels = {
    namespace: metadata.namespace,
    pipeline: metadata.name,
    environment: ended.environment,
    strategy: strategyName(strategy),
  };
  metrics.promotions.inc({ ...labels, outcome: ended.promotion.phase.toLowerCase() });
  if (ended.promotion.phase !== 'Succeeded' || ended.since === undefined) return;
  metrics.promotionSeconds.observe(labels, Math.max(0, (now.getTime() - Date.parse(ended.since)) / 1000));
}

function setConditions(metrics: Metrics, { metadata, status }: Pipeline): void {
  const { namespace, name } = metadata;
  for (const type of CONDITIONS) {
    const is = status.conditions?.find((condition) => condition.type === type)?.status;
    for (const one of STATUSES) {
      const labels = { kind: KIND, name, namespace, type, status: one };
      if (is === undefined) metrics.condition.remove(labels);
      else metrics.condition.set(labels, is === one ? 1 : 0);
    }
  }
}
