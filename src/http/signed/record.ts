import type { Pipeline, StoredPipeline } from '../../api/pipeline.ts';
import type { Decided, RecordStatus } from '../../decide/model/status-store.ts';
import { errorMessage } from '../../lib/errors.ts';
import { unauthorized, unavailable } from '../problem.ts';
import { type GuardDeps, reject, type SignedContext } from './guard.ts';

export interface RecordDeps extends Pick<GuardDeps, 'onOutcome' | 'rejected' | 'log'> {
  readonly record: RecordStatus;
}

export interface Recording<D extends Decided> {
  readonly pipeline: StoredPipeline;
  readonly decide: (pipeline: Pipeline) => D;
  /** The name in the log of what is recorded: "event". */
  readonly subject: string;
}

/**
 * Writes what follows from a request to the Pipeline's status; otherwise the answer that says why nothing was recorded. A
 * Pipeline that was deleted meanwhile is answered as one that never was.
 */
export async function recordOrAnswer<D extends Decided>(
  c: SignedContext,
  deps: RecordDeps,
  { pipeline, decide, subject }: Recording<D>,
): Promise<D | Response> {
  try {
    const decided = await deps.record(pipeline, decide);
    return decided ?? reject(c, deps, 'deleted', unauthorized());
  } catch (error) {
    const { namespace, name } = pipeline.metadata;
    deps.log.warn({ namespace, name, error: errorMessage(error) }, `${subject} could not be recorded`);
    return reject(c, deps, 'not-recorded', unavailable());
  }
}
