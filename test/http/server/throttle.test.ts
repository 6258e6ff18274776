import { expect, test } from 'bun:test';
import { createThrottles } from '../../../src/http/server/throttle.ts';

const LIMITS = { source: 100, crowded: 150, little: 20, full: 250 };

function setUp() {
  const throttles = createThrottles(LIMITS);
  const paused = new Set<string>();
  const resumed: string[] = [];
  /** Connections of a source of their own. */
  function enter() {
    const throttle = throttles.create();
    return (name: string) =>
      throttle.join({
        pause: () => paused.add(name),
        resume() {
          paused.delete(name);
          resumed.push(name);
        },
      });
  }
  return { paused, resumed, enter };
}

test('connections of a source wait while it holds more than there is room for', () => {
  const { paused, enter } = setUp();
  const join = enter();
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
  const { paused, enter } = setUp();
  const join = enter();
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

test('sources that hold much wait where all hold too much, and those that hold little do not', () => {
  const { paused, enter } = setUp();
  const [large, other, small] = [enter()('large'), enter()('other'), enter()('small')];
  large.hold(80);
  other.hold(60);
  small.hold(11);
  expect(paused).toEqual(new Set(['large', 'other']));
  small.hold(21);
  expect(paused.size).toBe(3);
  small.hold(10);
  expect(paused.has('small')).toBe(false);
  large.hold(0);
  other.hold(50);
  expect(paused.size).toBe(0);
});

test('nobody is read where many addresses together hold all that there is room for', () => {
  const { paused, enter } = setUp();
  const many = Array.from({ length: 13 }, (_, index) => enter()(`source ${index}`));
  for (const share of many) share.hold(20);
  expect(paused.size).toBe(13);
  enter()('late');
  expect(paused.has('late')).toBe(true);
  for (const share of many.slice(0, 9)) share.leave();
  expect(paused.has('late')).toBe(false);
});

test('sources that were not read for longest are read first when there is room again', () => {
  const { resumed, enter } = setUp();
  const hostile = Array.from({ length: 14 }, (_, index) => enter()(`hostile ${index}`));
  enter()('late');
  for (const share of hostile.slice(0, 13).toReversed()) share.hold(20);
  for (const share of hostile) share.hold(0);
  expect(resumed.slice(0, 4)).toEqual(['hostile 13', 'late', 'hostile 5', 'hostile 4']);
});

test('connections of a source that were not read for longest are read first when it has room again', () => {
  const { resumed, enter } = setUp();
  const join = enter();
  const [first, second] = [join('first'), join('second')];
  join('late');
  second.hold(50);
  first.hold(60);
  second.hold(0);
  first.hold(0);
  expect(resumed).toEqual(['late', 'second', 'first']);
});

test('all are read up to the limit, and those that hold little up to the one beyond', () => {
  const { paused, enter } = setUp();
  const [large, other] = [enter()('large'), enter()('other')];
  large.hold(80);
  other.hold(70);
  expect(paused.size).toBe(0);
  for (let index = 0; index < 5; index += 1) enter()(`little ${index}`).hold(20);
  expect(paused).toEqual(new Set(['large', 'other']));
  enter()('nothing').hold(1);
  expect(paused.size).toBe(8);
});

test('those that hold little are read again once all hold no more than where sources began to wait', () => {
  const { paused, enter } = setUp();
  const many = Array.from({ length: 13 }, (_, index) => enter()(`source ${index}`));
  for (const share of many) share.hold(20);
  enter()('late');
  for (const share of many.slice(0, 5)) share.leave();
  expect(paused.has('late')).toBe(true);
  many[5]?.hold(10);
  expect(paused.has('late')).toBe(false);
  expect(paused.has('source 6')).toBe(true);
});

test('those that hold much are read again once all hold half of where they began to wait', () => {
  const { paused, enter } = setUp();
  const [first, second, third] = [enter()('first'), enter()('second'), enter()('third')];
  first.hold(60);
  second.hold(50);
  third.hold(45);
  expect(paused.size).toBe(3);
  first.hold(0);
  second.hold(31);
  expect(paused).toEqual(new Set(['second', 'third']));
  second.hold(30);
  expect(paused.size).toBe(0);
});

test('a source is read again with the others when one of its connections has gone', () => {
  const { paused, enter } = setUp();
  const [large, other, join] = [enter()('large'), enter()('other'), enter()];
  const [going] = [join('going'), join('staying').hold(30)];
  going.hold(30);
  large.hold(80);
  other.hold(80);
  going.leave();
  expect(paused.has('staying')).toBe(true);
  large.hold(0);
  other.hold(0);
  expect(paused.has('staying')).toBe(false);
});

test('a connection of which no more was read keeps its place among those that wait', () => {
  const { resumed, enter } = setUp();
  const join = enter();
  const [first, second] = [join('first'), join('second')];
  first.hold(50);
  second.hold(60);
  first.hold(50);
  second.hold(0);
  first.hold(0);
  expect(resumed).toEqual(['first', 'second']);
});
