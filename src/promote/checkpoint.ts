import type { PipelineKey } from '../api/pipeline.ts';

/** The places between two steps of a promotion, in the order of the steps. */
export const CHECKPOINTS = [
  'before-state',
  'after-state',
  'before-intent',
  'after-intent',
  'secret-read',
  'fetched',
  'before-push',
  'after-push',
  'before-create',
  'after-create',
  'before-update',
  'after-update',
  'before-event',
  'after-event',
  'before-task',
  'after-task',
  'before-result',
  'after-result',
] as const;
export type Checkpoint = (typeof CHECKPOINTS)[number];

/**
 * Called between two steps of a promotion; the next step begins when it has ended.
 *
 * @throws TurnpikeError NotLeading when another replica may be acting by now: no further step is taken
 */
export type Pass = (checkpoint: Checkpoint, pipeline: PipelineKey) => Promise<void>;
