import { describe, expect, test } from 'bun:test';
import { against, circles, importsOf, reachedFrom } from './imports.ts';
import { tooDeep } from './nesting.ts';
import {
  entersByIndex,
  isLibraryEntry,
  isPure,
  mayUseFolder,
  mayUseRoom,
  staysPure,
  withoutRow,
} from './rooms.ts';
import { fullFolders, linesOf } from './sizes.ts';
import {
  exportsUnnamed,
  isEntry,
  isImpure,
  makesPattern,
  parsesPastTheFirstFault,
  readsEnvironment,
  writesToConsole,
} from './text.ts';
import type { Tree } from './tree.ts';

/** A file that imports these, each in another way. */
function importing(...targets: readonly string[]): string {
  const ways = [
    (to: string) => `import { a } from '${to}';`,
    (to: string) => `import type { A } from '${to}';`,
    (to: string) => `import {\n  type A,\n  b,\n} from '${to}';`,
    (to: string) => `export type { A } from '${to}';`,
    (to: string) => `import '${to}';`,
    (to: string) => `const { a } = await import('${to}');`,
  ];
  return targets.map((to, index) => ways[index % ways.length]?.(to)).join('\n');
}

function edges(tree: Tree, allows: (from: string, to: string) => boolean): string[] {
  return against(importsOf(tree), allows);
}

describe('imports', () => {
  test('are read in every way to write them, and end where the tree ends', () => {
    const text = importing(
      './b.ts',
      '../c.ts',
      './d.ts',
      './e/f.ts',
      './g.ts',
      './h.ts',
      '../../package.json',
    );
    expect(importsOf({ 'x/a.ts': text }).get('x/a.ts')).toEqual([
      'x/b.ts',
      'c.ts',
      'x/d.ts',
      'x/e/f.ts',
      'x/g.ts',
      'x/h.ts',
    ]);
    expect(importsOf({ 'a.ts': "import * as v from 'valibot';" }).get('a.ts')).toEqual([]);
  });

  test('are followed by whatever way', () => {
    const tree = { 'a.ts': importing('./b.ts'), 'b.ts': importing('./c.ts'), 'c.ts': '', 'd.ts': '' };
    expect([...reachedFrom(importsOf(tree), ['a.ts'])]).toEqual(['a.ts', 'b.ts', 'c.ts']);
  });

  test.each([
    ['a library that knows a Pipeline', 'lib/git/store.ts', '../../api/pipeline.ts'],
    ['a library that knows a higher one', 'lib/text/cut.ts', '../async/index.ts'],
    ['a schema that decides', 'api/gates.ts', '../decide/keys.ts'],
    ['a decision that looks', 'decide/keys.ts', '../observe/namespaces.ts'],
    ['rooms beside each other', 'http/hook.ts', '../observe/namespaces.ts'],
    ['a room that knows the command', 'reconcile/act.ts', '../cli/flags.ts'],
    ['a room without a row', 'pages/page.ts', '../api/pipeline.ts'],
  ])('between rooms: %s is refused', (_what, path, target) => {
    expect(edges({ [path]: importing(target) }, mayUseRoom)).toHaveLength(1);
  });

  test('between rooms: downwards is allowed', () => {
    const tree = {
      'cli/serve/program.ts': importing('../../http/hook.ts', '../flags.ts', '../../lib/errors.ts'),
    };
    expect(edges(tree, mayUseRoom)).toEqual([]);
  });

  test.each([
    ['the server that knows what is served', 'http/server/server.ts', '../signed/guard.ts'],
    ['the model that knows the gates', 'decide/model/state.ts', '../gates/windows.ts'],
    ['the face of a folder, which counts as the folder', 'decide/gates/gates.ts', '../validation.ts'],
    ['one forge that knows another', 'lib/forges/github/pulls.ts', '../gitlab.ts'],
    ['a folder without a row', 'http/pages/page.ts', '../server/bind.ts'],
  ])('between folders: %s is refused', (_what, path, target) => {
    expect(edges({ [path]: importing(target) }, mayUseFolder)).toHaveLength(1);
  });

  test('between folders: what is below, and what lies in the room itself, is allowed', () => {
    const tree = {
      'http/signed/signed.ts': importing('../server/intake.ts', '../problem.ts', './rate.ts'),
      'http/hook.ts': importing('./signed/signed.ts'),
    };
    expect(edges(tree, mayUseFolder)).toEqual([]);
  });

  test('between folders: a new folder asks for a row', () => {
    expect(withoutRow(['http/pages/page.ts', 'http/pages/html.ts', 'http/hook.ts', 'main.ts'])).toEqual([
      'http/pages',
    ]);
  });

  test('in a circle are found with all of its files, types included', () => {
    const tree = {
      'a.ts': importing('./z.ts', './b.ts'),
      'b.ts': "import type { C } from './c.ts';",
      'c.ts': "import type { A } from './a.ts';",
      'd.ts': importing('./a.ts'),
      'self.ts': importing('./self.ts'),
      'y.ts': importing('./z.ts'),
      'z.ts': importing('./y.ts'),
    };
    expect(circles(importsOf(tree))).toEqual([['a.ts', 'b.ts', 'c.ts'], ['self.ts'], ['y.ts', 'z.ts']]);
  });

  test('past an entry are refused', () => {
    const tree = {
      'promote/push.ts': importing('../lib/git/store.ts', '../lib/git/index.ts', '../lib/errors.ts'),
      'lib/forges/port.ts': importing('../git/refs.ts', './url/repository.ts'),
      'http/admission/validate.ts': importing(
        '../../decide/validation/rules.ts',
        '../../decide/validation.ts',
      ),
      'decide/keys.ts': importing('./validation/rules.ts'),
      'decide/validation.ts': importing('./validation/rules.ts'),
    };
    expect(edges(tree, entersByIndex)).toEqual([
      'promote/push.ts lib/git/store.ts',
      'lib/forges/port.ts lib/git/refs.ts',
      'http/admission/validate.ts decide/validation/rules.ts',
      'decide/keys.ts decide/validation/rules.ts',
    ]);
  });

  test('of a decision from the impure part of a library are refused', () => {
    const tree = {
      'decide/keys.ts': importing('../lib/git/index.ts', '../lib/git/pure.ts', '../lib/text/index.ts'),
      'http/hook.ts': importing('../lib/async/index.ts'),
    };
    expect(edges(tree, staysPure)).toEqual(['decide/keys.ts lib/git/index.ts']);
  });
});

test('entries and pure files are known by their place', () => {
  expect(['lib/git/index.ts', 'lib/git/pure.ts', 'lib/git/store.ts'].map(isLibraryEntry)).toEqual([
    true,
    true,
    false,
  ]);
  expect(['decide/a/b.ts', 'lib/net/pure.ts', 'lib/net/index.ts', 'api/rules.ts'].map(isPure)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('a text', () => {
  test.each([
    ['needs a clock', isImpure, 'const now = Date.now();', '/** Date.now() is asked elsewhere. */'],
    ['needs a clock below a comment', isImpure, '// Why.\nDate.now();', '/* Why. */\n// Date.now()\na();'],
    ['needs the time of day', isImpure, 'Temporal.Now.instant()', 'Temporal.Instant.from(a)'],
    ['measures time', isImpure, 'performance.now()', 'performance.timeOrigin'],
    ['needs chance', isImpure, 'crypto.randomUUID()', "hash('randomUUID')"],
    ['is asynchronous', isImpure, 'async () => a', "import { a } from '../lib/async/pure.ts';"],
    ['needs a promise', isImpure, 'const a = await b;', '// await\nconst a = b;'],
    [
      'needs a file',
      isImpure,
      "import { readFile } from 'node:fs/promises';",
      "import { isIP } from 'node:net';",
    ],
    ['makes a pattern of a text', makesPattern, 'const a = new RegExp(b);', 'const a = /b/;'],
    ['matches a text as a pattern', makesPattern, "a.match('b.');", 'a.match(/b./);'],
    ['parses past the first fault', parsesPastTheFirstFault, 'v.parse(A, b);', 'v.parse(A, b, FIRST);'],
    ['writes to the console', writesToConsole, 'console.error(a);', 'log.error(a);'],
    ['reads the environment', readsEnvironment, 'process.env.HOME', 'environment.HOME'],
    ["reads Bun's environment", readsEnvironment, 'Bun.env.HOME', 'Bun.environment'],
    [
      'exports what it does not name',
      exportsUnnamed,
      "export * from './a.ts';",
      "export { a } from './a.ts';",
    ],
  ])('%s', (_what, breaks, bad, good) => {
    expect([breaks(bad), breaks(good)]).toEqual([true, false]);
  });

  test('is an entry if it holds names alone', () => {
    expect(isEntry("/** Why. */\nexport { a } from './a.ts';\nexport type { B } from './b.ts';\n")).toBe(
      true,
    );
    expect(isEntry("export * from './a.ts';\n")).toBe(false);
    expect(isEntry("export { a } from './a.ts';\nexport const b = 1;\n")).toBe(false);
  });
});

test('folders and files that are too large are found', () => {
  expect(fullFolders({ 'a/1.ts': '', 'a/2.ts': '', 'a/b/3.ts': '', 'c/4.ts': '' }, 1)).toEqual(['a']);
  expect(linesOf('a\nb\n')).toBe(3);
});

describe('statements', () => {
  test.each([
    ['braces', 'for (const a of b) { while (a) { switch (c) { case 1: { if (d) { e(); } } } } }'],
    ['none', 'for (const a of b) while (a) do if (c) d(); while (e);'],
    ['try', 'if (a) { try { b(); } catch { for (const c of d) { if (e) { f(); } } } }'],
    ['else', 'if (a) b(); else { if (x) { c(); } else if (d) { for (const e of f) if (g) h(); } }'],
    ['a method', 'const a = { b(): void { if (c) { for (const d of e) { while (f) { if (g) h(); } } } } };'],
  ])('deeper than three levels are found: %s', (_what, text) => {
    expect(tooDeep(`export function f() { ${text} }`, 3)).toEqual([expect.stringMatching(/^if \([cdegx]\)/)]);
  });

  test('start anew in a function, and an else-if is no level', () => {
    const text = `export function f(a: Map<string, { b: 1 }>): { c: 2 } {
      if (a) { for (const b of a) { if (b.some((one) => { if (one) return true; return false; })) g(b); } }
      for (const b of a) { while (b) { c(a, async () => { if (d) { for (const e of d) { if (e) h(); } } }); } }
      if (a) b(); else if (c) d(); else if (e) f(); else if (g) h(); else { i(); j(); }
    }`;
    expect(tooDeep(text, 3)).toEqual([]);
  });
});
