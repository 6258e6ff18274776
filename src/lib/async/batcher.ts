import type { Waiting } from './attempt-time.ts';

/**
 * Gathers what is asked for with the same key while earlier work with that key is under way, and then does
 * all of it at once. Nothing waits longer than for the work before it, and what comes alone does not wait.
 */
export type Batcher<Item extends Patience, Result> = (key: string, item: Item) => Promise<Result>;

/** An item that nobody waits for any more leaves the queue at once. */
export interface Patience {
  readonly signal?: AbortSignal;
  readonly waiting?: Waiting;
}

interface Queued<Item, Result> {
  readonly item: Item;
  readonly settle: PromiseWithResolvers<Result>;
  /** It waits no longer: it is taken, or has left. */
  readonly begin: () => void;
}

/** Takes those of the items that have come since that may still join the work. */
export type DrainPending<Item> = (mayJoin: (item: Item) => boolean) => readonly Item[];

/** Says what has become of an item, as soon as that is known. */
export type Settle<Item, Result> = (item: Item, outcome: PromiseSettledResult<Result>) => void;

/** The items that one piece of work takes on. */
export interface Batch<Item, Result> {
  readonly items: readonly Item[];
  readonly drainPending: DrainPending<Item>;
  readonly settle: Settle<Item, Result>;
}

/**
 * @param work tells the outcome of each item, those that it took later included; when it throws, that is the outcome
 * of all that were told none
 * @param fits whether one piece of work may take all of these items
 */
export function createBatcher<Item extends Patience, Result>(
  work: (batch: Batch<Item, Result>) => Promise<void>,
  fits: (items: readonly Item[]) => boolean,
): Batcher<Item, Result> {
  /** Keys that are being worked on, with what has come since. */
  const waiting = new Map<string, Queued<Item, Result>[]>();

  async function workOff(key: string, queue: Queued<Item, Result>[]): Promise<void> {
    while (queue.length > 0) await workOn(queue);
    waiting.delete(key);
  }

  async function workOn(queue: Queued<Item, Result>[]): Promise<void> {
    const taken: Queued<Item, Result>[] = [];
    const drainPending: DrainPending<Item> = (mayJoin) => {
      const late: Item[] = [];
      for (const one of queue.filter(({ item }) => mayJoin(item))) {
        if (taken.length > 0 && !fits([...taken.map(({ item }) => item), one.item])) continue;
        queue.splice(queue.indexOf(one), 1);
        one.begin();
        taken.push(one);
        late.push(one.item);
      }
      return late;
    };
    const settle: Settle<Item, Result> = (item, outcome) => {
      for (const one of taken) if (one.item === item) settleWith(one.settle, outcome);
    };
    try {
      await work({ items: drainPending(() => true), drainPending, settle });
      for (const { settle } of taken) settle.reject(new Error('the work gave no outcome'));
    } catch (error) {
      for (const { settle } of taken) settle.reject(error);
    }
  }

  return (key, item) => {
    if (item.signal?.aborted) return Promise.reject(item.signal.reason);
    const settle = Promise.withResolvers<Result>();
    const queue = waiting.get(key);
    if (queue) {
      enqueue(queue, item, settle);
      return settle.promise;
    }
    const begun = [{ item, settle, begin: () => undefined }];
    waiting.set(key, begun);
    void workOff(key, begun);
    return settle.promise;
  };
}

function enqueue<Item extends Patience, Result>(
  queue: Queued<Item, Result>[],
  item: Item,
  settle: PromiseWithResolvers<Result>,
): void {
  const { signal, waiting } = item;
  const { promise: turn, resolve } = Promise.withResolvers<void>();
  const begin = () => {
    signal?.removeEventListener('abort', leave);
    resolve();
  };
  const queued = { item, settle, begin };
  const leave = () => {
    queue.splice(queue.indexOf(queued), 1);
    begin();
    settle.reject(signal?.reason);
  };
  signal?.addEventListener('abort', leave, { once: true });
  queue.push(queued);
  void waiting?.(turn);
}

function settleWith<Result>(
  settle: PromiseWithResolvers<Result>,
  outcome: PromiseSettledResult<Result>,
): void {
  if (outcome.status === 'fulfilled') settle.resolve(outcome.value);
  else settle.reject(outcome.reason);
}
