import { describe, expect, test } from 'bun:test';
import { defined } from '../../../src/lib/defined.ts';

describe('the fields that have a value', () => {
  test.each([
    ['all', { a: 1, b: 'x' }, ['a', 'b']],
    ['those that are not undefined', { a: undefined, b: 'x', c: undefined }, ['b']],
    ['those that are falsy, too', { a: 0, b: '', c: false, d: null, e: undefined }, ['a', 'b', 'c', 'd']],
    ['none', { a: undefined }, []],
  ])('are %s', (_, fields: object, names) => {
    const kept = defined(fields);
    expect(Object.keys(kept)).toEqual(names);
    expect(kept).toEqual(fields);
  });

  test('are optional where they may be undefined, and are there where they may not', () => {
    const given: { readonly sure: string; readonly perhaps: string | undefined } = {
      sure: 'a',
      perhaps: undefined,
    };
    const kept: { readonly sure: string; readonly perhaps?: string } = defined(given);
    expect('perhaps' in kept).toBe(false);
  });
});
