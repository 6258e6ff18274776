export { untilAborted } from './abort.ts';
export {
  type AttemptTime,
  forgeTime,
  gitTime,
  inAttemptTime,
  ownTurn,
  type TimeLimits,
  type Waiting,
} from './attempt-time.ts';
export { type Backoff, backoffDelay, doubled } from './backoff.ts';
export { type Batch, createBatcher, type DrainPending, type Patience, type Settle } from './batcher.ts';
export { createSizedMap, putBounded, type SizedMap } from './bounded-map.ts';
export { type Breakers, createBreakers, type Refusal } from './breaker.ts';
export { type Bulkhead, type BulkheadLimits, createBulkhead, type TenantHost } from './bulkhead.ts';
export { createCache } from './cache.ts';
export { createDeadline, type Deadline, type DeadlineOptions } from './deadline.ts';
export { createDebounce } from './debounce.ts';
export { createGarbageCollector, type GarbageCollector } from './garbage-collector.ts';
export type { QueueObserver } from './key-queue.ts';
export { createListeners } from './listeners.ts';
export { createLookupBudget, type LookupBudget } from './lookup-budget.ts';
export { BACKGROUND, type Clock, inBackground, MONOTONIC, onTimer, type Schedule } from './schedule.ts';
export { createSingleFlight } from './single-flight.ts';
export { createSlots, type Slots } from './slots.ts';
export type { Soon } from './soon.ts';
export { atOnce, oneByOne, type Steps } from './steps.ts';
export { createTurns, type Turn, type Turns } from './turn.ts';
export { wait } from './wait.ts';
export { createQueue, type Queue } from './work-queue.ts';
export { createWorkers, type Workers } from './workers.ts';
