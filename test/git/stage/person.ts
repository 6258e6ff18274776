import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestRepository } from './repository.ts';
import { run } from './run.ts';

/** A person with a clone of their own, who works with Git itself. */
export interface Person {
  /** Runs Git in the clone. */
  git(...args: readonly string[]): Promise<string>;
  /** Fetches and checks the branch out as it is on the server. */
  take(branch: string): Promise<void>;
  write(file: string, content: string): Promise<void>;
  /** Commits all that was written; gives the commit's id. */
  commit(message: string, ...options: readonly string[]): Promise<string>;
  /** Pushes the checked-out commit to a branch of that name, by force if need be; gives its id. */
  push(branch: string): Promise<string>;
  leave(): Promise<void>;
}

export async function personWith({ path }: TestRepository, name = 'Grace'): Promise<Person> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-person-'));
  const identity = ['-c', `user.name=${name}`, '-c', `user.email=${name.toLowerCase()}@example.com`];
  const git = (...args: readonly string[]) => run(['git', ...identity, '-C', directory, ...args]);
  const head = async () => (await git('rev-parse', 'HEAD')).trim();
  await run(['git', 'clone', '--quiet', path, directory]);
  return {
    git,
    async take(branch) {
      await git('fetch', '--quiet', '--prune', 'origin');
      await git('checkout', '--quiet', '-B', branch, `origin/${branch}`);
    },
    async write(file, content) {
      await Bun.write(join(directory, file), content);
    },
    async commit(message, ...options) {
      await git('add', '--all');
      await git('commit', '--quiet', '-m', message, ...options);
      return head();
    },
    async push(branch) {
      await git('push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`);
      return head();
    },
    leave: () => rm(directory, { recursive: true, force: true }),
  };
}
