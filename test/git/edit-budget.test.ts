import { describe, expect, test } from 'bun:test';
import { createEditBudget } from '../../src/promote/git/edit-budget.ts';
import { scanYaml } from '../../src/promote/marker/scan.ts';
import { oneByOne } from '../../src/promote/steps.ts';
import { createTurn } from '../../src/promote/turn.ts';
import { failureOf } from '../fakes/failure.ts';

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
  test('are one at a time, whoever asks', async () => {
    const turn = createTurn();
    const order: string[] = [];
    const work = async (name: string) => {
      for (let step = 0; step < 3; step += 1) {
        await turn();
        order.push(`${name}${step}`);
      }
    };
    await Promise.all([work('a'), work('b')]);
    expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });
});
