import { describe, expect, test } from 'bun:test';
import { nearestFirst } from '../../mutate/nearest.ts';

describe('the tests of a file', () => {
  test.each<[string, string[]]>([
    ['those of its own folder', ['test/unit/decide/gates/windows.test.ts', 'test/unit/decide/next.test.ts']],
    ['the one of its own name', ['test/unit/decide/gates/clock.test.ts', 'test/unit/decide/gates/a.test.ts']],
    ['those of the folder around it', ['test/unit/decide/next.test.ts', 'test/unit/decide/report/a.test.ts']],
    ['those of its room', ['test/unit/decide/report/a.test.ts', 'test/unit/reconcile/polls/a.test.ts']],
    [
      'those that are no fuzzers',
      ['test/unit/reconcile/polls/a.test.ts', 'test/fuzz/decide/gates/a.test.ts'],
    ],
  ])('begin with %s', (_, expected) => {
    expect(nearestFirst('src/decide/gates/clock.ts', expected.toReversed())).toEqual(expected);
  });

  test('stay in order when they are equally near', () => {
    const tests = ['test/unit/decide/b.test.ts', 'test/unit/decide/a.test.ts'];
    expect(nearestFirst('src/decide/next.ts', tests)).toEqual(tests);
  });
});
