import { describe, expect, test } from 'bun:test';
import { type ConnectionLimits, createConnections } from '../../../src/http/server/connections.ts';

const LIMITS: ConnectionLimits = {
  total: 4,
  source: 3,
  firstSeconds: 10,
  answerSeconds: 60,
  readSeconds: 20,
};

function setUp(limits: Partial<ConnectionLimits> = {}, isProxy?: (source: string) => boolean) {
  let at = 0;
  const ended: string[] = [];
  const connections = createConnections({
    now: () => at * 1000,
    limits: { ...LIMITS, ...limits },
    ...(isProxy && { isProxy }),
  });
  return {
    ended,
    open(source: string, name = source) {
      return connections.open(source, () => ended.push(name));
    },
    /** Goes on to this second, and looks what is over its time. */
    until(second: number) {
      at = second;
      connections.sweep();
      return ended;
    },
  };
}

describe('the connections of a listener', () => {
  test('are so many of one source at most, and one more when one of them closes', () => {
    const { open } = setUp();
    const [first] = [open('a'), open('a'), open('a')];
    expect(open('a')).toBeUndefined();
    first?.close();
    first?.close();
    expect(open('a')).toBeDefined();
    expect(open('a')).toBeUndefined();
  });

  test('are not bounded one by one where a source is a proxy', () => {
    const { open } = setUp({}, (source) => source === 'a');
    for (const _ of [1, 2, 3, 4]) expect(open('a')).toBeDefined();
    expect(open('a')).toBeUndefined();
    expect(open('b')).toBeDefined();
  });

  test('give their place to a source that has fewer, the idle ones first', () => {
    const { open, ended } = setUp();
    open('a', 'a1')?.asked();
    open('a', 'a2');
    open('a', 'a3');
    open('b', 'b1');
    expect(open('c')).toBeDefined();
    expect(ended).toEqual(['a2']);
    expect(open('b')).toBeUndefined();
    expect(open('a')).toBeUndefined();
  });

  test('give the place of the oldest where all of a source wait for an answer', () => {
    const { open, ended } = setUp();
    for (const name of ['a1', 'a2', 'a3']) open('a', name)?.asked();
    open('b');
    expect(open('c')).toBeDefined();
    expect(ended).toEqual(['a1']);
  });

  test('give the place of the oldest idle one to a source that has none, where each has one', () => {
    const { open, ended } = setUp();
    for (const source of ['a', 'b', 'c', 'd']) open(source)?.asked();
    expect(open('e')).toBeDefined();
    expect(ended).toEqual(['a']);
    expect(open('e')).toBeUndefined();
    expect(open('f')).toBeDefined();
    expect(ended).toEqual(['a', 'e']);
  });

  test('leave alone those that wait for an answer, where each source has one', () => {
    const { open, ended } = setUp();
    open('a')?.asked();
    for (const source of ['b', 'c', 'd']) open(source);
    expect(open('e')).toBeDefined();
    expect(ended).toEqual(['b']);
  });

  test('end when no request comes, and not when one has come', () => {
    const { open, until } = setUp();
    open('a');
    const asked = open('b');
    asked?.asked();
    asked?.answered();
    expect(until(9)).toEqual([]);
    expect(until(10)).toEqual(['a']);
    expect(until(1000)).toEqual(['a']);
  });

  test('end when no answer comes, however the bytes of the request trickle in', () => {
    const { open, until } = setUp();
    const connection = open('a');
    for (let second = 1; second < 60; second += 1) {
      connection?.asked();
      expect(until(second)).toEqual([]);
    }
    expect(until(60)).toEqual(['a']);
  });

  test('end when the answer is not read, whatever else is asked for', () => {
    const { open, until } = setUp();
    const connection = open('a');
    connection?.asked();
    connection?.unread();
    connection?.asked();
    expect(until(15)).toEqual([]);
    connection?.unread();
    expect(until(20)).toEqual(['a']);
  });

  test('go on when the answer is read', () => {
    const { open, until } = setUp();
    const connection = open('a');
    connection?.asked();
    connection?.unread();
    connection?.answered();
    expect(until(1000)).toEqual([]);
  });
});
