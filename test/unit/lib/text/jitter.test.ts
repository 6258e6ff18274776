import { expect, test } from 'bun:test';
import { jitterFor, MAX_JITTER } from '../../../../src/lib/text/jitter.ts';

test('the jitter of a key is always the same, and that of many is spread evenly', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `apps/app-${index}/staging`);
  const factors = keys.map(jitterFor);
  expect(keys.map(jitterFor)).toEqual(factors);
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.8);
  expect(Math.max(...factors)).toBeLessThanOrEqual(MAX_JITTER);
  const tenths = Object.groupBy(factors, (factor) => Math.floor(((factor - 0.8) / 0.4) * 10));
  for (const some of Object.values(tenths)) expect(Math.abs((some?.length ?? 0) - 1000)).toBeLessThan(150);
});
