import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A copy of the checkout, so that nothing is changed where somebody works. */
export interface Tree {
  /** Whether the tests pass with this text in place of the file's; a test that does not end has failed. */
  passes(file: string, text: string, tests: readonly string[], timeoutMs: number): Promise<boolean>;
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
    async passes(file, text, tests, timeoutMs) {
      const path = join(folder, file);
      const original = await Bun.file(path).text();
      await Bun.write(path, text);
      try {
        // One after the other, the nearest first: the first failure tells.
        for (const test of tests) if (!(await runs(folder, test, timeoutMs))) return false;
        return true;
      } finally {
        await Bun.write(path, original);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function runs(folder: string, test: string, timeoutMs: number): Promise<boolean> {
  const child = Bun.spawn([process.execPath, 'test', '--bail', '--timeout=30000', `./${test}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return (await child.exited) === 0;
}
