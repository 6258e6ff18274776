import { type PipelineKey, type PipelineStatus, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import type { StatusStore } from '../decide/model/status-store.ts';
import { hasCode, TurnpikeError } from '../lib/errors.ts';

/** A store whose writes to the status of one Pipeline come one after the other. */
export interface SerializedWrites<Store extends StatusStore> {
  /** For all that write. */
  readonly store: Store;
  /** For a writer that acts on changes, so that it does not answer its own. `onExternalChange` hears of others' meanwhile. */
  skipOwnUpdates(onExternalChange: (key: PipelineKey) => void): OwnUpdates;
}

export interface OwnUpdates {
  readonly store: StatusStore;
  /** Tells whether the change that was just seen is one that this writer makes. */
  isOwn(key: PipelineKey): boolean;
}

interface Write {
  /** Undefined: one that does not skip its own. */
  readonly by: OwnUpdates | undefined;
  /** Undefined: it failed, which its own writer hears. */
  readonly ended: Promise<StoredPipeline | undefined>;
}

/**
 * A mutex for each Pipeline with optimistic conflict. An event often comes while the reconciler writes what it has seen of
 * the same deployment by itself: of the two the API server would refuse one, after all the work of applying it. The one
 * that waited for a write which succeeded gets the conflict without a request.
 */
export function serializeWrites<Store extends StatusStore>(store: Store): SerializedWrites<Store> {
  const writing = new Map<PipelineKey, Write>();

  async function write(pipeline: StoredPipeline, status: PipelineStatus, by?: OwnUpdates) {
    const key = keyOf(pipeline);
    for (let before = writing.get(key); before; before = writing.get(key)) {
      const written = await before.ended;
      if (written && versionOf(written) !== versionOf(pipeline)) {
        throw new TurnpikeError('ApiConflict', `Pipeline ${key} was just written to.`);
      }
    }
    const { promise: ended, resolve } = Promise.withResolvers<StoredPipeline | undefined>();
    writing.set(key, { by, ended });
    try {
      const written = await store.applyStatus(pipeline, status);
      resolve(written);
      return written;
    } finally {
      writing.delete(key);
      resolve(undefined);
    }
  }

  return {
    store: { ...store, applyStatus: (pipeline, status) => write(pipeline, status) },
    skipOwnUpdates(onExternalChange) {
      const own: OwnUpdates = {
        isOwn: (key) => writing.get(key)?.by === own,
        store: {
          ...store,
          async applyStatus(pipeline, status) {
            const key = keyOf(pipeline);
            try {
              const written = await write(pipeline, status, own);
              const known = store.get(key);
              if (known && versionOf(known) !== versionOf(written)) onExternalChange(key);
              return written;
            } catch (error) {
              if (hasCode(error, 'ApiConflict')) onExternalChange(key);
              throw error;
            }
          },
        },
      };
      return own;
    },
  };
}

function keyOf({ metadata }: StoredPipeline): PipelineKey {
  return pipelineKey(metadata.namespace, metadata.name);
}

function versionOf({ metadata }: StoredPipeline): string {
  return metadata.resourceVersion;
}
