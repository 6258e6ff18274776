import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseTemplate, renderTemplate } from '../../../../src/lib/text/template.ts';

const NAMES = ['revision', 'from', 'approvedBy'];
const VALUES = { revision: '1.3.0', from: '1.2.0', approvedBy: '' };

function rendered(text: string, values: Record<string, string> = VALUES): string {
  const parsed = parseTemplate(text, NAMES);
  return 'problem' in parsed ? `problem: ${parsed.problem}` : renderTemplate(parsed.template, values);
}

const CASES: readonly (readonly [string, string])[] = [
  ['', ''],
  ['plain { text } }}', 'plain { text } }}'],
  ['{{revision}} from {{ from }}', '1.3.0 from 1.2.0'],
  ['{{#from}}from {{from}}{{/from}}{{^from}}first{{/from}}', 'from 1.2.0'],
  ['{{#approvedBy}}by {{approvedBy}}{{/approvedBy}}{{^approvedBy}}by itself{{/approvedBy}}', 'by itself'],
  ['{{#from}}{{#revision}}both{{/revision}}{{/from}}', 'both'],
  ['{{version}}', 'problem: There is no {{version}} here: use revision, from, approvedBy.'],
  ['{{constructor}}', 'problem: There is no {{constructor}} here: use revision, from, approvedBy.'],
  ['{{ revision', 'problem: "{{ revision" is not a placeholder: write one as {{revision}}.'],
  ['{{{revision}}}', 'problem: "{{{revision}}}" is not a placeholder: write one as {{revision}}.'],
  ['{{#from}}', 'problem: {{#from}} is not closed: write {{/from}} after it.'],
  ['{{/from}}', 'problem: {{/from}} closes nothing: write {{#from}} before it.'],
  ['{{#from}}{{/revision}}', 'problem: {{/revision}} closes nothing: write {{#revision}} before it.'],
  ['{{#from}}'.repeat(6), 'problem: Sections nest deeper than 5 levels.'],
];

describe('a template', () => {
  for (const [text, wanted] of CASES) {
    test(`${JSON.stringify(text)} gives ${JSON.stringify(wanted)}`, () =>
      expect(rendered(text)).toBe(wanted));
  }

  test('does not read values as templates', () => {
    expect(rendered('{{revision}}', { revision: '{{from}}', from: 'secret' })).toBe('{{from}}');
  });

  test('never throws, and comes to an end, whatever it is', () => {
    const text = fc.string({
      unit: fc.constantFrom('{', '}', '#', '/', '^', 'from', ' ', '\n', 'é'),
      maxLength: 400,
    });
    fc.assert(fc.property(text, (one) => typeof rendered(one) === 'string'));
    expect(rendered('{{'.repeat(100_000))).toStartWith('problem: ');
    expect(rendered('{{#from}}{{/from}}'.repeat(20_000))).toBe('');
  });
});
