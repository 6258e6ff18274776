import { expect, test } from 'bun:test';
import { durationSeconds } from '../../../../src/lib/text/duration.ts';

test.each([
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['500ms', 0.5],
  ['2us', 2e-6],
  ['2µs', 2e-6],
  ['1000ns', 1e-6],
  ['0s', 0],
  ['90', undefined],
  ['', undefined],
  ['1d', undefined],
  ['1h 30m', undefined],
  ['1h30', undefined],
  ['x1h', undefined],
  ['-1h', undefined],
  ['.5h', undefined],
])('%p is a duration of %p seconds', (text, seconds) => {
  const parsed = durationSeconds(text);
  if (seconds === undefined) expect(parsed).toBeUndefined();
  else expect(parsed).toBeCloseTo(seconds, 12);
});
