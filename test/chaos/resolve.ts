import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';

const PERSON = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};

/**
 * Resolves a conflict of a branch with its base as a person does: merges the base into it, and where both
 * have changed something keeps the branch's side.
 */
export async function resolveConflict(
  { gitea }: Pick<Lab, 'gitea'>,
  { repository, branch }: { readonly repository: string; readonly branch: string },
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-resolve-'));
  const remote = new URL(`${gitea.url}/${gitea.user}/${repository}.git`);
  remote.username = gitea.user;
  remote.password = gitea.password;
  const git = (...args: readonly string[]) => runOrThrow(['git', ...args], { cwd: directory, env: PERSON });
  try {
    await git('clone', '--quiet', '--branch', branch, remote.href, '.');
    await git('merge', '--quiet', '-X', 'ours', '-m', 'Resolve the conflict', 'origin/main');
    await git('push', '--quiet', 'origin', `HEAD:${branch}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
