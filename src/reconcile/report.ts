import { API_VERSION, KIND } from '../api/group.ts';
import type { Pipeline, PipelineKey, PipelineStatus } from '../api/pipeline.ts';
import { transitions } from '../decide/report/transitions.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createPipelineMetrics } from './metrics/pipeline-metrics.ts';
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
  /** To be called once for each write, by the one who wrote, with the status as it was before. */
  changed(pipeline: Pipeline, before: PipelineStatus): void;
  deleted(key: PipelineKey): void;
}

export function createReporter({ emit, metrics, log, now }: ReportDeps): Reporter {
  const measured = createPipelineMetrics({ metrics, now });
  return {
    changed(pipeline, before) {
      const { namespace, name, uid } = pipeline.metadata;
      for (const transition of transitions(pipeline, before)) {
        log.info({ namespace, name, reason: transition.reason, message: transition.message }, 'transition');
        const regarding = { apiVersion: API_VERSION, kind: KIND, namespace, name, uid };
        emit({ ...transition, regarding });
      }
      measured.changed(pipeline, before);
    },
    deleted: measured.deleted,
  };
}
