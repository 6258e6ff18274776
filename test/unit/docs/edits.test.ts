import { describe, expect, test } from 'bun:test';
import { parse, parseAllDocuments } from 'yaml';
import { type RevisionPart, revisionPart } from '../../../src/decide/model/revision.ts';
import { parseFieldPath } from '../../../src/lib/text/field-path.ts';
import { globProblem, parseGlob } from '../../../src/lib/text/glob.ts';
import { editField } from '../../../src/lib/yaml/field.ts';
import { editMarked } from '../lib/yaml/edit-marked.ts';

const REVISION = `6.5.0@sha256:${'0c1d'.repeat(16)}`;
const PAGE = await Bun.file(new URL('../../../docs/edits.md', import.meta.url)).text();
const BLOCKS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);

/** The examples that are files of a repository, by the path in their first line. */
const FILES = new Map(
  BLOCKS.flatMap((text) => {
    const [, path] = /^# (\S+\.yaml)\n/.exec(text) ?? [];
    return path === undefined ? [] : [[path, text] as const];
  }),
);

interface Entry {
  readonly path: string;
  readonly field: string;
  readonly value?: RevisionPart;
}

const ENTRIES: readonly Entry[] = BLOCKS.filter((text) => text.startsWith('files:')).flatMap(
  (text) => parse(text).files,
);

function field(text: string) {
  const path = parseFieldPath(text);
  if ('problem' in path) throw new Error(path.problem);
  return path;
}

describe('docs/edits.md', () => {
  test.each(BLOCKS.map((text) => [text]))('has valid YAML in %j', (text) => {
    for (const document of parseAllDocuments(text)) {
      expect([document.errors, document.warnings]).toEqual([[], []]);
    }
  });

  test.each([
    ['apps/prod/podinfo.yaml', [REVISION]],
    ['apps/prod/source.yaml', ['6.5.0', revisionPart(REVISION, 'digest')]],
  ])('has markers that work in %s', (path, values) => {
    const result = editMarked(FILES.get(path) ?? '', 'podinfo:podinfo:prod', REVISION);
    expect(result).toMatchObject({ marked: values.length, problems: [] });
    expect(result.edits.map(({ to }) => to)).toEqual(values as string[]);
  });

  test('has entries of files that can be read, and one that sets what the page says', () => {
    expect(ENTRIES).toHaveLength(3);
    for (const { path, field: text } of ENTRIES) {
      expect([globProblem(path), field(text).text]).toEqual([undefined, text]);
    }
    const [first] = ENTRIES;
    const text = FILES.get(first?.path ?? '') ?? '';
    const result = editField(
      text,
      field(first?.field ?? ''),
      revisionPart(REVISION, first?.value ?? 'revision') ?? '',
    );
    expect(result.text).toBe(text.replace('6.4.2 # only', '6.5.0 # only'));
  });

  test('names paths and fields as they are read', () => {
    for (const [, path = ''] of PAGE.matchAll(/`(\.?[\w/*-]+\/\*\.yaml)`/g)) {
      expect(parseGlob(path)).toHaveProperty('segments');
    }
    for (const text of ['spec.version', 'a["example.com/version"]', 'a[0]', 'a[*]', 'a[name=app]']) {
      expect(PAGE).toContain(text.replace(/^a/, ''));
      expect(field(text).text).toBe(text);
    }
  });

  const SHOWN = ['6.5.0@sha256:0c1d…', 'main@sha1:9a8b…', 'v1.0.1@sha1:9a8b…', '6.5.0', '1.0.0+build.7'];
  test.each([...SHOWN, 'sha256:0c1d…'])('has the parts of %s right', (shown) => {
    const line = PAGE.split('\n').find((one) => one.startsWith(`| \`${shown}\` |`)) ?? '';
    const cells = line
      .split(' | ')
      .slice(1)
      .map((cell) => cell.replace(/ \|$/, ''));
    const revision = shown.replace('…', '0'.repeat(60));
    const expected = (['revision', 'tag', 'digest', 'commit', 'version'] as const).map((part) => {
      const value = revisionPart(revision, part);
      if (value === undefined) return 'not set';
      return value === revision ? 'all of it' : `\`${value.replace('0'.repeat(60), '…')}\``;
    });
    expect(cells).toEqual(expected);
  });
});
