import type { Pipeline, PipelineKey, PipelineStatus, StoredPipeline } from '../../api/pipeline.ts';

/** Where Pipelines are kept. */
export interface StatusStore {
  /** As last seen. */
  get(key: PipelineKey): StoredPipeline | undefined;
  /** The newest state, past the cache; undefined when the Pipeline is gone. */
  read(key: PipelineKey): Promise<StoredPipeline | undefined>;
  /**
   * Writes the whole status, provided that nobody has changed the object since.
   *
   * @throws TurnpikeError ApiConflict when somebody has, ApiNotFound when the Pipeline is gone
   */
  applyStatus(pipeline: StoredPipeline, status: PipelineStatus): Promise<StoredPipeline>;
}

/** A decision on a Pipeline; with the status that it leads to, when that is to be written. */
export interface Decided {
  readonly status?: PipelineStatus | undefined;
}

/**
 * Decides on the Pipeline as it is known and writes the status that comes with the decision. When
 * somebody else wrote meanwhile, it decides anew on what is there now. Undefined: the Pipeline is gone, another
 * one has its name, or its spec does not hold to the schema any more.
 *
 * @throws TurnpikeError when the API server does not take it
 */
export type RecordStatus = <D extends Decided>(
  known: StoredPipeline,
  decide: (pipeline: Pipeline) => D,
) => Promise<D | undefined>;
