import { type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import { hasCode } from '../lib/errors.ts';

/** Tells the reconciler's own writes from others', so that it does not answer its own echo. */
export interface OwnWrites {
  readonly store: StatusStore;
  /** Whether the change that was just heard of is one that the reconciler is making. */
  isOwn(key: PipelineKey): boolean;
}

/** `onForeign` hears of a change by somebody else that came while ours was under way. */
export function createOwnWrites(store: StatusStore, onForeign: (key: PipelineKey) => void): OwnWrites {
  const writing = new Set<PipelineKey>();
  return {
    isOwn: (key) => writing.has(key),
    store: {
      ...store,
      async applyStatus(pipeline, status) {
        const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
        writing.add(key);
        try {
          const written = await store.applyStatus(pipeline, status);
          const known = store.get(key);
          if (known && known.metadata.resourceVersion !== written.metadata.resourceVersion) onForeign(key);
          return written;
        } catch (error) {
          if (hasCode(error, 'ApiConflict')) onForeign(key);
          throw error;
        } finally {
          writing.delete(key);
        }
      },
    },
  };
}
