import { GROUP } from '../../api/group.ts';
import type { Input } from './inputs.ts';
import { isPipeline, type Manifest, manifestsOf } from './objects.ts';
import { fileProblem, type Problem } from './problem.ts';
import { decodeText } from './read.ts';
import { createSecretIndex, isSecret, secretOf } from './secrets.ts';
import { buildTree, type Tree } from './tree.ts';
import { type Chunk, type Fault, type PositionOf, parseChunk, positions, splitDocuments } from './yaml.ts';

/** etcd takes no larger request in its default settings. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;
/** Bytes of all Pipelines and Secrets, and of the files that hold them, which are in memory at the same time. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;

/** Faults of YAML that are shown of one document. */
const MAX_FAULTS = 100;

/** Picks the Pipelines and Secrets out of the bytes of files. */
export function createReader() {
  const pipelines: Manifest[] = [];
  const problems: Problem[] = [];
  const secrets = createSecretIndex();
  let kept = 0;

  function read({ path, named }: Input, bytes: Uint8Array): void {
    // Found by walking, a file that mentions no Pipeline may be a template of anything.
    const ours = named || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(GROUP);
    const decoded = decodeText(bytes);
    if ('text' in decoded) readText(decoded.text, path, ours);
    else if (ours) problems.push(fileProblem(path, decoded.why));
  }

  function readText(text: string, path: string, ours: boolean): void {
    const before = kept;
    const chunks = splitDocuments(text).filter((chunk) => ours || chunk.text.includes('Secret'));
    for (const chunk of chunks) {
      const { manifests, faults } = readChunk(chunk, path);
      if (ours) problems.push(...faults);
      for (const manifest of manifests) keep(manifest);
    }
    if (kept > before) kept += text.length;
  }

  function keep(manifest: Manifest): void {
    if (kept > MAX_KEPT_BYTES || !isKept(manifest)) return;
    kept += manifest.size;
    const refusal = refusalOf(manifest);
    const secret = refusal === undefined ? secretOf(manifest) : undefined;
    if (refusal !== undefined) problems.push({ ...fileProblem(manifest.path, refusal), ...manifest.at('') });
    else if (secret) secrets.add(secret);
    else if (isPipeline(manifest)) pipelines.push(manifest);
  }

  function refusalOf({ size }: Manifest): string | undefined {
    if (size > MAX_OBJECT_BYTES) {
      return 'This object is larger than 1.5 MiB with its aliases expanded: the API server does not accept it.';
    }
    return kept > MAX_KEPT_BYTES
      ? 'This is too much to check at once, from here on: name fewer files.'
      : undefined;
  }

  return { read, pipelines, secrets, problems };
}

function isKept(manifest: Manifest): boolean {
  return isPipeline(manifest) || isSecret(manifest);
}

interface ReadChunk {
  readonly manifests: readonly Manifest[];
  readonly faults: readonly Problem[];
}

/** The objects of one document, and what is wrong with its YAML. */
function readChunk(chunk: Chunk, path: string): ReadChunk {
  const positionOf = positions(chunk);
  const problem = ({ offset, message }: Fault): Problem => {
    return { ...fileProblem(path, message), ...positionOf(offset), rule: 'syntax' };
  };
  const parsed = parseChunk(chunk);
  if (parsed.kind === 'fault') return { manifests: [], faults: [problem(parsed.fault)] };
  const trees = parsed.documents.map(buildTree);
  const sound = trees.filter(({ faults }) => faults.length === 0);
  return {
    manifests: sound.flatMap((tree) => manifestsOf(tree, path, positionOf)),
    faults: trees
      .flatMap((tree) => [...tree.faults, ...duplicates(tree, positionOf)])
      .slice(0, MAX_FAULTS)
      .map(problem),
  };
}

function duplicates(tree: Tree, positionOf: PositionOf): Fault[] {
  return tree.duplicates.map(({ offset, first }) => {
    const message = `This key is already in line ${positionOf(first).line}: remove one of them.`;
    return { offset, message };
  });
}
