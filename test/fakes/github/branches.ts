import { createHash } from 'node:crypto';
import type { TestRepository } from '../../git/stage/repository.ts';
import { settle } from './pull.ts';
import type { FakePull } from './types.ts';

/** The questions and acts of pull requests in a repository. */
export interface Branches {
  /** The commit of a branch. */
  tip(branch: string): Promise<string | undefined>;
  has(commit: string): Promise<boolean>;
  /** True when the commit has something that the branch lacks. */
  isAhead(commit: string, branch: string): Promise<boolean>;
  /** True when the merge has no conflicts; undefined where there is no content. */
  canMerge(commit: string, branch: string): Promise<boolean | undefined>;
  /** Merges a commit into a branch; gives the commit that this makes. */
  merge(commit: string, branch: string): Promise<string>;
}

/** The commit of a branch that is a name alone. */
export function commitOf(branch: string): string {
  return createHash('sha1').update(branch).digest('hex');
}

/** Names alone: each branch has a commit of its own. */
export function namedBranches(names: ReadonlySet<string>): Branches {
  return {
    tip: async (branch) => (names.has(branch) ? commitOf(branch) : undefined),
    has: async (commit) => [...names].some((name) => commitOf(name) === commit),
    isAhead: async () => true,
    canMerge: async () => undefined,
    merge: async (commit, branch) => commitOf(`${commit} in ${branch}`),
  };
}

export function gitBranches({ tip, git }: TestRepository): Branches {
  return {
    tip,
    has: async (commit) => (await git('rev-list', '--all')).split('\n').includes(commit),
    isAhead: async (commit, branch) =>
      Number(await git('rev-list', '--count', `refs/heads/${branch}..${commit}`)) > 0,
    canMerge: (commit, branch) =>
      git('merge-tree', '--write-tree', branch, commit).then(
        () => true,
        () => false,
      ),
    async merge(commit, branch) {
      const tree = (await git('merge-tree', '--write-tree', branch, commit)).trim();
      const person = ['-c', 'user.name=Jane', '-c', 'user.email=jane@example.com'];
      const made = await git(...person, 'commit-tree', tree, '-p', branch, '-p', commit, '-m', 'Merge');
      await git('update-ref', `refs/heads/${branch}`, made.trim());
      return made.trim();
    },
  };
}

/**
 * An open pull request follows its branch, is merged once the base branch has all of it, and is closed when
 * its branch is deleted before that.
 */
export async function follow(pull: FakePull, branches: Branches): Promise<void> {
  if (pull.state !== 'open') return;
  const tip = await branches.tip(pull.head.ref);
  if (tip !== undefined) pull.head.sha = tip;
  if (!(await branches.isAhead(pull.head.sha, pull.base.ref))) settle(pull, 'merged');
  else if (tip === undefined) settle(pull, 'closed');
  else look(pull, await branches.canMerge(pull.head.sha, pull.base.ref));
}

function look(pull: FakePull, mergeable: boolean | undefined): void {
  if (mergeable === undefined) return;
  Object.assign(pull, { mergeable, mergeable_state: mergeable ? 'clean' : 'dirty', rebaseable: mergeable });
}
