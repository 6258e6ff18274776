import {
  type Pipeline,
  type PipelineKey,
  type PipelineStatus,
  pipelineKey,
  type StoredPipeline,
} from '../../src/api/pipeline.ts';
import type { StatusStore } from '../../src/decide/model/status-store.ts';
import { TurnpikeError } from '../../src/lib/errors.ts';

/** Pipelines in memory, with the API server's rules for writing them. */
export interface FakeStore extends StatusStore {
  put(pipeline: Pipeline | StoredPipeline): void;
  subscribe(listener: (key: PipelineKey) => void): () => void;
  list(): StoredPipeline[];
  writes(): number;
  /** Writes fail from now on, as when the API server is away. */
  breakDown(): void;
  /** The next write finds that another writer changed `status` a moment before. */
  interfere(status: PipelineStatus): void;
  /** Takes the Pipeline away, as `kubectl delete` does. */
  remove(key: PipelineKey): void;
}

export function createFakeStore(): FakeStore {
  const objects = new Map<PipelineKey, StoredPipeline>();
  const listeners = new Set<(key: PipelineKey) => void>();
  let version = 1;
  let written = 0;
  let broken = false;
  let interference: PipelineStatus | undefined;

  function keyOf({ metadata }: Pick<StoredPipeline, 'metadata'>): PipelineKey {
    return pipelineKey(metadata.namespace, metadata.name);
  }

  function save(stored: StoredPipeline, status: PipelineStatus): StoredPipeline {
    version += 1;
    const next = { ...stored, status, metadata: { ...stored.metadata, resourceVersion: String(version) } };
    objects.set(keyOf(stored), next);
    for (const listener of listeners) listener(keyOf(stored));
    return next;
  }

  return {
    get: (key) => objects.get(key),
    read: async (key) => objects.get(key),
    list: () => [...objects.values()],
    writes: () => written,
    put(pipeline) {
      const spec = 'ok' in pipeline.spec ? pipeline.spec : ({ ok: true, value: pipeline.spec } as const);
      save({ metadata: pipeline.metadata, spec, status: pipeline.status }, pipeline.status);
    },
    async applyStatus(stored, status) {
      if (broken) throw new TurnpikeError('ApiUnavailable', 'The API server is away.');
      const current = objects.get(keyOf(stored));
      if (!current) throw new TurnpikeError('ApiNotFound', 'There is no such Pipeline.');
      if (interference) {
        save(current, interference);
        interference = undefined;
      }
      if (objects.get(keyOf(stored))?.metadata.resourceVersion !== stored.metadata.resourceVersion) {
        throw new TurnpikeError('ApiConflict', 'Somebody else wrote it meanwhile.');
      }
      written += 1;
      return save(stored, status);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    breakDown() {
      broken = true;
    },
    interfere(status) {
      interference = status;
    },
    remove(key) {
      objects.delete(key);
    },
  };
}
