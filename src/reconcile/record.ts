import { type Pipeline, type PipelineStatus, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { RecordStatus, StatusStore } from '../decide/model/status-store.ts';
import { hasCode } from '../lib/errors.ts';

/** Writers meet rarely, and each meeting lets one of them through. */
const MAX_CONFLICTS = 10;

/** Hears of each status that was written, and of the one before it. It must not throw. */
export type OnWritten = (pipeline: Pipeline, before: PipelineStatus) => void;

export function createRecordStatus(store: StatusStore, onWritten?: OnWritten): RecordStatus {
  return async (known, decide) => {
    let stored: StoredPipeline | undefined = known;
    for (let conflicts = 0; stored?.spec.ok && isSame(stored, known); conflicts += 1) {
      const { metadata, spec, status } = stored;
      const pipeline = { metadata, spec: spec.value, status };
      const decision = decide(pipeline);
      if (decision.status === undefined) return decision;
      const outcome = await write(store, stored, decision.status, conflicts);
      if (outcome === 'gone') return undefined;
      if (outcome === 'written') {
        onWritten?.({ ...pipeline, status: decision.status }, status);
        return decision;
      }
      stored = await newest(store, stored);
    }
    return undefined;
  };
}

/** A Pipeline of the same name that was created anew is another one: nobody has proven anything to it. */
function isSame({ metadata }: StoredPipeline, known: StoredPipeline): boolean {
  return metadata.uid === known.metadata.uid;
}

/** Gives a newer Pipeline: the one of the watch, or the API server's where the watch has none that is newer. */
export async function newest(
  store: StatusStore,
  { metadata }: StoredPipeline,
): Promise<StoredPipeline | undefined> {
  const key = pipelineKey(metadata.namespace, metadata.name);
  const known = store.get(key);
  return known && known.metadata.resourceVersion !== metadata.resourceVersion ? known : await store.read(key);
}

async function write(store: StatusStore, stored: StoredPipeline, status: PipelineStatus, conflicts: number) {
  try {
    await store.applyStatus(stored, status);
    return 'written';
  } catch (error) {
    if (hasCode(error, 'ApiNotFound')) return 'gone';
    if (hasCode(error, 'ApiConflict') && conflicts < MAX_CONFLICTS) return 'conflict';
    throw error;
  }
}
