import { describe, expect, test } from 'bun:test';
import { createBatcher } from '../../../../src/lib/async/batcher.ts';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { settled } from '../../../fakes/schedule.ts';

interface Item {
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly waiting?: <T>(turn: Promise<T>) => Promise<T>;
}

const upToTen = (items: readonly Item[]) => items.length <= 10;

/** Work that takes until it is let go, and tells each item its own name. */
function setUp() {
  const done: (readonly string[])[] = [];
  const ends: (() => void)[] = [];
  const batched = createBatcher<Item, string>(async ({ items, settle }) => {
    done.push(items.map(({ name }) => name));
    await new Promise<void>((resolve) => ends.push(resolve));
    for (const item of items) settle(item, { status: 'fulfilled', value: item.name });
  }, upToTen);
  return { done, ends, ask: (item: Item) => batched('a repository', item) };
}

describe('what waits for earlier work', () => {
  test('leaves at once when it is given up, and is not carried out', async () => {
    const { done, ends, ask } = setUp();
    const ended = new AbortController();
    const first = ask({ name: 'first' });
    const impatient = failureOf(ask({ name: 'impatient', signal: ended.signal }));
    const patient = ask({ name: 'patient', signal: new AbortController().signal });
    ended.abort(new TurnpikeError('GitUnavailable', 'given up'));
    expect((await impatient).message).toBe('given up');
    expect((await failureOf(ask({ name: 'late', signal: ended.signal }))).message).toBe('given up');
    ends[0]?.();
    expect(await first).toBe('first');
    await settled();
    ends[1]?.();
    expect(await patient).toBe('patient');
    expect(done).toEqual([['first'], ['patient']]);
  });

  test("waits on no one's time until it is taken", async () => {
    const { ends, ask } = setUp();
    const waits: string[] = [];
    const waiting = async <T>(turn: Promise<T>) => {
      waits.push('begins');
      const result = await turn;
      waits.push('ends');
      return result;
    };
    void ask({ name: 'first', waiting });
    expect(waits).toEqual([]);
    const second = ask({ name: 'second', waiting });
    expect(waits).toEqual(['begins']);
    ends[0]?.();
    await settled();
    expect(waits).toEqual(['begins', 'ends']);
    ends[1]?.();
    expect(await second).toBe('second');
  });
});

test('what does not fit waits for the work after, and lets pass what does', async () => {
  const done: (readonly string[])[] = [];
  const fits = (items: readonly Item[]) => new Set(items.map(({ name }) => name)).size <= 2;
  const batched = createBatcher<Item, string>(async ({ items, settle }) => {
    done.push(items.map(({ name }) => name));
    await settled();
    for (const item of items) settle(item, { status: 'fulfilled', value: item.name });
  }, fits);
  const names = ['a', 'b', 'c', 'd', 'b'];
  await Promise.all(names.map((name) => batched('a repository', { name })));
  expect(done).toEqual([['a'], ['b', 'c', 'b'], ['d']]);
});

test('what is given up before it comes is not begun', async () => {
  const { done, ask } = setUp();
  const ended = AbortSignal.abort(new TurnpikeError('GitUnavailable', 'given up'));
  void ask({ name: 'given up', signal: ended }).catch(() => undefined);
  await settled();
  expect(done).toEqual([]);
});

describe('the outcome of one item', () => {
  test('is resolved before the work with the others is over', async () => {
    const over = Promise.withResolvers<void>();
    const batched = createBatcher<Item, string>(async ({ items, drainPending, settle }) => {
      await settled();
      for (const item of [...items, ...drainPending(() => true)].toReversed()) {
        if (item.name === 'slow') await over.promise;
        settle(item, { status: 'fulfilled', value: item.name });
      }
    }, upToTen);
    const slow = batched('a repository', { name: 'slow' });
    expect(await batched('a repository', { name: 'fast' })).toBe('fast');
    over.resolve();
    expect(await slow).toBe('slow');
  });

  test('is the error of the work unless it was resolved before', async () => {
    const batched = createBatcher<Item, string>(async ({ items, drainPending, settle }) => {
      await settled();
      drainPending(() => true);
      for (const item of items) settle(item, { status: 'fulfilled', value: item.name });
      throw new TurnpikeError('GitUnavailable', 'broken');
    }, upToTen);
    const first = batched('a repository', { name: 'first' });
    const second = failureOf(batched('a repository', { name: 'second' }));
    expect(await first).toBe('first');
    expect((await second).message).toBe('broken');
  });
});
