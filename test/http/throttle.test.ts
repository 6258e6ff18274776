import { expect, test } from 'bun:test';
import { createThrottle } from '../../src/http/throttle.ts';

function setUp(maxBytes: number) {
  const throttle = createThrottle(maxBytes);
  const paused = new Set<string>();
  const join = (name: string) =>
    throttle.join({ pause: () => paused.add(name), resume: () => paused.delete(name) });
  return { paused, join };
}

test('connections of a source wait while more is held than there is room for', () => {
  const { paused, join } = setUp(100);
  const [first, second] = [join('first'), join('second')];
  first.hold(60);
  second.hold(40);
  expect(paused.size).toBe(0);
  second.hold(41);
  expect(paused).toEqual(new Set(['first', 'second']));
  const third = join('third');
  expect(paused.has('third')).toBe(true);
  first.hold(10);
  expect(paused.size).toBe(3);
  second.hold(0);
  expect(paused.size).toBe(0);
  third.hold(0);
});

test('a connection that goes gives back what it held, once', () => {
  const { paused, join } = setUp(100);
  const [first, second] = [join('first'), join('second')];
  first.hold(101);
  expect(paused.size).toBe(2);
  first.leave();
  first.leave();
  expect(paused).toEqual(new Set(['first']));
  second.hold(100);
  expect(paused.has('second')).toBe(false);
  second.hold(101);
  expect(paused.has('second')).toBe(true);
});
