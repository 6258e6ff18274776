import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const DOCS = join(import.meta.dir, '../../docs');

describe('the docs', () => {
  test.each([...new Bun.Glob('**/*.md').scanSync(DOCS)].sort())(
    'have no heading twice in %s',
    async (file) => {
      const text = (await Bun.file(join(DOCS, file)).text()).replace(/^```.*?^```/gms, '');
      const headings = [...text.matchAll(/^#+ .+$/gm)].map(([heading]) => heading);
      expect(headings.filter((heading, index) => headings.indexOf(heading) < index)).toEqual([]);
    },
  );
});
