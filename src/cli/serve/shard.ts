import type { PipelineKey } from '../../api/pipeline.ts';
import { leaseName } from '../../decide/model/shard.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { PipelineStore } from '../../observe/pipelines/pipelines.ts';
import { createShardPipelines } from '../../observe/pipelines/shard-pipelines.ts';
import type { Fence } from '../../promote/fence.ts';
import type { ServeConfig } from './flags.ts';

/** The Pipelines that one replica acts on, of all that it knows, and the Lease that it shares with its like. */
export function composeShard(config: ServeConfig, store: PipelineStore) {
  const selector = config['watch-label-selector'];
  const lease = leaseName({ namespace: config['watch-namespace'], selector });
  return { lease, selector: selector.text, ...createShardPipelines(store, selector) };
}

/** Lets nothing of a Pipeline be changed that another shard has by now, nor what `fence` does not let. */
export function fenceByShard(isElsewhere: (key: PipelineKey) => boolean, fence: Fence): Fence {
  return async (pipeline) => {
    await fence(pipeline);
    if (!isElsewhere(pipeline)) return;
    const sentence = `Pipeline ${pipeline} was moved to another shard: this one stops here, and that one goes on.`;
    throw new TurnpikeError('NotLeading', sentence);
  };
}
