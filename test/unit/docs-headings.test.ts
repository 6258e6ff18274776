import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const DOCS = join(import.meta.dir, '../../docs');

const PAGES = [...new Bun.Glob('**/*.md').scanSync(DOCS)].sort();

function textOf(page: string): Promise<string> {
  return Bun.file(join(DOCS, page)).text();
}

function repeated(lines: readonly string[]): string[] {
  return lines.filter((line, index) => lines.indexOf(line) < index);
}

describe('the docs', () => {
  test.each(PAGES)('have no heading twice in %s', async (page) => {
    const text = (await textOf(page)).replace(/^```.*?^```/gms, '');
    expect(repeated([...text.matchAll(/^#+ .+$/gm)].map(([heading]) => heading))).toEqual([]);
  });

  test.each(PAGES)('have nothing left of a merge in %s', async (page) => {
    expect((await textOf(page)).match(/^(?:<{7}|={7}|>{7})/m)).toBeNull();
  });

  test.each(['forges.md'])('have one row for each thing in the tables of %s', async (page) => {
    for (const table of (await textOf(page)).split(/\n\n+/).filter((part) => part.startsWith('|'))) {
      const rows = table.split('\n').slice(2);
      expect(repeated(rows.map((row) => row.split(' | ').slice(0, 2).join()))).toEqual([]);
    }
  });
});
