import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isOlder, isOrdered, newestFirst, semverOf } from '../../../../src/decide/model/revision/order.ts';
import { COMMIT, DIGEST, HEX, orderedText } from './arbitraries.ts';

/** Each is older than the next one. */
const ASCENDING: readonly (readonly string[])[] = [
  ['1.9.0', '1.10.0', '2.0.0-rc.1', '2.0.0'],
  [`1.9.0@${DIGEST}`, 'v1.10.0', `v2.0.0@sha1:${COMMIT}`],
  [`6.5.0+${HEX.slice(0, 12)}@${DIGEST}`, `6.5.1@${DIGEST}`],
  [`104.1.1_up57.0.3@${DIGEST}`, `104.1.2_up1.0.0@${DIGEST}`],
  ['2024.01.15', '2024.02.01', '2024.10.01', '2024.10.01.2', '2025.01'],
  ['2024.01.15-rc.1', '2024.01.15', '2024.1.16'],
  ['1.0.0', '2024.01.15'],
];

const UNORDERED = [DIGEST, `main@sha1:${COMMIT}`, `latest@${DIGEST}`, 'main', '1.2', '20240115', ''];

describe('the order of revisions', () => {
  test.each(ASCENDING.map((all) => [all]))('%p goes up', (all) => {
    expect(newestFirst(all)).toEqual([...all].reverse());
    for (const [index, one] of all.entries()) {
      for (const other of all.slice(index + 1)) {
        expect([one, other, isOlder(one, other)]).toEqual([one, other, true]);
        expect([other, one, isOlder(other, one)]).toEqual([other, one, false]);
      }
    }
  });

  test('v, build metadata, digest and commit do not count', () => {
    const same = ['1.2.3', 'v1.2.3', '1.2.3+build.7', `1.2.3@${DIGEST}`, `v1.2.3@sha1:${COMMIT}`];
    for (const one of same) for (const other of same) expect(isOlder(one, other)).toBe(false);
  });

  test.each(UNORDERED)('%p is neither older nor newer', (revision) => {
    expect(isOrdered(revision)).toBe(false);
    expect(semverOf(revision)).toBeUndefined();
    expect(isOlder(revision, '1.2.3') || isOlder('1.2.3', revision)).toBe(false);
    expect(newestFirst([revision, '1.2.3'])).toEqual(['1.2.3', revision]);
  });

  test('a date is a version for ranges, without its leading zeros', () => {
    expect(semverOf('2024.01.15')?.version).toBe('2024.1.15');
    expect(semverOf(`v6.5.1@${DIGEST}`)?.version).toBe('6.5.1');
  });

  test('is a strict weak order on all that is in it', () => {
    const isEqual = (a: string, b: string) => !isOlder(a, b) && !isOlder(b, a);
    fc.assert(
      fc.property(orderedText, orderedText, orderedText, (a, b, c) => {
        expect(isOlder(a, a)).toBe(false);
        if (isOlder(a, b)) expect(isOlder(b, a)).toBe(false);
        if (isOlder(a, b) && isOlder(b, c)) expect(isOlder(a, c)).toBe(true);
        if (isEqual(a, b) && isEqual(b, c)) expect(isEqual(a, c)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
