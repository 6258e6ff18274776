import { describe, expect, test } from 'bun:test';
import { createSizedMap, putBounded } from '../../../../src/lib/async/index.ts';

describe('a bounded map', () => {
  test('lets the entry go that was put longest ago', () => {
    const map = new Map<string, number>();
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
    ] as const)
      putBounded(map, key, value, 2);
    expect([...map]).toEqual([
      ['a', 3],
      ['c', 4],
    ]);
  });

  test('does not let go of anything when a known entry is put again', () => {
    const map = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    putBounded(map, 'a', 3, 2);
    expect([...map.keys()]).toEqual(['b', 'a']);
  });
});

describe('a map of values of some size', () => {
  const bytesOf = (text: string) => text.length;

  test('holds so many bytes, and lets the oldest values go', () => {
    const map = createSizedMap<string, string>({ maxBytes: 6, bytesOf });
    map.set('a', 'xx');
    map.set('b', 'xxx');
    map.get('a');
    map.set('c', 'xxx');
    expect([...map.entries()].map(([key]) => key)).toEqual(['b', 'c']);
    map.delete('b');
    map.set('d', 'xxx');
    expect(map.size()).toBe(2);
  });

  test('holds so many entries', () => {
    const map = createSizedMap<string, string>({ max: 2, maxBytes: 100, bytesOf });
    for (const key of ['a', 'b', 'c']) map.set(key, 'x');
    expect([...map.entries()].map(([key]) => key)).toEqual(['b', 'c']);
  });

  test('lets go by use where that is asked for', () => {
    const map = createSizedMap<string, string>({ maxBytes: 6, bytesOf, byUse: true });
    map.set('a', 'xx');
    map.set('b', 'xxx');
    expect(map.get('a')).toBe('xx');
    map.set('c', 'xxx');
    expect(map.get('b')).toBeUndefined();
    expect(map.get('a')).toBe('xx');
  });

  test('keeps the others when one value is larger than all may be, and none of that key', () => {
    const map = createSizedMap<string, string>({ maxBytes: 3, bytesOf });
    map.set('a', 'x');
    map.set('b', 'x');
    map.set('b', 'xxxx');
    expect([...map.entries()]).toEqual([['a', 'x']]);
    map.set('c', 'xx');
    expect(map.size()).toBe(2);
  });

  test('counts anew after it was emptied', () => {
    const map = createSizedMap<string, string>({ maxBytes: 3, bytesOf });
    map.set('a', 'xxx');
    map.clear();
    map.set('b', 'xxx');
    expect([...map.entries()]).toEqual([['b', 'xxx']]);
  });
});
