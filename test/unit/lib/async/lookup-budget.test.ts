import { describe, expect, test } from 'bun:test';
import { createLookupBudget } from '../../../../src/lib/async/lookup-budget.ts';

const SLOW = { questions: 100, milliseconds: 60_000 };
const never = () => new Promise<string>(() => {});

describe('what is looked up for one review', () => {
  test('is had at once where it is known', () => {
    const lookups = createLookupBudget(SLOW);
    expect(lookups.ask(() => 'known')).toBe('known');
    lookups.end();
  });

  test('is so many questions that have to be waited for, and nothing is asked beyond that', async () => {
    const lookups = createLookupBudget({ ...SLOW, questions: 2 });
    let asked = 0;
    const question = async () => `answer ${++asked}`;
    expect(lookups.ask(() => 'known')).toBe('known');
    expect(await Promise.all([1, 2, 3].map(() => lookups.ask(question)))).toEqual([
      'answer 1',
      'answer 2',
      undefined,
    ]);
    expect(asked).toBe(2);
    lookups.end();
  });

  test('is unknown once the time is over, and nothing is asked any more', async () => {
    const lookups = createLookupBudget({ ...SLOW, milliseconds: 1 });
    expect(await lookups.ask(never)).toBeUndefined();
    let asked = 0;
    expect(await lookups.ask(async () => ++asked)).toBeUndefined();
    expect(asked).toBe(0);
    lookups.end();
  });

  test('ends with the review', async () => {
    const lookups = createLookupBudget(SLOW);
    const waiting = lookups.ask(never);
    lookups.end();
    expect(await waiting).toBeUndefined();
  });

  test('passes on why a question fails', async () => {
    const lookups = createLookupBudget(SLOW);
    await expect(lookups.ask(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    lookups.end();
  });
});
