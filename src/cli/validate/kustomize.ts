import { dirname, resolve } from 'node:path';
import { fieldOf } from './objects.ts';
import { decodeText, readContent } from './read.ts';
import { buildTree } from './tree.ts';
import { parseChunk, splitDocuments } from './yaml.ts';

/** The names that kustomize looks for. */
export const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Absolute paths of the files that these kustomizations name as patches: Pipelines in them are partial. */
export async function patchFiles(kustomizations: readonly string[], maxBytes: number): Promise<Set<string>> {
  const patches = new Set<string>();
  for (const path of kustomizations) {
    const content = await readContent(path, maxBytes);
    if (content.kind !== 'bytes') continue;
    const decoded = decodeText(content.bytes);
    const named = 'text' in decoded ? patchPaths(decoded.text) : [];
    for (const patch of named) patches.add(resolve(dirname(path), patch));
  }
  return patches;
}

/** `patchesStrategicMerge` may hold patches themselves in place of paths; these have more than one line. */
function patchPaths(text: string): string[] {
  const [chunk] = splitDocuments(text);
  const parsed = chunk && parseChunk(chunk);
  const [document] = parsed?.kind === 'documents' ? parsed.documents : [];
  if (!document) return [];
  const { value } = buildTree(document);
  const patches = listOf(fieldOf(value, 'patches')).map((patch) => fieldOf(patch, 'path'));
  return [...patches, ...listOf(fieldOf(value, 'patchesStrategicMerge'))].flatMap((path) =>
    typeof path === 'string' && !path.includes('\n') ? [path] : [],
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
