import { resolve } from 'node:path';
import { findInputs, type Input } from './inputs.ts';
import { patchFiles } from './kustomize.ts';
import type { Manifest } from './objects.ts';
import { fileProblem, type Problem } from './problem.ts';
import { readContent, type StandardInput } from './read.ts';
import { createReader } from './reader.ts';
import type { SecretIndex } from './secrets.ts';

export interface Limits {
  readonly maxFiles: number;
  /** Bytes of one file. */
  readonly maxFileSize: number;
}

export interface Collected {
  readonly pipelines: readonly Manifest[];
  readonly secrets: SecretIndex;
  readonly problems: readonly Problem[];
  /** Paths of the files that were read, in their order. */
  readonly paths: readonly string[];
  readonly patches: number;
}

/** Reads all Pipelines and Secrets in the files that the paths stand for. */
export async function collect(
  paths: readonly string[],
  limits: Limits,
  standardInput: StandardInput,
): Promise<Collected> {
  const found = await findInputs(paths, limits.maxFiles);
  const patches = await patchFiles(found.kustomizations, limits.maxFileSize);
  const inputs = found.inputs.filter(({ path }) => path === '-' || !patches.has(resolve(path)));
  const reader = createReader();
  const problems = [...found.problems];
  for (const input of inputs) {
    const content = await readContent(input.path, limits.maxFileSize, standardInput);
    if (content.kind === 'bytes') reader.read(input, content.bytes);
    else if (content.kind === 'unreadable') problems.push(fileProblem(input.path, content.why));
    else problems.push(tooLarge(input, limits));
  }
  return {
    pipelines: reader.pipelines,
    secrets: reader.secrets,
    problems: [...problems, ...reader.problems],
    paths: inputs.map(({ path }) => path),
    patches: found.inputs.length - inputs.length,
  };
}

function tooLarge({ path, named }: Input, { maxFileSize }: Limits): Problem {
  const message = `It is larger than ${maxFileSize} bytes and was not checked: raise --max-file-size if this is intended.`;
  return fileProblem(path, message, named ? 'error' : 'warning');
}
