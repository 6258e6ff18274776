import { setImmediate } from 'node:timers/promises';
import {
  type Bulkhead,
  type Clock,
  createDeadline,
  type GarbageCollector,
  MONOTONIC,
  type Slots,
  type TenantHost,
} from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import type { AnswerBytes, ByteRoom } from './byte-room.ts';

/** Requests to another cluster until there is room for them. What they wait is our time, not the cluster's. */
export interface RequestQueue {
  /**
   * Runs the work when there is room for it.
   * @throws TurnpikeError ApiBusy when there is none in time; nothing was sent then
   */
  run<T>(queued: Queued, work: () => Promise<T>): Promise<T>;
  /** Parses an answer, a large one alone in its turn and with a rest behind it: all else of this process goes on. */
  parse<T>(bytes: Uint8Array, signal: AbortSignal, parse: () => T): Promise<T>;
  /** Bytes that an answer takes until it is parsed. */
  answer(): AnswerBytes;
  /** For how many milliseconds until now some request has waited; lists, for which nobody waits, apart. */
  waited(): number;
}

export interface Queued {
  readonly isList: boolean;
  readonly waitMs: number;
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** Limits that the requests to all other clusters share. */
export interface ClusterRoom {
  readonly requests: Bulkhead;
  /** Lists at once: they are long and large, and must leave room for what is short. */
  readonly lists: Bulkhead;
  /** Slots to parse large answers, by namespace. */
  readonly parses: Slots;
  readonly bytes: ByteRoom;
  readonly collector: GarbageCollector;
}

export interface RequestQueueDeps {
  readonly room: ClusterRoom;
  readonly place: TenantHost;
  readonly clock?: Clock | undefined;
}

/** Size up to which an answer is parsed in a few milliseconds. */
const SMALL_BYTES = 64 * 1024;
/** So many times as long as a large one took no other one is parsed: together they have a third of the time. */
const REST = 2;

export function createRequestQueue({ room, place, clock = MONOTONIC }: RequestQueueDeps): RequestQueue {
  const { now, schedule } = clock;
  const stopwatch = createStopwatch(now);

  function enter<T>(isList: boolean, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const send = () => room.requests.run(place, signal, work);
    return isList ? room.lists.run(place, signal, send) : send();
  }

  async function parse<T>(bytes: Uint8Array, signal: AbortSignal, run: () => T): Promise<T> {
    if (bytes.byteLength <= SMALL_BYTES) return run();
    const giveBack = await room.parses.take(signal, place.namespace);
    await setImmediate();
    const started = now();
    try {
      room.collector.before(bytes.byteLength);
      return run();
    } finally {
      schedule(giveBack, (REST * (now() - started)) / 1000);
    }
  }

  return {
    async run({ isList, waitMs, signals }, work) {
      const waiting = createDeadline({ timeoutMs: waitMs, signals, schedule });
      const stop = isList ? () => {} : stopwatch.start();
      const leave = () => {
        waiting.clear();
        stop();
      };
      try {
        return await enter(isList, waiting.signal, () => {
          leave();
          return work();
        });
      } catch (error) {
        throw waiting.expired() ? busy(waitMs) : error;
      } finally {
        leave();
      }
    },
    parse,
    answer: () => room.bytes.open(place.namespace),
    waited: stopwatch.elapsed,
  };
}

export function busy(ms: number): TurnpikeError {
  const message = `Turnpike has too many requests to other clusters in progress: this one was not sent within ${ms} ms, and is tried again.`;
  return new TurnpikeError('ApiBusy', message);
}

/** Runs while at least one has started it. */
function createStopwatch(now: Clock['now']) {
  let running = 0;
  let since = 0;
  let total = 0;
  const elapsed = () => total + (running > 0 ? now() - since : 0);
  return {
    elapsed,
    /** Starts the clock; the function that it gives stops it, once. */
    start() {
      if (running === 0) since = now();
      running += 1;
      let isStopped = false;
      return () => {
        if (isStopped) return;
        isStopped = true;
        if (running === 1) total = elapsed();
        running -= 1;
      };
    },
  };
}
