/**
 * Gathers what is asked for with the same key while earlier work with that key is under way, and then does
 * all of it at once. Nothing waits longer than for the work before it, and what comes alone does not wait.
 */
export type Together<Item, Result> = (key: string, item: Item) => Promise<Result>;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly settle: PromiseWithResolvers<Result>;
}

/** Takes those of the items that have come since that may still join the work. */
export type Latecomers<Item> = (mayJoin: (item: Item) => boolean) => readonly Item[];

/**
 * @param work gives one outcome for each item, in their order, those that it took later behind the first ones;
 * when it throws, that is every item's outcome
 * @param atOnce how many items one piece of work takes at most
 */
export function createTogether<Item, Result>(
  work: (
    items: readonly Item[],
    latecomers: Latecomers<Item>,
  ) => Promise<readonly PromiseSettledResult<Result>[]>,
  atOnce: number,
): Together<Item, Result> {
  /** Keys that are being worked on, with what has come since. */
  const waiting = new Map<string, Waiting<Item, Result>[]>();

  async function workOff(key: string, queue: Waiting<Item, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const taken = queue.splice(0, atOnce);
      const latecomers: Latecomers<Item> = (mayJoin) => {
        const late = queue.filter(({ item }) => mayJoin(item)).slice(0, atOnce - taken.length);
        for (const one of late) queue.splice(queue.indexOf(one), 1);
        taken.push(...late);
        return late.map(({ item }) => item);
      };
      try {
        const first = taken.map(({ item }) => item);
        const outcomes = await work(first, latecomers);
        for (const [index, { settle }] of taken.entries()) settleWith(settle, outcomes[index]);
      } catch (error) {
        for (const { settle } of taken) settle.reject(error);
      }
    }
    waiting.delete(key);
  }

  return (key, item) => {
    const settle = Promise.withResolvers<Result>();
    const queue = waiting.get(key);
    if (queue) {
      queue.push({ item, settle });
      return settle.promise;
    }
    const begun = [{ item, settle }];
    waiting.set(key, begun);
    void workOff(key, begun);
    return settle.promise;
  };
}

function settleWith<Result>(
  settle: PromiseWithResolvers<Result>,
  outcome: PromiseSettledResult<Result> | undefined,
): void {
  if (outcome?.status === 'fulfilled') settle.resolve(outcome.value);
  else settle.reject(outcome?.reason ?? new Error('the work gave no outcome'));
}
