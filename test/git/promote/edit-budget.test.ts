import { describe, expect, test } from 'bun:test';
import { oneByOne } from '../../../src/lib/async/steps.ts';
import { createTurns } from '../../../src/lib/async/turn.ts';
import { scanYaml } from '../../../src/lib/yaml/marker/scan.ts';
import { createEditBudget } from '../../../src/promote/branch/edit/budget.ts';
import { failureOf } from '../../fakes/failure.ts';

/** Reading YAML gives up its turn and comes to an end. */

const LINES = 30_000;
const LONG = 'a: b\n'.repeat(LINES);

describe('a long file', () => {
  test('is read in steps of some milliseconds, between which others have their turn', async () => {
    const { spend } = createEditBudget();
    let others = 0;
    const timer = setInterval(() => {
      others += 1;
    }, 0);
    const scanned = await oneByOne(scanYaml(LONG), spend);
    clearInterval(timer);
    expect('scalars' in scanned && scanned.scalars).toHaveLength(LINES);
    expect(others).toBeGreaterThan(10);
  });

  test('is given up with the attempt', async () => {
    const ended = new AbortController();
    const { spend } = createEditBudget({ signal: ended.signal });
    const reading = oneByOne(scanYaml(LONG), spend);
    ended.abort(new Error('given up'));
    await expect(reading).rejects.toThrow('given up');
  });

  test('counts with all others of a promotion', async () => {
    const { spend } = createEditBudget({ maxTokens: 500_000 });
    await oneByOne(scanYaml(LONG), spend);
    await oneByOne(scanYaml(LONG), spend);
    const failure = await failureOf(oneByOne(scanYaml(LONG), spend));
    expect(failure).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
    expect(failure.message).toContain('more than 500000 YAML tokens in all');
  });
});

describe('turns', () => {
  test('are one at a time for all callers', async () => {
    const turns = createTurns();
    const order: string[] = [];
    const work = async (name: string) => {
      const turn = turns.job();
      for (let step = 0; step < 3; step += 1) {
        await turn();
        order.push(`${name}${step}`);
      }
    };
    await Promise.all([work('a'), work('b')]);
    expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });
});

describe('heavy work', () => {
  test('has a third of the time, with all that is heavy together, and light work waits for none of it', async () => {
    let at = 0;
    const rests: number[] = [];
    const turns = createTurns({
      collect: () => {},
      now: () => at,
      rest: async (ms) => {
        rests.push(ms);
      },
    });
    const [heavy, other, light] = [turns.job(), turns.job(), turns.job()];
    const work = async (turn: () => Promise<void>, ms: number) => {
      at += ms;
      await turn();
    };
    await work(heavy, 500);
    for (let step = 0; step < 4; step += 1) await work(heavy, 60);
    expect(rests).toEqual([120]);
    await work(light, 5_000);
    await work(other, 5_000);
    await work(other, 5_000);
    expect(rests).toHaveLength(1);
    await work(other, 5_000);
    expect(rests).toEqual([120, 200]);
    await work(light, 10);
    expect(rests).toHaveLength(2);
  });

  test('is also many small pieces of one namespace, which keep nobody else waiting', async () => {
    let at = 0;
    let rests = 0;
    const rest = async () => {
      rests += 1;
    };
    const turns = createTurns({ collect: () => {}, now: () => at, rest });
    /** 50 ms of work. */
    async function small(namespace: string): Promise<void> {
      const turn = turns.job(undefined, namespace);
      await turn();
      at += 50;
      await turn();
    }
    for (let piece = 0; piece < 20; piece += 1) await small('many');
    expect(rests).toBe(0);
    for (let piece = 0; piece < 20; piece += 1) await small('many');
    expect(rests).toBeGreaterThan(5);
    const before = rests;
    await small('other');
    expect(rests).toBe(before);
    at += 8_000;
    await small('many');
    expect(rests).toBe(before);
  });

  test('rests for what was collected behind it, too', async () => {
    let at = 0;
    const rests: number[] = [];
    const rest = async (ms: number) => {
      rests.push(ms);
    };
    const collect = () => {
      at += 300;
    };
    const turn = createTurns({ collect, now: () => at, rest }).job();
    for (let step = 0; step < 3; step += 1) await turn(60_000);
    expect(rests).toEqual([600]);
  });

  test('is collected behind after so many tokens', async () => {
    let collected = 0;
    const turns = createTurns({
      collect: () => {
        collected += 1;
      },
    });
    const turn = turns.job();
    for (let index = 0; index < 5; index += 1) await turn(90_000);
    expect(collected).toBe(2);
  });
});
