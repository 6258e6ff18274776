import { type Pipeline, type PipelineStatus, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { Check } from './check.ts';
import type { Polls } from './polls.ts';
import type { ReconcileDeps } from './reconcile.ts';
import { finish } from './with-conditions.ts';

export type ActDeps = ReconcileDeps & { readonly polls: Polls };

/** What is to be done, as it is recorded. */
export interface Intent {
  readonly pipeline: Pipeline;
  readonly check: Check;
}

/** The status as it was written; undefined when the Pipeline is gone. */
export async function recordWith(
  deps: ActDeps,
  pipeline: Pipeline,
  check: Check,
  fold: (status: PipelineStatus) => PipelineStatus,
): Promise<PipelineStatus | undefined> {
  const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
  const stored = deps.store.get(key);
  // One that was made anew under the name is another one.
  const known = stored?.metadata.uid === pipeline.metadata.uid ? stored : asStored(pipeline);
  await deps.pass?.('before-result', key);
  const written = await deps.record(known, (current) => {
    const before = current.status;
    const folded = fold(before);
    if (folded === before) return { before, pipeline: current };
    return { before, pipeline: current, status: finish(deps, { ...current, status: folded }, check) };
  });
  await deps.pass?.('after-result', key);
  if (!written?.status) return written?.before;
  deps.onChange({ ...written.pipeline, status: written.status }, written.before);
  return written.status;
}

export function asStored({ metadata, spec, status }: Pipeline): StoredPipeline {
  return { metadata, spec: { ok: true, value: spec }, status };
}
