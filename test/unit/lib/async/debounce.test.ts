import { expect, test } from 'bun:test';
import { createDebounce } from '../../../../src/lib/async/debounce.ts';
import { createFakeSchedule } from '../../../fakes/schedule.ts';

function setUp() {
  const clock = createFakeSchedule();
  const done: number[] = [];
  const debounce = createDebounce(() => done.push(clock.now()), { waitMs: 300, maxWaitMs: 2000, clock });
  return { debounce, done, pass: clock.pass };
}

test('work is done once when nobody has asked for it for a while', async () => {
  const { debounce, done, pass } = setUp();
  debounce.ask();
  await pass(0.2);
  debounce.ask();
  await pass(5);
  expect(done).toEqual([500]);
});

test('work is done in time though somebody asks again and again, and waits as long the next time', async () => {
  const { debounce, done, pass } = setUp();
  for (let asked = 0; asked < 25; asked += 1) {
    debounce.ask();
    await pass(0.1);
  }
  await pass(5);
  expect(done).toEqual([2000, 2700]);
});

test('work that was asked for is not done once it is stopped', async () => {
  const { debounce, done, pass } = setUp();
  debounce.ask();
  debounce.stop();
  debounce.ask();
  await pass(5);
  expect(done).toEqual([]);
});
