import { basename, dirname } from 'node:path';

/** More than any way between two folders. */
const FUZZ = 100;

/**
 * The tests in the folder that mirrors the file's come first: they are the likeliest to notice a change of it. The fuzzers
 * take long and come last.
 */
export function nearestFirst(file: string, tests: readonly string[]): string[] {
  const own = basename(file, '.ts');
  const distance = (test: string) => {
    const steps = stepsBetween(foldersOf(file, 1), foldersOf(test, 2));
    if (test.startsWith('test/fuzz/')) return steps + FUZZ;
    return basename(test, '.test.ts') === own ? steps - 0.5 : steps;
  };
  return [...tests].sort((a, b) => distance(a) - distance(b));
}

/** Below src, or below test and what its tests need. */
function foldersOf(path: string, skipped: number): string[] {
  return dirname(path).split('/').slice(skipped);
}

function stepsBetween(one: readonly string[], other: readonly string[]): number {
  const parting = one.findIndex((folder, index) => folder !== other[index]);
  const shared = parting < 0 ? one.length : parting;
  return one.length + other.length - 2 * shared;
}
