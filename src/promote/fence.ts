import type { PipelineKey } from '../api/pipeline.ts';

/**
 * Asked right before something of a Pipeline is changed, in its status, in Git or on a forge; the change follows when it
 * has ended.
 *
 * @throws TurnpikeError NotLeading when another replica may be acting on it by now: nothing more is changed
 */
export type Fence = (pipeline: PipelineKey) => Promise<void>;
