import { describe, expect, test } from 'bun:test';
import { atOnce } from '../../../../src/lib/async/steps.ts';
import { parseFieldPath } from '../../../../src/lib/text/field-path.ts';
import { editText } from '../../../../src/lib/yaml/edit.ts';
import { fieldFinder } from '../../../../src/lib/yaml/field.ts';
import { scanYaml } from '../../../../src/lib/yaml/marker/scan.ts';
import { checksumNotes } from '../../../../src/lib/yaml/marker/sops.ts';
import { valueFor } from '../../../../src/promote/branch/edit/scalar-value.ts';
import { editMarked } from './edit-marked.ts';

const KEY = 'apps:podinfo:prod';
const MARK = `# {"$promotion": "${KEY}"}`;
const ENC =
  'ENC[AES256_GCM,data:zlGNmhTYX5xol4ZZ,iv:ql9mkhoU1I64E/FJi3iA0HaAe2U3kQVFee2ZLwPnBik=,tag:SqVSfu/9JkA==,type:str]';
const COVERED =
  'the value is set, but the SOPS checksum (mac) covers it: run sops on the file afterwards, or set mac_only_encrypted: true.';

/** A HelmRelease of which SOPS has encrypted one value, in the order in which `sops` writes it. */
function release(version: string, sops = ''): string {
  const lines = [
    'kind: HelmRelease',
    'spec:',
    `    version: ${version}`,
    '    values:',
    `        password: ${ENC}`,
    'sops:',
    '    age:',
    '        - recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    '    lastmodified: "2026-11-01T10:00:00Z"',
    `    mac: ${ENC}`,
    '    encrypted_regex: ^password$',
    '    version: 3.10.2',
  ];
  return `${lines.join('\n')}\n${sops}`;
}

function setField(text: string, field: string, revision = '6.1.0') {
  const path = parseFieldPath(field);
  if ('problem' in path) throw new Error(path.problem);
  const { findings: _, ...edited } = editText(text, [
    fieldFinder(path, (standing) => valueFor(standing, revision, { part: 'revision' })),
  ]);
  return edited;
}

describe('a value that SOPS has encrypted', () => {
  test.each([
    ['plain', ENC],
    ['in quotes', `"${ENC}"`],
    ['in a block', `|\n        ${ENC}`],
    ['of another kind', 'ENC[X]'],
  ])('is never replaced by a marker, %s', (_, value) => {
    const text = `${release('6.0.0')}---\n${MARK}\na: ${value}\n`;
    const result = editMarked(text, KEY, '6.1.0');
    expect(result).toMatchObject({ text, edits: [], marked: 0 });
    expect(result.problems).toEqual([
      expect.stringMatching(/^Line 14: the marker is not used: the value is encrypted by SOPS, /),
    ]);
  });

  test('is never replaced by files, and the line is said', () => {
    const text = release('6.0.0');
    const result = setField(text, 'spec.values.password');
    expect(result).toMatchObject({ text, edits: [], marked: 0 });
    expect(result.problems).toEqual([
      expect.stringMatching(
        /^Line 5: the field spec\.values\.password is not set: the value is encrypted by SOPS, /,
      ),
    ]);
  });

  test('is never replaced without metadata of SOPS in the file either', () => {
    const text = `image: ${ENC} ${MARK}\n`;
    expect(editMarked(text, KEY, '6.1.0')).toMatchObject({ text, marked: 0, problems: [expect.any(String)] });
  });

  test('leaves the other values of the file to be set', () => {
    const text = `a: ${ENC} ${MARK}\nb: 6.0.0 ${MARK}\n`;
    const result = editMarked(text, KEY, '6.1.0');
    expect(result).toMatchObject({ text: text.replace('6.0.0', '6.1.0'), marked: 1 });
    expect(result.problems).toHaveLength(1);
  });
});

describe('a clear value in a file of SOPS', () => {
  const text = release(`6.0.0 ${MARK}`);

  test('is set, with a sentence on the checksum that covers it', () => {
    const result = editMarked(text, KEY, '6.1.0');
    expect(result).toMatchObject({ text: text.replace('6.0.0', '6.1.0'), marked: 1 });
    expect(result.problems).toEqual([`Line 3: ${COVERED}`]);
    expect(setField(release('6.0.0'), 'spec.version').problems).toEqual([`Line 3: ${COVERED}`]);
  });

  test('is set with the sentence at the very end of the file, too', () => {
    const text = `sops:\n  mac: ${ENC}\nversion:`;
    expect(setField(text, 'version')).toMatchObject({
      text: `${text} 6.1.0`,
      problems: [`Line 3: ${COVERED}`],
    });
  });

  test('is set without one when it has the revision already, for nothing changes', () => {
    expect(editMarked(text, KEY, '6.0.0')).toEqual({ text, edits: [], marked: 1, problems: [] });
  });

  test.each([
    ['covers encrypted values alone', release(`6.0.0 ${MARK}`, '    mac_only_encrypted: true\n')],
    ['is not there', text.replace(/ {4}mac: .*\n/, '')],
    ['is empty', text.replace(/( {4}mac:) .*\n/, '$1 ""\n')],
    ['stands deeper in the file', `a:\n${text.replaceAll(/^/gm, '  ')}`],
    ['is a word of its own', `${text.slice(0, text.indexOf('sops:'))}sops: mac\n`],
    ['is that of a document behind it', `a: 6.0.0 ${MARK}\n---\n${release('6.0.0')}`],
    ['is that of a document before it', `${release('6.0.0')}---\na: 6.0.0 ${MARK}\n`],
  ])('is set without one when a checksum %s', (_, other) => {
    const result = editMarked(other, KEY, '6.1.0');
    expect(result).toMatchObject({ marked: 1, problems: [] });
    expect(result.edits).toHaveLength(1);
  });

  test('is looked at about once, however many documents have a checksum', () => {
    const other = `a: 6.0.0 ${MARK}\n---\n`.repeat(100) + release('6.0.0').concat('---\n').repeat(100);
    const scanned = atOnce(scanYaml(other));
    if ('refused' in scanned) throw new Error(scanned.refused);
    let looked = 0;
    const changed = scanned.scalars.slice(0, 100).map((scalar) => ({
      ...scalar,
      get start() {
        looked += 1;
        return scalar.start;
      },
    }));
    expect(checksumNotes(scanned, changed, () => 1)).toEqual([]);
    expect(looked).toBeLessThan(400);
  });

  test('is set with one sentence for each document that has such values', () => {
    const three = [text.replace('kind:', `${MARK}\nkind:`), `kind: x ${MARK}\n`, text].join('---\n');
    expect(editMarked(three, KEY, '6.1.0')).toMatchObject({
      marked: 4,
      problems: [`Line 2: ${COVERED}`, `Line 19: ${COVERED}`],
    });
  });

  test('is set with a sentence when the checksum is said not to cover encrypted values alone', () => {
    const other = release(`6.0.0 ${MARK}`, '    mac_only_encrypted: false\n');
    expect(editMarked(other, KEY, '6.1.0').problems).toEqual([`Line 3: ${COVERED}`]);
  });
});
