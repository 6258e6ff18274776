import { expect, test } from 'bun:test';
import { failingFiles } from '../../mutate/tree.ts';

test('names the files in which a test, or what surrounds the tests, fails', () => {
  const said = [
    'test/unit/a.test.ts:',
    '(pass) one [0.1ms]',
    'test/unit/b.test.ts:',
    'error: expect(received).toBe(expected)',
    '(fail) two [0.1ms]',
    'test/unit/c.test.ts:',
    '# Unhandled error between tests',
    'test/unit/d.test.ts:',
    '(pass) three [0.1ms]',
    '1 tests failed:',
    '(fail) two [0.1ms]',
  ];
  expect([...failingFiles(said.join('\n'))]).toEqual(['test/unit/b.test.ts', 'test/unit/c.test.ts']);
});
