import { expect, test } from 'bun:test';
import { createFaultAnswer } from '../../src/http/fault.ts';
import { createFakeLog } from '../fakes/log.ts';

test('a fault that repeats is logged once a second, with the number of those in between', () => {
  let milliseconds = 10_000;
  const { log, lines } = createFakeLog();
  const answer = createFaultAnswer('hook', log, () => milliseconds);
  const fail = () => expect(answer(new Error('a fault of our own')).status).toBe(500);
  for (let count = 0; count < 3; count += 1) fail();
  milliseconds += 999;
  fail();
  milliseconds += 1;
  fail();
  milliseconds += 1_000;
  fail();
  const logged = lines.map((line) => JSON.parse(line));
  expect(logged.map(({ server, msg, suppressed }) => [server, msg, suppressed])).toEqual([
    ['hook', 'request failed', undefined],
    ['hook', 'request failed', 3],
    ['hook', 'request failed', undefined],
  ]);
});
