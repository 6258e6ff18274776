import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../../..');
const PAGES = ['*.md', 'docs/**/*.md', 'src/**/README.md'].flatMap((pattern) => [
  ...new Bun.Glob(pattern).scanSync(ROOT),
]);
/** A path of the repository in a code span or a link; one with a placeholder or a pattern is none. */
const PATH = /[`(](?:\.\.\/)*((?:src|test|scripts|bench|demo|manifests|kustomize)\/[\w./-]+)[`)#]/g;

/** A test goes by its name alone, too. */
function isThere(path: string): boolean {
  return [path, `${path}.test.ts`].some((one) => existsSync(join(ROOT, one)));
}

describe('the pages', () => {
  test.each(PAGES.sort())('%s names files and folders that are there', async (page) => {
    const text = await Bun.file(join(ROOT, page)).text();
    const named = [...text.matchAll(PATH)].map(([, path = '']) => path);
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });
});
