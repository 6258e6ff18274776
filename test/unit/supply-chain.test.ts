import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../..');
const read = (file: string) => Bun.file(join(ROOT, file)).text();

describe('packages', () => {
  test.each(['Dockerfile', '.ci/run', 'scripts/run.mjs'])(
    'are installed by %s without running their scripts, but for that of Bun',
    async (file) => {
      const text = (await read(file)).replaceAll(/', ?'/g, ' ');
      const installs = [...text.matchAll(/\bnpm(?:\('| )ci\b.*/g)].map(([line]) => line);
      expect(installs.length).toBe(1);
      expect(installs[0]).toContain('--ignore-scripts');
      expect(text).toMatch(/\bnpm(?:\('| )rebuild bun\b/);
    },
  );

  test('have a digest each in the lock file', async () => {
    const { packages } = JSON.parse(await read('package-lock.json')) as {
      packages: Record<string, { integrity?: string }>;
    };
    const { '': own, ...others } = packages;
    expect(own).toBeDefined();
    const odd = Object.entries(others).filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(odd.map(([name]) => name)).toEqual([]);
  });
});

test('the base images can be pinned without changing the Dockerfile', async () => {
  const text = await read('Dockerfile');
  const bases = [...text.matchAll(/^FROM \$\{(\w+)\}/gm)].map(([, base]) => base);
  expect(bases).toEqual(['BUILD_BASE', 'BASE']);
  const tagged = [...text.matchAll(/^ARG (\w+)=\S+:\S+$/gm)].map(([, name]) => name);
  expect(tagged).toEqual(bases);
  expect(text.match(/^FROM /gm)?.length).toBe(bases.length);
});
