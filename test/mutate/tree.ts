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
  /** The files of these in which a test fails although nothing is changed: they would notice every change. */
  failing(tests: readonly string[], timeoutMs: number): Promise<ReadonlySet<string>>;
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
    failing: (tests, timeoutMs) => failingOf(folder, tests, timeoutMs),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function failureOf(
  folder: string,
  tests: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  const child = run(folder, ['--bail', ...tests.map((test) => `./${test}`)], timeoutMs);
  const said = new Response(child.stderr).text();
  if ((await child.exited) === 0) return undefined;
  // What a killed process has started may hold its standard error open.
  if (child.signalCode === 'SIGKILL') return NO_END;
  return /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/m.exec(await said)?.[1] ?? 'outside of a test';
}

async function failingOf(
  folder: string,
  tests: readonly string[],
  timeoutMs: number,
): Promise<ReadonlySet<string>> {
  const child = run(
    folder,
    tests.map((test) => `./${test}`),
    timeoutMs,
  );
  const [text] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (child.signalCode === 'SIGKILL')
    throw new Error('The tests do not end in time although nothing is changed.');
  return failingFiles(text);
}

/** The files with failures in what `bun test` writes to standard error. */
export function failingFiles(text: string): ReadonlySet<string> {
  const failing = new Set<string>();
  let file = '';
  for (const line of text.split('\n')) {
    const header = /^(test\/\S+\.test\.ts):$/.exec(line)?.[1];
    // Bun lists all failures once more at the end.
    if (/^\d+ tests? failed:$/.test(line)) break;
    if (header !== undefined) file = header;
    else if (/^\(fail\) |^# Unhandled error/.test(line)) failing.add(file);
  }
  return failing;
}

function run(folder: string, options: readonly string[], timeoutMs: number) {
  return Bun.spawn([process.execPath, 'test', '--timeout=30000', ...options], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
}
