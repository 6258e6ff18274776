import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { runOrThrow } from '../test/lab/command.ts';

const ROOT = dirname(import.meta.dir);

export interface BuildOptions {
  /** The program's first file; default: `src/main.ts`. */
  readonly entry?: string;
  /** Default: `dist/turnpike`. */
  readonly output?: string;
}

export interface BuildResult {
  readonly output: string;
  /** Bytes */
  readonly size: number;
  readonly seconds: number;
  /** False when nothing has changed since the last build. */
  readonly built: boolean;
}

/** The files that go into the binary. */
const INPUTS = ['src', 'manifests', 'kustomize', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * A compiled program would otherwise read .env and bunfig.toml from wherever it is started. Native parts of ssh2 are left
 * out: Bun cannot load them, ssh2 does without, and the binary is the same whether they were compiled or not.
 */
const FLAGS = [
  '--compile',
  '--minify',
  '--bytecode',
  '--format=esm',
  '--sourcemap',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--external=cpu-features',
  '--external=*.node',
];

/** Makes `dist/turnpike`, one file that needs nothing else, unless it is up to date. */
export async function buildTurnpike(options: BuildOptions = {}): Promise<BuildResult> {
  const { entry = join(ROOT, 'src', 'main.ts'), output = join(ROOT, 'dist', 'turnpike') } = options;
  const started = performance.now();
  const result = async (built: boolean) => ({
    output,
    size: (await stat(output)).size,
    seconds: (performance.now() - started) / 1000,
    built,
  });
  const stamp = Bun.file(`${output}.inputs`);
  const inputs = await digestInputs(entry);
  if ((await Bun.file(output).exists()) && (await stamp.exists()) && (await stamp.text()) === inputs) {
    return result(false);
  }
  await compile(entry, output);
  await Bun.write(stamp, inputs);
  return result(true);
}

/** Built beside its place and moved there whole, so that a program that runs from it is not disturbed. */
async function compile(entry: string, output: string): Promise<void> {
  const unfinished = join(dirname(output), `.building-${process.pid}`);
  const file = join(unfinished, 'turnpike');
  await mkdir(unfinished, { recursive: true });
  try {
    await runOrThrow([process.execPath, 'build', ...FLAGS, '--outfile', file, entry], { cwd: ROOT });
    await rename(file, output);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function digestInputs(entry: string): Promise<string> {
  const hash = createHash('sha256').update(`${Bun.version}\n${FLAGS.join(' ')}\n${entry}\n`);
  for (const path of (await Promise.all(INPUTS.map(filesBelow))).flat()) {
    hash.update(`${path}\n`).update(await Bun.file(join(ROOT, path)).bytes());
  }
  return hash.digest('hex');
}

/** Paths below the repository, sorted; a file's path itself. */
async function filesBelow(path: string): Promise<string[]> {
  const found = await stat(join(ROOT, path)).catch(() => undefined);
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(ROOT, join(entry.parentPath, entry.name))).sort();
}

/** `dist/turnpike: 98.1 MB, built in 1.9 s` */
export function describeBuild({ output, size, seconds, built }: BuildResult): string {
  const megabytes = (size / 1e6).toFixed(1);
  const how = built ? `built in ${seconds.toFixed(1)} s` : 'up to date';
  return `${relative(ROOT, output)}: ${megabytes} MB, ${how}`;
}

if (import.meta.main) {
  console.log(describeBuild(await buildTurnpike()));
}
