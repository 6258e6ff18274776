import { describe, expect, test } from 'bun:test';
import { parseLabelSelector } from '../../../../src/lib/kube/label-selector.ts';

/** test/cluster/lib/kube/label-selector.test.ts holds the same against a real API server. */

const KEY = 'sharding.fluxcd.io/key';

describe('a label selector', () => {
  test.each([
    ['', '', {}],
    ['', '', { [KEY]: 'a' }],
    [`${KEY}=a`, `${KEY}=a`, { [KEY]: 'a', other: 'b' }],
    [` ${KEY} == a `, `${KEY}=a`, { [KEY]: 'a' }],
    [`${KEY} in ( b , a,b )`, `${KEY} in (a,b)`, { [KEY]: 'b' }],
    [`${KEY} in (a)`, `${KEY}=a`, { [KEY]: 'a' }],
    [`${KEY}!=a`, `${KEY}!=a`, {}],
    [`${KEY} notin (b,a)`, `${KEY} notin (a,b)`, { [KEY]: 'c' }],
    [`${KEY} notin (a)`, `${KEY}!=a`, {}],
    [KEY, KEY, { [KEY]: '' }],
    [`! ${KEY}`, `!${KEY}`, { other: 'a' }],
    [`${KEY}=`, `${KEY}=`, { [KEY]: '' }],
    ['a in (,b)', 'a in (,b)', { a: '' }],
    ['n>9', 'n>9', { n: '10' }],
    ['n<9223372036854775807', 'n<9223372036854775807', { n: '9223372036854775806' }],
    ['b=1,a=2,b=1', 'a=2,b=1', { a: '2', b: '1' }],
    ['in in (in),notin', 'in=in,notin', { in: 'in', notin: 'x' }],
  ])('%p is %p and matches %j', (text, canonical, labels) => {
    const selector = parseLabelSelector(text);
    expect(selector.text).toBe(canonical);
    expect(selector.matches(labels)).toBe(true);
    expect(parseLabelSelector(canonical).text).toBe(canonical);
  });

  test.each([
    [`${KEY}=a`, {}],
    [`${KEY}=a`, { [KEY]: 'b' }],
    [`${KEY}=`, {}],
    [`${KEY} in (a,b)`, { [KEY]: 'c' }],
    [`${KEY}!=a`, { [KEY]: 'a' }],
    [`${KEY} notin (a,b)`, { [KEY]: 'a' }],
    [KEY, {}],
    [`!${KEY}`, { [KEY]: '' }],
    ['n>9', { n: '9' }],
    ['n>9', {}],
    ['n<9', { n: 'five' }],
    ['n>1', { n: '9223372036854775808' }],
    ['a=1,b=2', { a: '1', b: '3' }],
    // What every object in JavaScript has is no label.
    ['constructor', {}],
  ])('%p does not match %j', (text, labels) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(false);
  });

  test('matches what has no labels at all only where none is asked for', () => {
    expect(parseLabelSelector(`!${KEY}`).matches(undefined)).toBe(true);
    expect(parseLabelSelector(KEY).matches(undefined)).toBe(false);
  });

  test.each([
    ['a=b,', '"" is not expected there'],
    [',a=b', '"," is not expected there'],
    ['a b', '"b" is not an operator'],
    ['a=b c', '"c" is not expected there'],
    ['!a=b', '"=" is not expected there'],
    ['a in b', 'values must be in parentheses'],
    ['a in (b', 'values must be in parentheses'],
    ['a>b', '"b" is not a whole number'],
    ['a/b/c=d', '"a/b/c" is not a label key'],
    ['a=b/c', '"b/c" is not a label value'],
    [`a=${'b'.repeat(64)}`, 'is not a label value'],
    ['x'.repeat(5000), 'it is longer than 4096 characters'],
  ])('%p is refused: %s', (text, why) => {
    expect(() => parseLabelSelector(text)).toThrow(why);
    expect(() => parseLabelSelector(text)).toThrow(
      'Write it as in team=podinfo,tier in (front,back),!legacy.',
    );
  });
});
