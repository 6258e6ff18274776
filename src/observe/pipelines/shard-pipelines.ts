import type { PipelineKey, StoredPipeline } from '../../api/pipeline.ts';
import type { LabelSelector } from '../../lib/kube/pure.ts';
import type { PipelineStore } from './pipelines.ts';
import { storedKey } from './stored-pipeline.ts';

/**
 * The Pipelines of one shard, out of a store that knows all of them. A Pipeline that moves to another shard by its
 * labels is removed here and added there.
 */
export interface ShardPipelines {
  get(key: PipelineKey): StoredPipeline | undefined;
  list(): StoredPipeline[];
  /** Calls the listener for every change of a Pipeline of this shard, and for each that leaves it. */
  subscribe(listener: (key: PipelineKey) => void): () => void;
  /** Calls the listener for each deleted Pipeline with its last state, not for those that moved. */
  onRemoved(listener: (last: StoredPipeline) => void): () => void;
  /** Reports whether another shard acts on it by now; a deleted one belongs to no shard. */
  isElsewhere(key: PipelineKey): boolean;
}

type Store = Pick<PipelineStore, 'get' | 'list' | 'subscribe' | 'onRemoved'>;

export function createShardPipelines(store: Store, selector: LabelSelector): ShardPipelines {
  const isOurs = ({ metadata }: StoredPipeline) => selector.matches(metadata.labels);

  function get(key: PipelineKey): StoredPipeline | undefined {
    const pipeline = store.get(key);
    return pipeline && isOurs(pipeline) ? pipeline : undefined;
  }

  const list = () => store.list().filter(isOurs);

  function subscribe(listener: (key: PipelineKey) => void): () => void {
    const members = new Set(list().map(storedKey));
    return store.subscribe((key) => {
      const isMember = get(key) !== undefined;
      const wasMember = members.delete(key);
      if (isMember) members.add(key);
      if (isMember || wasMember) listener(key);
    });
  }

  return {
    get,
    list,
    subscribe,
    onRemoved: (listener) =>
      store.onRemoved((last) => {
        if (isOurs(last)) listener(last);
      }),
    isElsewhere(key) {
      const pipeline = store.get(key);
      return pipeline !== undefined && !isOurs(pipeline);
    },
  };
}
