import { cp, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../..');

/**
 * Writes the files that a page shows, those whose first line is a comment with their path, into
 * `directory`. The folders of this repository that a page applies, `kustomize` and `manifests`, are put
 * beside them, or into `repository` of that directory.
 */
export async function writeExamples(page: string, directory: string, repository = '.'): Promise<string> {
  await mkdir(join(directory, repository), { recursive: true });
  const root = await realpath(directory);
  for (const folder of ['kustomize', 'manifests']) {
    await cp(join(ROOT, folder), join(root, repository, folder), { recursive: true });
  }
  const text = await Bun.file(join(ROOT, page)).text();
  const blocks = text.matchAll(/^```yaml\n(# ([\w./-]+\.yaml)\b[^\n]*\n[\s\S]*?)^```$/gm);
  for (const [, content = '', path = ''] of blocks) await Bun.write(join(root, path), content);
  return root;
}
