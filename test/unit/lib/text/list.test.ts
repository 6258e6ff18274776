import { expect, test } from 'bun:test';
import { commaSeparated } from '../../../../src/lib/text/list.ts';

test.each([
  ['a,b', ['a', 'b']],
  [' a , b ,', ['a', 'b']],
  ['a b\n', ['a b']],
  [',, ,', []],
  ['', []],
])('%p has the parts %p', (text, parts) => {
  expect(commaSeparated(text)).toEqual(parts);
});
