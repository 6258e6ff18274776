import { join } from 'node:path';
import { run } from './run.ts';

/** A file's text, or with the mode that Git keeps: `100755`, `120000` (the link's target), `160000` (a commit). */
export type FileContent = string | { readonly mode: string; readonly content: string };
export type Files = Readonly<Record<string, FileContent>>;

/** A bare repository on the server's side, looked at and changed by Git itself. */
export interface TestRepository {
  readonly path: string;
  git(...args: readonly string[]): Promise<string>;
  /** One commit with these files changed or added; gives its id. */
  commit(files: Files, options?: { readonly branch?: string; readonly message?: string }): Promise<string>;
  /** `undefined` when the branch does not exist. */
  tip(branch: string): Promise<string | undefined>;
  /** A file as it is on a branch, byte for byte. */
  read(branch: string, file: string): Promise<string>;
}

export async function createTestRepository(
  directory: string,
  name: string,
  files: Files,
): Promise<TestRepository> {
  const path = join(directory, name);
  await run(['git', 'init', '--quiet', '--bare', '--initial-branch=main', path]);
  const git = (...args: readonly string[]) => run(['git', '-C', path, ...args]);
  await git('config', 'http.receivepack', 'true');
  const tip = async (branch: string) =>
    (await git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)).trim() || undefined;
  const repository: TestRepository = {
    path,
    git,
    tip,
    async commit(changed, { branch = 'main', message = 'change' } = {}) {
      const parent = await tip(branch);
      await run(['git', '-C', path, 'fast-import', '--quiet', '--force'], {
        input: importStream(changed, { branch, message, parent }),
      });
      return (await tip(branch)) ?? '';
    },
    read: (branch, file) => git('cat-file', 'blob', `refs/heads/${branch}:${file}`),
  };
  if (Object.keys(files).length > 0) await repository.commit(files);
  return repository;
}

/** The input of `git fast-import` for one commit. */
function importStream(
  files: Files,
  { branch, message, parent }: { branch: string; message: string; parent: string | undefined },
): string {
  const changes = Object.entries(files).map(([path, file]) => {
    const { mode, content } = typeof file === 'string' ? { mode: '100644', content: file } : file;
    if (mode === '160000') return `M 160000 ${content} ${path}\n`;
    return `M ${mode} inline ${path}\n${data(content)}`;
  });
  const from = parent === undefined ? '' : `from ${parent}\n`;
  return `commit refs/heads/${branch}\ncommitter Test <test@example.com> 1700000000 +0000\n${data(message)}${from}${changes.join('')}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
