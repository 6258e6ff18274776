import type { Pipeline, PipelineKey, PipelineStatus, StoredPipeline } from '../../api/pipeline.ts';

/** The store of the Pipelines and their status. */
export interface StatusStore {
  /** Returns the Pipeline as last seen. */
  get(key: PipelineKey): StoredPipeline | undefined;
  /** Reads the newest state from the API server instead of the cache; undefined if the Pipeline is gone. */
  read(key: PipelineKey): Promise<StoredPipeline | undefined>;
  /**
   * Writes the whole status if the object has not changed since.
   *
   * @throws TurnpikeError ApiConflict if it has changed, ApiNotFound if the Pipeline is gone
   */
  applyStatus(pipeline: StoredPipeline, status: PipelineStatus): Promise<StoredPipeline>;
}

/** A decision on a Pipeline; with the resulting status, if it is to be written. */
export interface Decided {
  readonly status?: PipelineStatus | undefined;
}

/**
 * Decides on the known Pipeline and writes the status that the decision returns. After a conflict it decides again on
 * the present object. Undefined: the Pipeline is gone, another one has its name, or its spec does not match the schema
 * any more.
 *
 * @throws TurnpikeError if the API server does not accept it
 */
export type RecordStatus = <D extends Decided>(
  known: StoredPipeline,
  decide: (pipeline: Pipeline) => D,
) => Promise<D | undefined>;
