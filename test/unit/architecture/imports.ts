import { dirname, join } from 'node:path';
import type { Tree } from './tree.ts';

/** What each file imports, types included, by its path in the tree. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const IMPORT =
  /^(?:import|export)\b[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/gm;

/** Leaves out what lies outside of the tree, like package.json. */
export function importsOf(tree: Tree): Imports {
  const imported = (path: string, text: string) =>
    [...text.matchAll(IMPORT)]
      .map(([, from, plain, later]) => join(dirname(path), from ?? plain ?? later ?? ''))
      .filter((target) => !target.startsWith('..'));
  return new Map(Object.entries(tree).map(([path, text]) => [path, imported(path, text)]));
}

/** All imports that a rule refuses, as "file imported". */
export function against(imports: Imports, allows: (from: string, to: string) => boolean): string[] {
  return [...imports].flatMap(([from, targets]) =>
    targets.filter((to) => !allows(from, to)).map((to) => `${from} ${to}`),
  );
}

/** The files, and all that they import by whatever way. */
export function reachedFrom(imports: Imports, start: readonly string[]): Set<string> {
  const reached = new Set(start);
  for (const path of reached) {
    for (const target of imports.get(path) ?? []) if (imports.has(target)) reached.add(target);
  }
  return reached;
}

/** The files that import each other by whatever way, circle by circle. */
export function circles(imports: Imports): string[][] {
  const paths = [...imports.keys()].sort();
  const reached = new Map(paths.map((path) => [path, reachedFrom(imports, imports.get(path) ?? [])]));
  const reaches = (from: string, to: string) => reached.get(from)?.has(to) ?? false;
  return paths
    .filter((path) => reaches(path, path))
    .map((path) => paths.filter((other) => reaches(path, other) && reaches(other, path)))
    .filter((circle, index, all) => all.findIndex(([first]) => first === circle[0]) === index);
}
