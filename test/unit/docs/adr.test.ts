import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const FOLDER = join(import.meta.dir, '../../../docs/adr');

const FILES = [...new Bun.Glob('*.md').scanSync(FOLDER)].sort();

function numberOf(file: string): number {
  return Number(file.slice(0, 4));
}

function textOf(file: string): Promise<string> {
  return Bun.file(join(FOLDER, file)).text();
}

describe('the decision records', () => {
  test('are numbered one after the other', () => {
    expect(FILES.map(numberOf)).toEqual(FILES.map((_, index) => index + 1));
  });

  test.each(FILES)('have the number of the file in the title of %s', async (file) => {
    expect(await textOf(file)).toStartWith(`# ${numberOf(file)}. `);
  });

  test.each(FILES)('link to records that are there from %s', async (file) => {
    const linked = [...(await textOf(file)).matchAll(/\]\((\d{4}-[^)#]+)\)/g)].map(([, target]) => target);
    expect(linked.filter((target) => !FILES.includes(target ?? ''))).toEqual([]);
  });
});
