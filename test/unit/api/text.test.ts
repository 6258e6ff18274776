import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { matching, type TextBounds, withFastPath } from '../../../src/api/rules.ts';

const BOUNDS: TextBounds = {
  maxLength: 5,
  rules: [
    { matches: /^[a-c]*$/, message: 'Use a, b and c.' },
    { notMatching: /cc/, message: 'Take out "cc".' },
  ],
};

const SLOW = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(BOUNDS.maxLength),
  matching(BOUNDS.rules),
  v.description('A word.'),
);
const QUICK = withFastPath(SLOW, BOUNDS);

const words = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 7 })
  .map((letters) => letters.join(''));

describe('a schema that is quick to take what is fine', () => {
  test('says of everything what its steps say', () => {
    fc.assert(
      fc.property(fc.oneof(words, fc.anything()), (value) => {
        const { success, issues, output } = v.safeParse(QUICK, value);
        const slow = v.safeParse(SLOW, value);
        expect({ success, output }).toEqual({ success: slow.success, output: slow.output });
        expect(issues?.map(({ message }) => message)).toEqual(slow.issues?.map(({ message }) => message));
      }),
      { numRuns: 2000 },
    );
  });

  test('does so inside of other schemas', () => {
    const outer = v.object({ name: v.optional(v.pipe(QUICK, v.description('Its name.')), 'abc') });
    expect(v.parse(outer, {})).toEqual({ name: 'abc' });
    expect(v.parse(outer, { name: 'cab' })).toEqual({ name: 'cab' });
    const wrong = v.safeParse(outer, { name: 'acc' });
    expect(wrong.issues?.map((issue) => [v.getDotPath(issue), issue.message])).toEqual([
      ['name', 'Take out "cc".'],
    ]);
  });
});
