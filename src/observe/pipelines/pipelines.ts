import { API_VERSION, FIELD_MANAGER, KIND, PLURAL } from '../../api/group.ts';
import { keyNames, type PipelineKey, type PipelineStatus, type StoredPipeline } from '../../api/pipeline.ts';
import { hasCode } from '../../lib/errors.ts';
import { createInformer, type KubeClient, resourcePath } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { parseStoredPipeline, storedKey } from './stored-pipeline.ts';

export interface PipelineStore {
  /** Reads from the cache. */
  get(key: PipelineKey): StoredPipeline | undefined;
  list(): StoredPipeline[];
  /** Reads from the API server into the cache; undefined when it does not exist, or not in the watched namespace. */
  read(key: PipelineKey): Promise<StoredPipeline | undefined>;
  /**
   * Applies the whole status (server-side apply), provided that nobody has changed the Pipeline since; the answer goes
   * into the cache at once.
   * @throws TurnpikeError ApiConflict when somebody has, ApiNotFound when the Pipeline is gone
   */
  applyStatus(pipeline: StoredPipeline, status: PipelineStatus): Promise<StoredPipeline>;
  /** Calls the listener for every change, own writes included. */
  subscribe(listener: (key: PipelineKey) => void): () => void;
  /** Calls the listener for each deleted Pipeline, with its last state. */
  onRemoved(listener: (last: StoredPipeline) => void): () => void;
  synced(): boolean;
  start(): void;
  stop(): Promise<void>;
}

export interface PipelineStoreOptions {
  /** Default: all. */
  readonly namespace?: string;
  readonly log: Logger;
}

const APPLY_PATCH = 'application/apply-patch+yaml';

export function createPipelineStore(client: KubeClient, options: PipelineStoreOptions): PipelineStore {
  const { namespace, log } = options;
  const informer = createInformer<StoredPipeline>(client, {
    path: resourcePath({ apiVersion: API_VERSION, plural: PLURAL, ...(namespace && { namespace }) }),
    parse: parseStoredPipeline,
    log,
  });

  function accepted(raw: unknown): StoredPipeline {
    const pipeline = parseStoredPipeline(raw);
    informer.accept(pipeline);
    return pipeline;
  }

  async function read(key: PipelineKey): Promise<StoredPipeline | undefined> {
    const { namespace: inNamespace, name } = keyNames(key);
    if (namespace && inNamespace !== namespace) return undefined;
    try {
      return accepted(await client.request({ method: 'GET', path: pathOf(inNamespace, name) }));
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) return undefined;
      throw error;
    }
  }

  async function applyStatus(pipeline: StoredPipeline, status: PipelineStatus): Promise<StoredPipeline> {
    const { metadata } = pipeline;
    const answer = await client.request({
      method: 'PATCH',
      path: pathOf(metadata.namespace, metadata.name, 'status'),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: APPLY_PATCH,
      body: {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: {
          name: metadata.name,
          namespace: metadata.namespace,
          resourceVersion: metadata.resourceVersion,
        },
        status,
      },
    });
    return accepted(answer);
  }

  return {
    get: informer.get,
    list: informer.list,
    read,
    applyStatus,
    subscribe: (listener) => informer.subscribe(({ object }) => listener(storedKey(object))),
    onRemoved: (listener) =>
      informer.subscribe(({ kind, object }) => {
        if (kind === 'deleted') listener(object);
      }),
    synced: informer.synced,
    start: informer.start,
    stop: informer.stop,
  };
}

function pathOf(namespace: string, name: string, subresource?: string): string {
  return resourcePath({
    apiVersion: API_VERSION,
    plural: PLURAL,
    namespace,
    name,
    ...(subresource && { subresource }),
  });
}
