import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KUSTOMIZATIONS } from './kustomize.ts';
import { fileProblem, type Problem } from './problem.ts';
import { reasonOf } from './read.ts';

/** A file to be checked, or standard input, whose path is `-`. */
export interface Input {
  readonly path: string;
  /** False for what a directory was walked for: there, what mentions no Pipeline is no business of ours. */
  readonly named: boolean;
}

export interface Inputs {
  readonly inputs: readonly Input[];
  /** Kustomizations that may name patches among the inputs. */
  readonly kustomizations: readonly string[];
  readonly problems: readonly Problem[];
}

const MANIFEST = /\.(yaml|yml|json)$/i;
const NOT_WALKED = new Set(['.git', 'node_modules']);

/** Finds the files that the paths of the command line stand for, each once, directories in the order of names. */
export async function findInputs(paths: readonly string[], maxFiles: number): Promise<Inputs> {
  const inputs = new Map<string, Input>();
  const kustomizations = new Set<string>();
  const problems: Problem[] = [];

  async function visit(path: string): Promise<void> {
    const kind = path === '-' ? 'file' : await kindOf(path);
    if (kind === 'directory') await walk(path);
    else if (kind !== 'file') problems.push(fileProblem(path, kind));
    else {
      for (const name of KUSTOMIZATIONS) kustomizations.add(join(dirname(path), name));
      add(path, true);
    }
  }

  async function walk(directory: string): Promise<void> {
    const entries = await list(directory, problems);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (inputs.size > maxFiles) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory() && !NOT_WALKED.has(entry.name)) await walk(path);
      else if (await isManifest(entry, path)) add(path, false);
    }
  }

  async function isManifest(entry: Dirent, path: string): Promise<boolean> {
    if (!entry.isFile() && !entry.isSymbolicLink()) return false;
    if (KUSTOMIZATIONS.includes(entry.name)) kustomizations.add(path);
    if (!MANIFEST.test(entry.name)) return false;
    // A link to a directory, or to nothing, is not followed.
    return (
      entry.isFile() ||
      (await stat(path).then(
        (found) => found.isFile(),
        () => false,
      ))
    );
  }

  function add(path: string, named: boolean): void {
    const key = path === '-' ? path : resolve(path);
    if (named || !inputs.has(key)) inputs.set(key, { path, named });
  }

  for (const path of paths) await visit(path);
  if (inputs.size > maxFiles) {
    const message = `There are more than ${maxFiles} files: name fewer, or raise --max-files. The others were not checked.`;
    problems.push(fileProblem(paths[0] ?? '.', message));
  }
  return { inputs: [...inputs.values()].slice(0, maxFiles), kustomizations: [...kustomizations], problems };
}

async function list(directory: string, problems: Problem[]): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    problems.push(fileProblem(directory, `The directory cannot be read: ${reasonOf(error)}.`));
    return [];
  }
}

/** A sentence says why it is neither. Pipes, as in `-f <(kustomize build)`, are files here. */
async function kindOf(path: string): Promise<'file' | 'directory' | (string & {})> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const reason = reasonOf(error);
    return reason === 'ENOENT' ? 'No such file or directory.' : `It cannot be read: ${reason}.`;
  }
}
