import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, visit } from 'yaml';
import { editMarked } from './edit-marked.ts';

const DIRECTORY = join(import.meta.dir, '../../..', 'fixtures', 'markers');
const KEY = 'apps:podinfo:prod';
const MARK = `# {"$promotion": "${KEY}"}`;

function yamlFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
}

/** The bytes as a text of one character per byte, so that nothing is hidden. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Where two texts differ: what stands between their longest common beginning and end. */
function difference(before: string, after: string): { removed: string; added: string; line: number } {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return {
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    line: before.slice(0, start).split('\n').length,
  };
}

describe('in a file as people write them', () => {
  test.each(yamlFiles(DIRECTORY))('%s, one scalar changes and no other byte', (name) => {
    const text = readFileSync(join(DIRECTORY, name), 'utf8');
    expect(bytesOf(text)).toBe(readFileSync(join(DIRECTORY, name), 'latin1'));
    const result = editMarked(text, KEY, '6.1.0');
    expect(result).toMatchObject({ marked: 1, edits: [{ from: '6.0.0', to: '6.1.0' }] });
    const inText =
      name === 'helmrelease.yaml' ? [expect.stringMatching(/^Line 18: .* in a block of text/)] : [];
    expect(result.problems).toEqual(inText);

    if (name !== 'block-scalar.yaml') {
      const changed = difference(bytesOf(text), bytesOf(result.text));
      expect(changed).toEqual({ removed: '0', added: '1', line: result.edits[0]?.line ?? 0 });
    }
    expect(scalarsOf(result.text).filter((value) => value === '6.1.0')).toHaveLength(1);
    expect(scalarsOf(result.text).length).toBe(scalarsOf(text).length);
  });

  test('block-scalar.yaml, only the header and the line of the value change', () => {
    const text = readFileSync(join(DIRECTORY, 'block-scalar.yaml'), 'utf8');
    expect(editMarked(text, KEY, '6.1.0').text).toBe(
      text.replace(`>+ ${MARK}\n      6.0.0`, `>- ${MARK}\n      6.1.0`),
    );
  });

  test.each(yamlFiles(join(DIRECTORY, 'unusable')))(
    'unusable/%s, nothing changes and the reason is given',
    (name) => {
      const text = readFileSync(join(DIRECTORY, 'unusable', name), 'utf8');
      const result = editMarked(text, KEY, '6.1.0');
      expect(result).toMatchObject({ text, marked: 0, edits: [] });
      expect(result.problems).toEqual([expect.stringMatching(/^Line \d+: the marker is not used: .+\.$/)]);
    },
  );
});

/** Keys and values, aliases not followed. */
function scalarsOf(text: string): string[] {
  const values: string[] = [];
  for (const document of parseAllDocuments(text.replace(/^\ufeff/, ''), { schema: 'failsafe' })) {
    expect(document.errors).toEqual([]);
    visit(document, { Scalar: (_, node) => void values.push(String(node.value).trim()) });
  }
  return values;
}
