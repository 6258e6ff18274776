import type { TestRepository } from './repository.ts';

const FORGE = ['-c', 'user.name=Forge', '-c', 'user.email=forge@example.com'];

/** Git's own facts about branches, for assertions. */
export function branchFacts(repository: () => TestRepository) {
  const git = (...args: readonly string[]) => repository().git(...args);
  return {
    /** The branch's commits that `main` has not, newest first. */
    commitsOf: async (branch: string) =>
      (await git('log', '--format=%H', `main..${branch}`)).split('\n').filter(Boolean),
    parentOf: async (commit: string) => (await git('rev-parse', `${commit}^`)).trim(),
    isAncestor: (commit: string, branch: string) =>
      git('merge-base', '--is-ancestor', commit, branch).then(
        () => true,
        () => false,
      ),
    /** True when it can be merged into `main`. */
    isMergeable: (branch: string) =>
      git('merge-tree', '--write-tree', 'main', branch).then(
        () => true,
        () => false,
      ),
    /** Merges into `main` as a forge does: `parents` are those of the new commit beside the tip of `main`. */
    mergeAsForge: async (branch: string, parents: readonly string[]) => {
      const tree = (await git('merge-tree', '--write-tree', 'main', branch)).trim();
      const all = ['main', ...parents].flatMap((parent) => ['-p', parent]);
      const commit = await git(...FORGE, 'commit-tree', tree, ...all, '-m', 'Merge');
      await git('update-ref', 'refs/heads/main', commit.trim());
    },
    changedFiles: async (branch: string) =>
      (await git('diff', '--name-only', 'main', branch)).split('\n').filter(Boolean),
  };
}
