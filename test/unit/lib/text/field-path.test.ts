import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type FieldPart,
  fieldPathProblem,
  parseFieldPath,
  valuesAt,
} from '../../../../src/lib/text/field-path.ts';

const member = (name: string): FieldPart => ({ kind: 'member', name });
const item = (index: number): FieldPart => ({ kind: 'item', index });
const having = (name: string, value: string): FieldPart => ({ kind: 'items-with', member: name, value });
const EVERY: FieldPart = { kind: 'every-item' };

const READ: readonly (readonly [string, readonly FieldPart[]])[] = [
  ['version', [member('version')]],
  ['spec.chart.spec.version', ['spec', 'chart', 'spec', 'version'].map(member)],
  ['images[name=app].newTag', [member('images'), having('name', 'app'), member('newTag')]],
  ['spec.containers[0].image', [member('spec'), member('containers'), item(0), member('image')]],
  ['spec.containers[*].image', [member('spec'), member('containers'), EVERY, member('image')]],
  [
    'metadata.annotations["example.com/version"]',
    [member('metadata'), member('annotations'), member('example.com/version')],
  ],
  [`a['it"s']["it's"].b`, [member('a'), member('it"s'), member("it's"), member('b')]],
  ['a["[x].y=*"]', [member('a'), member('[x].y=*')]],
  ['["a.b"].c', [member('a.b'), member('c')]],
  ['[0]', [item(0)]],
  ['[0][1][*]', [item(0), item(1), EVERY]],
  ['a[name=ghcr.io/a/b:1.0]', [member('a'), having('name', 'ghcr.io/a/b:1.0')]],
  ['a[name="x y"]', [member('a'), having('name', 'x y')]],
  ["a['x.y/name'='*']", [member('a'), having('x.y/name', '*')]],
  ['$defs.a-b_c/d.größe.<<x', ['$defs', 'a-b_c/d', 'größe', '<<x'].map(member)],
  ['__proto__.constructor', ['__proto__', 'constructor'].map(member)],
  ['a.0', [member('a'), member('0')]],
  ['.spec.image', [member('spec'), member('image')]],
  ['a[name=x y]', [member('a'), having('name', 'x y')]],
  ["a[name=it's,*]", [member('a'), having('name', "it's,*")]],
];

/** A text, and the character that is complained about, counted from 1. */
const REFUSED: readonly (readonly [string, number])[] = [
  ['', 1],
  ['.', 1],
  ['spec.', 5],
  ['spec..image', 5],
  ['a[0]b', 5],
  ['a.[0]', 2],
  ['a[]', 2],
  ['a[-1]', 2],
  ['a[1.5]', 2],
  ['a[1234567]', 2],
  ['a[name]', 2],
  ['a[name=]', 2],
  ['a[=app]', 2],
  ['a[name=*]', 2],
  ['a[name= x]', 2],
  ['a[name="x]', 2],
  ['..a', 1],
  ['a[a.b=c]', 2],
  ['a[name=x', 2],
  ['a["x]', 2],
  ['a[""]', 2],
  ['a["x"', 2],
  ['a]', 2],
  ['a b', 2],
  ['a.*', 2],
  ['a=b', 2],
  ['a"b"', 2],
  ['spec.image:tag ', 15],
];

test.each([
  ['status.images[name=main].tag', ['b']],
  ['status.images[*].tag', ['a', 'b', 'b']],
  ['.status.lists[1][1]', ['z']],
  ['.status.lists[*][0]', ['x', 'y']],
  ['status["with.dot"]', [3]],
  ['status.images[tag=b].name', ['main', 'other']],
  ['status.images[9]', []],
  ['status.none.none', []],
  ['status.nothing', []],
  ['status.images.length', []],
  ['status.constructor.name', []],
  ['__proto__.constructor', []],
])('%s of a plain object has %p', (text, values) => {
  const images = ['side', 'main', 'other'].map((name, index) => ({ name, tag: index === 0 ? 'a' : 'b' }));
  const status = { images, lists: [['x'], ['y', 'z']], 'with.dot': 3, nothing: null };
  const path = parseFieldPath(text);
  expect('parts' in path && valuesAt({ status }, path)).toEqual(values);
});

describe('a field path', () => {
  test.each([...READ])('%s is read', (text, parts) => {
    expect(parseFieldPath(text)).toEqual({ text, parts });
    expect(fieldPathProblem(text)).toBeUndefined();
  });

  test.each([...REFUSED])('%p is refused for its character %p', (text, character) => {
    expect(fieldPathProblem(text)).toStartWith(
      `${JSON.stringify(text)} is not a field path (character ${character}): write names with dots`,
    );
  });

  test.each([
    ['a\u0000b', 'no control characters'],
    ['a["x\ny"]', 'no control characters'],
    ['a.<<.b', 'merge key'],
    ['a'.repeat(513), 'at most 512 characters'],
    ['a.'.repeat(32).concat('a'), 'at most 32 parts'],
  ])('%p is refused with a sentence of its own', (text, words) => {
    expect(fieldPathProblem(text)).toContain(words);
  });

  test('of the greatest length and depth is read', () => {
    expect(fieldPathProblem('a'.repeat(512))).toBeUndefined();
    expect(fieldPathProblem('a.'.repeat(31).concat('a'))).toBeUndefined();
  });

  test('is read or refused, never thrown over, whatever it is', () => {
    const pieces = fc.constantFrom(
      'a',
      '.',
      '[',
      ']',
      '"',
      "'",
      '=',
      '*',
      '0',
      '<<',
      ' ',
      'é',
      '\u0000',
      '[*]',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, (any) => {
        const parsed = parseFieldPath(any);
        if ('problem' in parsed) expect(parsed.problem).toMatch(/^.{10,700}\.$/s);
        else expect(parsed.parts.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
