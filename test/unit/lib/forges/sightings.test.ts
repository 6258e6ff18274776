import { expect, test } from 'bun:test';
import { createSightings, sightingsBy } from '../../../../src/lib/forges/request/sightings.ts';

test('a sight counts when it is the same some time later, and nothing else was seen in between', () => {
  let time = 0;
  const { confirms } = createSightings(() => new Date(time));
  expect(confirms('one', 'a')).toBe(false);
  time = 4_999;
  expect(confirms('one', 'a')).toBe(false);
  time = 5_000;
  expect(confirms('one', 'a')).toBe(true);
  expect(confirms('two', 'a')).toBe(false);
  expect(confirms('one', 'b')).toBe(false);
  time = 10_000;
  expect(confirms('one', undefined)).toBe(false);
  expect(confirms('one', 'b')).toBe(false);
  time = 15_000;
  expect(confirms('one', 'b')).toBe(true);
});

test('no more than 2,000 sights are kept, and the oldest goes first', () => {
  let time = 0;
  const { confirms } = createSightings(() => new Date(time));
  for (let index = 0; index <= 2_000; index++) confirms(String(index), 'a');
  time = 5_000;
  expect(confirms('1', 'a')).toBe(true);
  expect(confirms('0', 'a')).toBe(false);
});

test('what a proxy of somebody else shows confirms nothing, and takes nothing back', () => {
  let time = 0;
  const sightings = createSightings(() => new Date(time));
  const direct = sightingsBy({}, sightings);
  const through = sightingsBy({ proxy: 'http://proxy.example.com:3128/' }, sightings);
  through.confirms('one', 'a');
  time = 5_000;
  expect(direct.confirms('one', 'a')).toBe(false);
  through.confirms('one', undefined);
  time = 10_000;
  expect(direct.confirms('one', 'a')).toBe(true);
});
