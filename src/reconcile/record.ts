import { hasCode } from '../api/errors.ts';
import { pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { Decided, RecordStatus, StatusStore } from '../api/record.ts';

/** Writers meet rarely, and each meeting lets one of them through. */
const MAX_CONFLICTS = 10;

export function createRecordStatus(store: StatusStore): RecordStatus {
  return async (known, decide) => {
    let stored: StoredPipeline | undefined = known;
    for (let conflicts = 0; stored?.spec.ok; conflicts += 1) {
      const { metadata, spec, status } = stored;
      const decision = decide({ metadata, spec: spec.value, status });
      if (await isWritten(store, stored, decision, conflicts)) return decision;
      stored = await newest(store, stored);
    }
    return undefined;
  };
}

/** What was heard of since may be newer already; it is asked for where nothing was. */
export async function newest(
  store: StatusStore,
  { metadata }: StoredPipeline,
): Promise<StoredPipeline | undefined> {
  const key = pipelineKey(metadata.namespace, metadata.name);
  const known = store.get(key);
  return known && known.metadata.resourceVersion !== metadata.resourceVersion ? known : await store.read(key);
}

async function isWritten(store: StatusStore, stored: StoredPipeline, { status }: Decided, conflicts: number) {
  if (status === undefined) return true;
  try {
    await store.applyStatus(stored, status);
    return true;
  } catch (error) {
    if (hasCode(error, 'ApiConflict') && conflicts < MAX_CONFLICTS) return false;
    throw error;
  }
}
