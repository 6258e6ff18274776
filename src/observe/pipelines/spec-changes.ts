import type { PipelineKey, PipelineSpec, StoredPipeline } from '../../api/pipeline.ts';

/** New specs of Pipelines, kept apart from the many changes of their status alone at the cost of a comparison here. */
export interface SpecChanges {
  /**
   * Calls the listener for each new spec; undefined when the Pipeline is gone, or its spec does not hold to the schema.
   */
  subscribe(listener: SpecListener): void;
}

export type SpecListener = (key: PipelineKey, spec: PipelineSpec | undefined) => void;

interface Source {
  get(key: PipelineKey): StoredPipeline | undefined;
  subscribe(listener: (key: PipelineKey) => void): unknown;
}

interface Seen {
  readonly uid: string;
  readonly generation: number;
}

/** Create it before the Pipelines are read: it reports no spec that was there already. */
export function watchSpecs(pipelines: Source): SpecChanges {
  const seen = new Map<PipelineKey, Seen>();
  const listeners: SpecListener[] = [];

  pipelines.subscribe((key) => {
    const pipeline = pipelines.get(key);
    const known = seen.get(key);
    const { uid, generation } = pipeline?.metadata ?? {};
    if (known && known.uid === uid && known.generation === generation) return;
    if (pipeline) seen.set(key, { uid: pipeline.metadata.uid, generation: pipeline.metadata.generation });
    else seen.delete(key);
    const spec = pipeline?.spec.ok ? pipeline.spec.value : undefined;
    for (const listener of listeners) listener(key, spec);
  });

  return { subscribe: (listener) => listeners.push(listener) };
}
