import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';

const ROOT = new URL('../../..', import.meta.url).pathname;
const PAGES = await Promise.all(
  ['README.md', 'CHANGELOG.md', ...new Glob('docs/**/*.md').scanSync(ROOT)].toSorted().map(async (path) => {
    return [path, (await Bun.file(`${ROOT}/${path}`).text()).replace(/^```.*?^```$/gms, '')] as const;
  }),
);

/** The cells of each row, the line below the head included. */
function tablesIn(page: string): string[][][] {
  const tables = page.match(/(?:^\|.*\n)+/gm) ?? [];
  return tables.map((table) => {
    const rows = table.trimEnd().split('\n');
    return rows.map((row) => row.slice(1, -1).split(/(?<!\\)\|(?=(?:[^`]*`[^`]*`)*[^`]*$)/));
  });
}

describe('the pages', () => {
  test.each(PAGES)('have whole tables, and nothing of an unfinished merge, in %s', (_, page) => {
    expect(page).not.toMatch(/^(?:<{7}|={7}|>{7})/m);
    for (const [head = [], below = [], ...rows] of tablesIn(page)) {
      expect(below.every((cell) => /^ *:?-+:? *$/.test(cell))).toBe(true);
      expect([below, ...rows].filter((row) => row.length !== head.length)).toEqual([]);
    }
  });

  test('say once what each forge can do', () => {
    const [, page = ''] = PAGES.find(([path]) => path === 'docs/forges.md') ?? [];
    const section = page.slice(page.indexOf('\n## What each forge can do\n'));
    const names = tablesIn(section)[0]?.map(([first]) => first) ?? [];
    expect(names).toContain(' what counts as a check ');
    expect(names).toEqual([...new Set(names)]);
  });
});
