import { join } from 'node:path';

/** Source files by their path, as the rules of the house read them. */
export type Tree = Readonly<Record<string, string>>;

export async function readTree(folder: string): Promise<Tree> {
  const paths = [...new Bun.Glob('**/*.ts').scanSync(folder)].sort();
  const texts = await Promise.all(paths.map((path) => Bun.file(join(folder, path)).text()));
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
}

/** The paths of the files whose text breaks a rule. */
export function filesWith(tree: Tree, breaks: (text: string) => boolean): string[] {
  return Object.keys(tree).filter((path) => breaks(tree[path] ?? ''));
}
