import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';

const ROOT = join(import.meta.dir, '../../..');

const Report = v.object({
  diagnostics: v.array(v.object({ category: v.string(), location: v.object({ path: v.string() }) })),
});

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `  console.log(${index});`).join('\n');
}

/** Each breaks one rule, the first ones none. */
const FILES: Readonly<Record<string, string>> = {
  'src/fine.ts': `export async function fine(a: 1, b: 2, c: 3, d: 4) {\n  await c;\n${lines(56)}\n  return [a, b, d];\n}\n`,
  'src/long.ts': `export function long() {\n${lines(61)}\n}\n`,
  'src/parameters.ts': 'export const many = (a: 1, b: 2, c: 3, d: 4, e: 5) => [a, b, c, d, e];\n',
  'src/callbacks.ts': 'export const a = (b: F) => b(() => b(() => b(() => b(() => 1))));\n',
  'src/complex.ts': `export function complex(a: number) {
  ${'if (a > 1) { while (a) { if (a === 2) { for (const b of [a]) if (b > 3) return 1; } } }\n'.repeat(2)}
}\n`,
  'src/circle/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
  'src/circle/b.ts': "import type { A } from './a.ts';\nexport type B = A[];\n",
  'src/floating.ts': "import { fine } from './fine.ts';\nexport function f() {\n  fine(1, 2, 3, 4);\n}\n",
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'turnpike-linter-'));
  await cp(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  for (const [path, text] of Object.entries(FILES)) await Bun.write(join(folder, path), text);
});

afterAll(() => rm(folder, { recursive: true }));

test('the linter holds functions, circles and promises to the rules', async () => {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const run = Bun.spawn(
    [biome, 'lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: folder, stderr: 'ignore' },
  );
  const { diagnostics } = v.parse(Report, await new Response(run.stdout).json());
  const found = diagnostics.map(({ category, location }) => `${location.path} ${category.split('/').at(-1)}`);
  expect([...new Set(found)].sort()).toEqual([
    'src/callbacks.ts noExcessiveNestedCallbacks',
    'src/circle/a.ts noImportCycles',
    'src/circle/b.ts noImportCycles',
    'src/complex.ts noExcessiveCognitiveComplexity',
    'src/floating.ts noFloatingPromises',
    'src/long.ts noExcessiveLinesPerFunction',
    'src/parameters.ts useMaxParams',
  ]);
});
