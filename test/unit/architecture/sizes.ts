import { dirname } from 'node:path';
import type { Tree } from './tree.ts';

/** Folders with more than `max` files directly in them. */
export function fullFolders(tree: Tree, max: number): string[] {
  const sizes = Object.groupBy(Object.keys(tree), dirname);
  return Object.entries(sizes)
    .filter(([, files = []]) => files.length > max)
    .map(([folder]) => folder);
}

export function linesOf(text: string): number {
  return text.split('\n').length;
}
