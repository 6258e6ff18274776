import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const DOCS = join(import.meta.dir, '../../../docs');

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
});
