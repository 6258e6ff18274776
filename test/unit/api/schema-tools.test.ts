import { describe, expect, test } from 'bun:test';
import * as v from 'valibot';
import { partsOf, withShortcut } from '../../../src/api/schema-tools.ts';

const Text = v.pipe(v.string(), v.minLength(1));

describe('the inside of valibot that is made use of', () => {
  test.each([
    ['an object', v.object({ a: Text }), { entries: { a: Text } }],
    [
      'an object with steps behind it',
      v.pipe(v.object({ a: Text }), v.description('it')),
      { entries: { a: Text } },
    ],
    ['a list', v.array(Text), { item: Text }],
    ['a list with steps behind it', v.pipe(v.array(Text), v.maxLength(3)), { item: Text }],
    ['a record', v.record(v.string(), Text), { value: Text }],
    ['what may be left out', v.optional(Text), { wrapped: Text }],
    ['what may be left out with a default', v.optional(Text, 'x'), { wrapped: Text }],
    ['what may be null too', v.nullish(Text), { wrapped: Text }],
    ['a text', Text, {}],
  ])('%s has the parts that are looked for', (_, schema, expected) => {
    const { entries, item, value, wrapped } = partsOf(schema);
    const found = { entries, item, value, wrapped };
    expect(Object.fromEntries(Object.entries(found).filter(([, part]) => part !== undefined))).toEqual(
      expected,
    );
  });

  test('a shortcut is taken for what is fine, in an object and in a list too', () => {
    let steps = 0;
    const slow = v.pipe(
      v.string(),
      v.check(() => {
        steps += 1;
        return true;
      }),
    );
    const quick = withShortcut(slow, (value): value is string => value === 'fine');
    const schema = v.object({ one: quick, many: v.array(quick) });
    const value = { one: 'fine', many: ['fine', 'fine'] };
    expect(v.parse(schema, value)).toEqual(value);
    expect(steps).toBe(0);
    v.parse(schema, { one: 'other', many: ['fine'] });
    expect(steps).toBe(1);
  });

  test('what is not fine is refused in the words, and at the place, of the schema', () => {
    const quick = withShortcut(Text, (value): value is string => value === 'fine');
    for (const value of [{ a: '' }, { a: 7 }, {}]) {
      const [slow, fast] = [Text, quick].map((a) => v.safeParse(v.object({ a }), value).issues);
      expect(fast).toEqual(slow as NonNullable<typeof slow>);
      expect(fast).toHaveLength(1);
    }
  });

  test('a shortcut keeps the steps that a description or a JSON Schema is made of', () => {
    const quick = withShortcut(
      v.pipe(Text, v.description('a name')),
      (value): value is string => value === 'fine',
    );
    expect(v.getDescription(quick)).toBe('a name');
  });
});

describe('where valibot is more lenient than the API server', () => {
  test('a list is taken for an object that needs no field', () => {
    const loose = v.object({ a: v.optional(Text) });
    expect(v.is(loose, [])).toBe(true);
    expect(v.is(v.object({ a: Text }), [])).toBe(false);
  });

  test('a record leaves out entries that are called as what every object has', () => {
    const record = v.record(v.string(), Text);
    const names = '{"__proto__": "a", "prototype": "b", "constructor": "c", "toString": "d"}';
    expect(Object.keys(v.parse(record, JSON.parse(names)))).toEqual(['toString']);
  });
});
