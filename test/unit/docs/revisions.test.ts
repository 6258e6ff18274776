import { describe, expect, test } from 'bun:test';
import { parse, parseAllDocuments } from 'yaml';
import { checkSpec } from '../../../src/decide/validation.ts';
import { NAMES, POLICY, specOf } from '../../fixtures/pipelines/cases.ts';
import { COMMIT, DIGEST } from '../decide/revision/arbitraries.ts';
import { editMarked } from '../lib/yaml/edit-marked.ts';

/** The examples of docs/revisions.md: Pipelines that admission takes, and files that a promotion changes as the page says. */

const PAGE = await Bun.file(new URL('../../../docs/revisions.md', import.meta.url)).text();
const SECTIONS = PAGE.split(/^#{2,3} /m).map((text) => {
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return { title: text.slice(0, text.indexOf('\n')), blocks };
});
const BLOCKS = SECTIONS.flatMap(({ blocks }) => blocks);
const SPECS = BLOCKS.filter((block) => /^ {2}(appRef|revision|artifacts):/m.test(block));

function fileOf(title: string): string {
  const blocks = SECTIONS.find((section) => section.title === title)?.blocks ?? [];
  return blocks.find((block) => block.startsWith('# prod/')) ?? '';
}

describe('docs/revisions.md', () => {
  test.each(BLOCKS.map((block) => [block]))('has valid YAML in %j', (block) => {
    for (const document of parseAllDocuments(block)) {
      expect([document.errors, document.warnings]).toEqual([[], []]);
    }
  });

  test('has Pipelines, each of which admission takes', async () => {
    expect(SPECS).toHaveLength(4);
    for (const block of SPECS) {
      const { spec } = parse(block) as { spec: object };
      const checked = checkSpec({ ...(await specOf()), ...spec }, POLICY, NAMES);
      expect(checked.findings.problems).toEqual([]);
    }
  });

  test.each([
    ['An image in the values of a chart', '1.9.1', ['1.9.1']],
    ['An image in a Kustomization', '1.9.1', ['1.9.1']],
    ['A chart from an OCI registry', `6.5.1@${DIGEST}`, ['6.5.1', DIGEST]],
    ['A commit of a Git repository', `main@sha1:${COMMIT}`, [COMMIT]],
    ['A chart and an image together', 'chart=6.5.1,image=1.9.3', ['6.5.1', '1.9.3']],
  ])('has in "%s" a file in which %s is written as %p', (title, revision, values) => {
    const result = editMarked(fileOf(title), 'shop:shop:prod', revision);
    expect(result.problems).toEqual([]);
    expect(result.edits.map(({ to }) => to)).toEqual([...values]);
  });
});
