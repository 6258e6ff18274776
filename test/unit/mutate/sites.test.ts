import { describe, expect, test } from 'bun:test';
import { applied, mutantsOf } from '../../mutate/sites.ts';

/** Each change as the text that it makes; § is the sign that begins a placeholder. */
function changes(marked: string): string[] {
  const source = marked.replaceAll('§', '$');
  return mutantsOf(source).map((mutant) => applied(source, mutant).replaceAll('$', '§'));
}

describe('the changes of a source that tests should notice', () => {
  test.each<[string, string, string[]]>([
    ['an equality', 'export const a = b === c;', ['export const a = b !== c;']],
    ['a bound', 'export const a = b < c;', ['export const a = b <= c;']],
    ['a conjunction', 'export const a = b && c;', ['export const a = b || c;']],
    ['a sum', 'export const a = b + c;', ['export const a = b - c;']],
    ['a boolean', 'export const a = true;', ['export const a = false;']],
    ['a negation', 'export const a = !b;', ['export const a = b;']],
    [
      'a negation of a negation',
      'export const a = f(!!b);',
      ['export const a = f(!b);', 'export const a = f(!b);'],
    ],
    [
      'what stands in a template',
      'export const a = `x §{b + 1} > §{c}`;',
      ['export const a = `x §{b - 1} > §{c}`;'],
    ],
    [
      'what comes after a template',
      'export const a = `}§{{ b }.b}` && c;',
      ['export const a = `}§{{ b }.b}` || c;'],
    ],
    [
      'what comes after a regular expression',
      "export const a = /'/.test(b) && c;",
      ["export const a = /'/.test(b) || c;"],
    ],
  ])('are those of %s', (_, source, expected) => {
    expect(changes(source)).toEqual(expected);
  });

  test.each([
    ['texts', "export const a = 'b === c' + d;", 1],
    ['comments', 'export const a = b; // b === c\n/* && */', 0],
    ['regular expressions', 'export const a = / < | > | && /.test(b);', 0],
    [
      'types',
      'export interface A { readonly b?: true; readonly c: Array<string> }\nexport const a = b as true;',
      0,
    ],
    ['the assertion that something is there', 'export const a = b!;\nexport const c = b!.d;', 0],
  ])('are not in %s', (_, source, count) => {
    expect(mutantsOf(source)).toHaveLength(count);
  });
});
