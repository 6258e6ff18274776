import { describe, expect, test } from 'bun:test';
import { parseFieldPath } from '../../../../src/lib/text/field-path.ts';
import { editText } from '../../../../src/lib/yaml/edit.ts';
import { editField, fieldFinder } from '../../../../src/lib/yaml/field.ts';
import { markerFinder } from './edit-marked.ts';

const NEW = '6.1.0';
const KEY = 'apps:podinfo:prod';

function path(text: string) {
  const parsed = parseFieldPath(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** A row: what it shows, the field, the text, and the text afterwards; without the latter nothing changes. */
interface Row {
  readonly shows: string;
  readonly field: string;
  readonly text: string;
  readonly after?: string;
  readonly value?: string;
  readonly marked?: number;
  readonly problem?: RegExp;
}

const REPLACED: readonly Row[] = [
  { shows: 'a plain scalar', field: 'a.b', text: 'a:\n  b: 1.0.0 # b\n', after: 'a:\n  b: 6.1.0 # b\n' },
  { shows: 'a quoted scalar', field: 'a.b', text: "a: {b: '1.0.0'}\n", after: "a: {b: '6.1.0'}\n" },
  { shows: 'a scalar of another type', field: 'a', text: 'a: 6.10\n', after: 'a: "6.10"\n', value: '6.10' },
  {
    shows: 'a whole image reference',
    field: 'a',
    text: 'a: nginx:1\n',
    after: 'a: nginx:2\n',
    value: 'nginx:2',
  },
  { shows: 'a block scalar', field: 'a', text: 'a: |\n  1.0.0\nb: 1\n', after: 'a: |-\n  6.1.0\nb: 1\n' },
  {
    shows: 'an empty value',
    field: 'a.b',
    text: 'a:\n  b:\n  # c\n  c: 1\n',
    after: 'a:\n  b: 6.1.0\n  # c\n  c: 1\n',
  },
  { shows: 'an empty value at the end', field: 'a', text: 'a:', after: 'a: 6.1.0' },
  {
    shows: 'an empty value in flow style',
    field: 'a.b',
    text: 'a: {"b":, c}\n',
    after: 'a: {"b": 6.1.0, c}\n',
  },
  { shows: 'an explicit null', field: 'a', text: 'a: ~\n', after: 'a: 6.1.0\n' },
  {
    shows: 'a value with a tag and an anchor',
    field: 'a',
    text: 'a: !!str &x 1\nb: *x\n',
    after: 'a: !!str &x 6.1.0\nb: *x\n',
  },
  {
    shows: 'a value behind an explicit key',
    field: 'a.b',
    text: '? a\n: ? b\n  : 1\n',
    after: '? a\n: ? b\n  : 6.1.0\n',
  },
  {
    shows: 'a member with a quoted key',
    field: 'a["x.y/z"]',
    text: 'a: {"x.y/z": 1}\n',
    after: 'a: {"x.y/z": 6.1.0}\n',
  },
  {
    shows: 'a member with a blank in its key',
    field: "a['x y']",
    text: 'a:\n  x y: 1\n',
    after: 'a:\n  x y: 6.1.0\n',
  },
  {
    shows: 'a member whose key is a number',
    field: 'a.1',
    text: 'a: {1: x, 2: x}\n',
    after: 'a: {1: 6.1.0, 2: x}\n',
  },
  {
    shows: 'a member that JavaScript knows',
    field: '__proto__.a',
    text: '__proto__: {a: 1}\n',
    after: '__proto__: {a: 6.1.0}\n',
  },
  { shows: 'an item', field: 'a[1]', text: 'a:\n- 1\n- 1\n- 1\n', after: 'a:\n- 1\n- 6.1.0\n- 1\n' },
  {
    shows: 'an item of the document',
    field: '[0].a',
    text: '- a: 1\n- a: 1\n',
    after: '- a: 6.1.0\n- a: 1\n',
  },
  {
    shows: 'every item',
    field: 'a[*].b',
    text: 'a: [{b: 1}, {c: 1}, {b: 2}]\n',
    after: 'a: [{b: 6.1.0}, {c: 1}, {b: 6.1.0}]\n',
    marked: 2,
  },
  {
    shows: 'the items with a name',
    field: 'a[n=x].b',
    text: 'a:\n- {n: x, b: 1}\n- {n: y, b: 1}\n- n: "x"\n  b: 1\n',
    after: 'a:\n- {n: x, b: 6.1.0}\n- {n: y, b: 1}\n- n: "x"\n  b: 6.1.0\n',
    marked: 2,
  },
  {
    shows: 'the item with a number',
    field: 'a[port=80].b',
    text: 'a: [{port: 80, b: 1}, {port: 0x50, b: 1}]\n',
    after: 'a: [{port: 80, b: 6.1.0}, {port: 0x50, b: 1}]\n',
  },
  {
    shows: 'items of items',
    field: 'a[0][*]',
    text: 'a: [[1, 2], [3]]\n',
    after: 'a: [[6.1.0, 6.1.0], [3]]\n',
    marked: 2,
  },
  {
    shows: 'each document that has it',
    field: 'a.b',
    text: 'a: {b: 1}\n--- # x\nc: 1\n---\na:\n  b:   "2"\n...\n',
    after: 'a: {b: 6.1.0}\n--- # x\nc: 1\n---\na:\n  b:   "6.1.0"\n...\n',
    marked: 2,
  },
  {
    shows: 'a file with a byte order mark and CRLF',
    field: 'a.b',
    text: '\ufeffa:\r\n  b: 1\r\n',
    after: '\ufeffa:\r\n  b: 6.1.0\r\n',
  },
  {
    shows: 'what is written beside a merge',
    field: 'b.v',
    text: 'a: &a {v: 1}\nb: {<<: *a, v: 1}\n',
    after: 'a: &a {v: 1}\nb: {<<: *a, v: 6.1.0}\n',
  },
  {
    shows: 'as many items as a file may have',
    field: 'a[*]',
    text: `a:\n${'- 1\n'.repeat(1000)}`,
    after: `a:\n${'- 6.1.0\n'.repeat(1000)}`,
    marked: 1000,
  },
  { shows: 'JSON', field: 'a.b', text: '{"a": {"b": "1.0.0"}}', after: '{"a": {"b": "6.1.0"}}' },
];

const NOT_THERE: readonly Row[] = [
  { shows: 'no such member', field: 'a.c', text: 'a: {b: 1, d: c}\n' },
  { shows: 'a member of a scalar', field: 'a.b', text: 'a: b\n' },
  { shows: 'a member of a list', field: 'a.b', text: 'a: [b]\n' },
  { shows: 'an item of a mapping', field: 'a[0]', text: 'a: {0: b}\n' },
  { shows: 'an item behind the last', field: 'a[2]', text: 'a: [b, b]\n' },
  { shows: 'every item of none', field: 'a[*]', text: 'a: []\n' },
  { shows: 'no item of the name', field: 'a[n=x].b', text: 'a: [{n: y, b: x}, x, [n, x]]\n' },
  { shows: 'no mapping with the name', field: 'a[n=x]', text: 'a: [x, n, [n, x]]\n' },
  { shows: 'a merged member', field: 'b.v', text: 'a: &a {v: 1}\nb: {<<: *a}\n' },
  { shows: 'a name in a text', field: 'a.b', text: 'a: |\n  b: 1\n' },
  { shows: 'a name in a comment', field: 'a.b', text: 'a: # b\n  c: 1\n' },
  { shows: 'an empty file', field: 'a', text: '' },
  { shows: 'comments alone', field: 'a', text: '# a: 1\n---\n# a\n' },
  { shows: 'a file that does not name it', field: 'version', text: `a: ${'['.repeat(200)}` },
];

const REPORTED: readonly Row[] = [
  {
    shows: 'an alias',
    field: 'b',
    text: 'a: &x 1\nb: *x\n',
    problem: /^Line 2: the field b is not set: there is an alias/,
  },
  {
    shows: 'an alias on the way',
    field: 'b.c',
    text: 'a: &x {c: 1}\nb: *x\n',
    problem: /^Line 2: the field b\.c is not set: there is an alias/,
  },
  { shows: 'an alias as an item', field: 'b[*]', text: 'a: &x 1\nb: [*x]\n', problem: /^Line 2: .*an alias/ },
  {
    shows: 'a mapping',
    field: 'a',
    text: 'x: 1\na:\n  b: 1\n',
    problem: /^Line 3: .*a mapping is there/,
  },
  { shows: 'a list', field: 'a', text: 'a:\n- 1\n', problem: /^Line 2: .*a list is there/ },
  {
    shows: 'a key without a value',
    field: 'a.b',
    text: 'a: {b}\n',
    problem: /^Line 1: .*there is no value/,
  },
  {
    shows: 'a member that is there twice',
    field: 'a.b',
    text: 'a:\n  b: 1\n  b: 2\n',
    problem: /^Line 3: .*has "b" twice/,
  },
  {
    shows: 'a document that is not valid',
    field: 'a',
    text: 'x: 1\n---\na: ]\n',
    problem: /^Line 3: .*not valid YAML/,
  },
  {
    shows: 'a Helm template',
    field: 'a',
    text: '{{- if .Values.on }}\na: 1\n{{- end }}\n',
    problem: /not valid YAML/,
  },
  {
    shows: 'deep nesting',
    field: 'a',
    text: `a: 1\nb: ${'['.repeat(101)}`,
    problem: /deeper than 100 levels/,
  },
  {
    shows: 'a large file',
    field: 'a',
    text: `a: 1\n#${'x'.repeat(5 * 1024 * 1024)}`,
    problem: /larger than 5 MiB; it is left as it is\.$/,
  },
  {
    shows: 'more items than anyone writes',
    field: 'a[*]',
    text: `a:\n${'- 1\n'.repeat(1001)}`,
    problem: /more than 1000 times/,
  },
];

describe('a field', () => {
  test.each([...REPLACED])('is set: $shows', ({ field, text, after = text, value = NEW, marked = 1 }) => {
    const result = editField(text, path(field), value);
    expect(result.text).toBe(after);
    expect(result).toMatchObject({ marked, problems: [] });
    expect(result.edits).toHaveLength(marked);
    expect(editField(after, path(field), value)).toEqual({ text: after, edits: [], marked, problems: [] });
  });

  test.each([...NOT_THERE])('is not there: $shows', ({ field, text }) => {
    expect(editField(text, path(field), NEW)).toEqual({ text, edits: [], marked: 0, problems: [] });
  });

  test.each([...REPORTED])('is reported and nothing changes: $shows', ({ field, text, problem = /./ }) => {
    const result = editField(text, path(field), NEW);
    expect(result).toEqual({ text, edits: [], marked: 0, problems: [expect.stringMatching(problem)] });
  });

  test('is set where it can be, and reported where it cannot', () => {
    const text = 'a: {v: 1}\n---\na: &x [v]\n---\na: {v: {w: 1}}\n';
    const result = editField(text, path('a.v'), NEW);
    expect(result.text).toBe(text.replace('v: 1', 'v: 6.1.0'));
    expect(result).toMatchObject({ marked: 1, problems: [expect.stringMatching(/^Line 5: .*a mapping/)] });
  });

  test('that stands in many wrong places gets 20 sentences', () => {
    const text = `a:\n${'- [v]\n'.repeat(500)}`;
    expect(editField(text, path('a[*]'), NEW).problems).toHaveLength(20);
  });

  test('is reported with its line and both values', () => {
    const { edits } = editField('x: 1\na:\n- n: app\n  v: "1.0.0"\n', path('a[n=app].v'), NEW);
    expect(edits).toEqual([{ line: 4, from: '1.0.0', to: '6.1.0' }]);
  });
});

describe('a file with a marker and a field', () => {
  const mark = `# {"$promotion": "${KEY}"}`;
  const edit = (text: string, field: string, value: string) =>
    editText(text, [fieldFinder(path(field), () => ({ value })), markerFinder(KEY, NEW)]);

  test('is edited once, with both', () => {
    const result = edit(`a: 1 ${mark}\nb: 1\nc: 1\n`, 'b', 'v2');
    expect(result.text).toBe(`a: 6.1.0 ${mark}\nb: v2\nc: 1\n`);
    expect(result).toMatchObject({ marked: 2, problems: [], edits: [{ to: '6.1.0' }, { to: 'v2' }] });
  });

  test('is edited once where both mean the same value', () => {
    const result = edit(`a: 1 ${mark}\nb: 1\n`, 'a', NEW);
    expect(result).toMatchObject({ text: `a: 6.1.0 ${mark}\nb: 1\n`, marked: 1, problems: [] });
    expect(result.edits).toHaveLength(1);
  });

  test('keeps a value that shall become two things, and the others are set', () => {
    const result = edit(`a: 1 ${mark}\nb: 1 ${mark}\n`, 'a', 'v2');
    expect(result).toMatchObject({
      text: `a: 1 ${mark}\nb: 6.1.0 ${mark}\n`,
      marked: 1,
      problems: ['Line 1: the value is not set, because it would have to be both "v2" and "6.1.0".'],
    });
  });

  test('says what each of them has found', () => {
    const { findings } = edit(`a: 1 ${mark}\nb: {c: 1}\n`, 'x', 'v2');
    expect(findings?.map(({ targets }) => targets.length)).toEqual([0, 1]);
    expect(edit(`#${'x'.repeat(5 * 1024 * 1024)}`, 'x', 'v2').findings).toBeUndefined();
  });
});
