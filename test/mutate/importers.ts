import { dirname, join, relative } from 'node:path';

/** Which files import which, so that only the tests run that can notice a change. */
export interface Importers {
  /** Tests that import the file, itself or by way of others; the nearest first. */
  testsOf(file: string): readonly string[];
}

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** `files`: paths below `root`, with a slash between folders. */
export async function readImporters(root: string, files: readonly string[]): Promise<Importers> {
  const importers = new Map<string, string[]>();
  for (const file of files) {
    const text = await Bun.file(join(root, file)).text();
    for (const [, specifier = ''] of text.matchAll(IMPORT)) {
      const imported = relative(root, join(root, dirname(file), specifier));
      importers.set(imported, [...(importers.get(imported) ?? []), file]);
    }
  }
  return {
    testsOf(file) {
      const seen = new Set([file]);
      // A Set is walked in the order in which it grows: nearest first.
      for (const one of seen) for (const importer of importers.get(one) ?? []) seen.add(importer);
      return [...seen].filter((one) => one.endsWith('.test.ts'));
    },
  };
}
