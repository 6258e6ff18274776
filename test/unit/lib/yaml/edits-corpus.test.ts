import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type RevisionPart, revisionPart } from '../../../../src/decide/model/revision.ts';
import { parseFieldPath } from '../../../../src/lib/text/field-path.ts';
import { editText } from '../../../../src/lib/yaml/edit.ts';
import { fieldFinder } from '../../../../src/lib/yaml/field.ts';
import { CASES, KEY, REVISION, withChanges } from '../../../fixtures/corpus/cases.ts';
import { markerFinder } from './edit-marked.ts';

const DIRECTORY = join(import.meta.dir, '../../../fixtures/corpus');

function finderOf({ field, value }: { readonly field: string; readonly value: RevisionPart }) {
  const path = parseFieldPath(field);
  if ('problem' in path) throw new Error(path.problem);
  return fieldFinder(path, () => ({ value: revisionPart(REVISION, value) ?? '' }));
}

function edit(text: string, fields: (typeof CASES)[number]['fields']) {
  return editText(text, [...fields.map(finderOf), markerFinder(KEY, REVISION)]);
}

/** Every value of every document by where it stands. What an alias stands for is there too, as a parser has it. */
function valuesOf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const add = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) values.set(path, String(node));
    else for (const [key, child] of Object.entries(node)) add(child, `${path}.${key}`);
  };
  parseAllDocuments(text.replace(/^\ufeff/, ''), { schema: 'failsafe' }).forEach((document, index) => {
    expect(document.errors).toEqual([]);
    add(document.toJS(), String(index));
  });
  return values;
}

function differences(before: string, after: string): Record<string, string> {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  expect([...now.keys()]).toEqual([...old.keys()]);
  return Object.fromEntries([...now].filter(([path, value]) => old.get(path) !== value));
}

describe('in a file as people write them', () => {
  test.each([...CASES])('$file, what is marked and named changes and no other byte', (one) => {
    const bytes = readFileSync(join(DIRECTORY, one.file));
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const result = edit(text, one.fields);
    const problems = (one.problems ?? []).map((problem) => expect.stringContaining(problem));
    expect(result).toMatchObject({ marked: one.marked, problems });
    expect(result.edits).toHaveLength(one.marked);
    expect(Buffer.from(result.text)).toEqual(
      Buffer.from(withChanges(bytes.toString('latin1'), one.changes), 'latin1'),
    );
    expect(differences(text, result.text)).toEqual(one.differs);
    expect(edit(result.text, one.fields)).toMatchObject({ text: result.text, edits: [], marked: one.marked });
  });

  test('has every file of the directory in it', () => {
    const files = [...new Bun.Glob('*.y*ml').scanSync(DIRECTORY)].sort();
    expect(CASES.map(({ file }) => file).sort()).toEqual(files);
  });

  test('of 5 MB, one marked value and one named field change and no other byte', () => {
    const filler = Array.from(
      { length: 2_000 },
      (_, at) => `item-${at}: {version: 6.0.0, note: "${'x'.repeat(2_400)}"}`,
    );
    const head = `spec: {version: 6.0.0} # é\n`;
    const text = `${head}${filler.join('\n')}\nlast: 6.0.0 # {"$promotion": "${KEY}:tag"}\n`;
    expect(Buffer.byteLength(text)).toBeGreaterThan(4_800_000);
    const result = edit(text, [{ field: 'spec.version', value: 'tag' }]);
    expect([result.marked, result.problems]).toEqual([2, []]);
    const expected = text.replace('6.0.0', '6.1.0').replace('last: 6.0.0', 'last: 6.1.0');
    expect(result.text === expected).toBe(true);
  }, 60_000);
});
