import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Stands for the name of a test where a process is killed: an endless loop is noticed so, and a busy machine looks alike. */
export const NO_END = 'no end in time';

/** A copy of the checkout, so that nothing is changed where somebody works. */
export interface Tree {
  /**
   * The first test that fails with this text in place of the file's. Each part is a list of test files for one process; a
   * process that does not end has failed.
   */
  failure(
    file: string,
    text: string,
    parts: readonly (readonly string[])[],
    timeoutMs: number,
  ): Promise<string | undefined>;
  remove(): Promise<void>;
}

const COPIED = ['src', 'test', 'bench', 'demo', 'scripts', 'manifests', 'kustomize', 'docs'];
const FILES = ['package.json', 'bunfig.toml', 'tsconfig.json', 'README.md', 'CHANGELOG.md'];

export async function createTree(root: string, folder: string): Promise<Tree> {
  await mkdir(folder, { recursive: true });
  for (const name of [...COPIED, ...FILES])
    await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    async failure(file, text, parts, timeoutMs) {
      const path = join(folder, file);
      const original = await Bun.file(path).text();
      await Bun.write(path, text);
      try {
        // One after the other: the first failure tells.
        for (const part of parts) {
          const failed = await failureOf(folder, part, timeoutMs);
          if (failed !== undefined) return failed;
        }
        return undefined;
      } finally {
        await Bun.write(path, original);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function failureOf(
  folder: string,
  tests: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  const files = tests.map((test) => `./${test}`);
  const child = Bun.spawn([process.execPath, 'test', '--bail', '--timeout=30000', ...files], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const said = new Response(child.stderr).text();
  if ((await child.exited) === 0) return undefined;
  // What a killed process has started may hold its standard error open.
  if (child.signalCode === 'SIGKILL') return NO_END;
  return /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/m.exec(await said)?.[1] ?? 'outside of a test';
}
