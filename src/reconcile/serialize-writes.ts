import { type PipelineKey, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import { TurnpikeError } from '../lib/errors.ts';

/**
 * Writes of one Pipeline take turns in this process. An event often comes while the reconciler writes what it has
 * seen of the same deployment by itself: of the two the API server would turn one away, after all the work of
 * applying it. Who has waited here in vain is told so without a request.
 */
export function takeTurns<Store extends StatusStore>(store: Store): Store {
  const writing = new Map<PipelineKey, Promise<StoredPipeline>>();

  return {
    ...store,
    async applyStatus(pipeline, status) {
      const key = pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
      for (let before = writing.get(key); before; before = writing.get(key)) {
        const written = await before.catch(() => undefined); // Its own writer hears of the error.
        if (written && written.metadata.resourceVersion !== pipeline.metadata.resourceVersion) {
          throw new TurnpikeError('ApiConflict', `Pipeline ${key} was just written to.`);
        }
      }
      const write = store.applyStatus(pipeline, status);
      writing.set(key, write);
      try {
        return await write;
      } finally {
        writing.delete(key);
      }
    },
  };
}
