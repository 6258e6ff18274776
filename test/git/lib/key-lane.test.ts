import { describe, expect, test } from 'bun:test';
import { createTurns, type Turn } from '../../../src/lib/async/turn.ts';
import { createKeyLane, createOpenedKeys } from '../../../src/lib/git/key-lane.ts';
import { waitUntil } from '../../lab/wait.ts';

/** Keys with a passphrase are opened one at a time, for those who still wait. */

const FOREVER = 1_000_000;

function setUp() {
  const lane = createKeyLane(createTurns());
  const keys = createOpenedKeys<string>(lane);
  let rounds = 0;
  const opening = (name: string, count: number) => async (turn: Turn) => {
    for (let round = 0; round < count; round += 1) {
      await turn();
      rounds += 1;
    }
    return name;
  };
  return { lane, keys, opening, rounds: () => rounds };
}

describe('a key that is being opened', () => {
  test('is given up between two rounds once nobody waits for it, and the next one is opened', async () => {
    const { keys, opening, rounds } = setUp();
    const ended = new AbortController();
    const first = keys('a', opening('a', FOREVER), { signal: ended.signal });
    const next = keys('b', opening('b', 1), {});
    await waitUntil('some rounds', () => rounds() > 3, { everyMs: 1 });
    ended.abort(new Error('given up'));
    const before = rounds();
    await expect(first).rejects.toThrow('given up');
    expect(await next).toBe('b');
    expect(rounds()).toBeLessThanOrEqual(before + 2);
  });

  test('is opened for the others where one gives up, and once for all', async () => {
    const { keys, opening, rounds } = setUp();
    const ended = new AbortController();
    const askers = [{ signal: ended.signal }, { signal: new AbortController().signal }, {}];
    const [first, ...others] = askers.map((asker) => keys('a', opening('a', 5), asker));
    ended.abort(new Error('given up'));
    await expect(first).rejects.toThrow('given up');
    expect(await Promise.all(others)).toEqual(['a', 'a']);
    expect(rounds()).toBe(5);
  });

  test('is opened anew for who comes after it was given up', async () => {
    const { keys, opening } = setUp();
    const ended = new AbortController();
    const first = keys('a', opening('a', FOREVER), { signal: ended.signal });
    ended.abort(new Error('given up'));
    await expect(first).rejects.toThrow('given up');
    expect(await keys('a', opening('again', 1), {})).toBe('again');
  });

  test('takes none of the time of who waits for it', async () => {
    const { keys, opening } = setUp();
    let waits = 0;
    const waiting = <T>(turn: Promise<T>) => {
      waits += 1;
      return turn;
    };
    expect(await keys('a', opening('a', 1), { waiting })).toBe('a');
    expect(waits).toBe(1);
  });
});

describe('an opened key', () => {
  test('gives way when too many others were opened since, and they stay', async () => {
    const { keys, opening, rounds } = setUp();
    for (let key = 0; key <= 100; key += 1) await keys(`${key}`, opening('a', 1), {});
    await keys('1', opening('a', 1), {});
    expect(rounds()).toBe(101);
    await keys('0', opening('a', 1), {});
    expect(rounds()).toBe(102);
  });
});

describe('keys of several uses and tenants', () => {
  test('are opened one at a time, and each tenant has its turn', async () => {
    const { lane, keys } = setUp();
    const signing = createOpenedKeys<string>(lane);
    const order: string[] = [];
    let [running, most] = [0, 0];
    const open = (name: string) => async (turn: Turn) => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      order.push(name);
      return name;
    };
    const many = ['1', '2', '3'].map((name) => keys(name, open(name), { tenant: 'many' }));
    await Promise.all([...many, signing('one', open('one'), { tenant: 'few' })]);
    expect(most).toBe(1);
    expect(order.indexOf('one')).toBeLessThan(order.indexOf('3'));
  });
});
