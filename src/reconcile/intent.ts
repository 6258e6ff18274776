import { type Pipeline, type PipelineStatus, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { RecordStatus, StatusStore } from '../decide/model/status-store.ts';
import type { CheckResult } from './check.ts';
import { type ConditionDeps, withSummary } from './with-conditions.ts';

/** The decision as it is recorded, before anything is done about it. */
export interface Intent {
  readonly pipeline: Pipeline;
  readonly check: CheckResult;
}

/** Records what became of an intent; the status as it was written, undefined when the Pipeline is gone. */
export type RecordResult = (
  intent: Intent,
  fold: (status: PipelineStatus) => PipelineStatus,
) => Promise<PipelineStatus | undefined>;

export interface RecordResultDeps extends ConditionDeps {
  readonly store: Pick<StatusStore, 'get'>;
  readonly record: RecordStatus;
  /** Called after each write that changed something. */
  readonly onChange: (pipeline: Pipeline, before: PipelineStatus) => void;
}

export function createRecordResult(deps: RecordResultDeps): RecordResult {
  return async ({ pipeline, check }, fold) => {
    const stored = deps.store.get(pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name));
    // One that was made anew under the name is another one.
    const known = stored?.metadata.uid === pipeline.metadata.uid ? stored : asStored(pipeline);
    const written = await deps.record(known, (current) => {
      const before = current.status;
      const folded = fold(before);
      if (folded === before) return { before, pipeline: current };
      return { before, pipeline: current, status: withSummary(deps, { ...current, status: folded }, check) };
    });
    if (!written?.status) return written?.before;
    deps.onChange({ ...written.pipeline, status: written.status }, written.before);
    return written.status;
  };
}

export function asStored({ metadata, spec, status }: Pipeline): StoredPipeline {
  return { metadata, spec: { ok: true, value: spec }, status };
}
