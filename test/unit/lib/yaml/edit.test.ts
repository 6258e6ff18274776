import { describe, expect, test } from 'bun:test';
import { type Edited, editSteps } from '../../../../src/lib/yaml/edit.ts';
import { editMarked, markerFinder } from './edit-marked.ts';

const KEY = 'apps:podinfo:prod';
const MARK = `# {"$promotion": "${KEY}"}`;
const NEW = '6.1.0';
const MAX_LENGTH = 5 * 1024 * 1024;

describe('a text that the parser takes and is no YAML', () => {
  test.each([
    ['a carriage return alone behind a key', `a:\r ${MARK}\n`],
    ['a block that ends in its first line', `${MARK}\n| ---`],
    ['quotes around the mark of a document', `'\n---\n.' ${MARK}`],
  ])('is left as it is where it would read differently after the edit: %s', (_, text) => {
    expect(editMarked(text, KEY, NEW)).toEqual({
      text,
      edits: [],
      marked: 0,
      problems: ['The file would not read as intended after the edit; it is left as it is.'],
    });
  });
});

describe('a large file', () => {
  test('of 5 MiB is edited, and one that is longer is left as it is', () => {
    const head = `a: 1.0.0 ${MARK}\n#`;
    const text = head + 'x'.repeat(MAX_LENGTH - head.length);
    expect(editMarked(text, KEY, NEW)).toMatchObject({ marked: 1, problems: [] });
    expect(editMarked(`${text}x`, KEY, NEW)).toMatchObject({
      marked: 0,
      problems: ['The file is larger than 5 MiB; it is left as it is.'],
    });
  });

  test('of 250,000 tokens is edited, and one that has more is left as it is', () => {
    // Each item has five tokens, and a comment two with its line end.
    const items = '- x\n'.repeat(49_998);
    const text = `#\n${items}- 6.1.0 ${MARK}\n`;
    expect(editMarked(text, KEY, NEW)).toMatchObject({ marked: 1, problems: [] });
    expect(editMarked(`${text}\n`, KEY, NEW)).toMatchObject({
      marked: 0,
      problems: ['The file has more than 250000 YAML tokens; it is left as it is.'],
    });
  }, 60_000);

  test('with 98 lists in each other is edited, and one that nests deeper is left as it is', () => {
    const nested = (levels: number) => `${'- '.repeat(levels)}1.0.0 ${MARK}\n`;
    expect(editMarked(nested(98), KEY, NEW)).toMatchObject({ marked: 1, problems: [] });
    expect(editMarked(nested(99), KEY, NEW)).toMatchObject({
      marked: 0,
      problems: ['The file nests deeper than 100 levels; it is left as it is.'],
    });
  });
});

describe('an edit in steps', () => {
  /** The result, and the cost of each step. */
  function walked(text: string): { readonly edited: Edited; readonly costs: readonly number[] } {
    const steps = editSteps(text, [markerFinder(KEY, NEW)]);
    const costs: number[] = [];
    for (;;) {
      const { done, value } = steps.next();
      if (done) return { edited: value, costs };
      costs.push(value);
    }
  }
  const sum = (costs: readonly number[]) => costs.reduce((all, cost) => all + cost, 0);
  const items = '- x\n'.repeat(3_000);

  test('costs the tokens of the file, 5,000 at a time', () => {
    const { edited, costs } = walked(`${items}- 6.1.0 ${MARK}\n`);
    expect(edited).toMatchObject({ marked: 1, edits: [] });
    expect(costs).toEqual([5_000, 5_000, 5_000, 8]);
  });

  test('costs them twice where a value changes, for the file is read again', () => {
    const { edited, costs } = walked(`${items}- 1.0.0 ${MARK}\n`);
    expect(edited).toMatchObject({ marked: 1, edits: [{ from: '1.0.0', to: NEW }] });
    expect(sum(costs)).toBe(2 * 15_008);
  });
});
