import { createHash } from 'node:crypto';
import type { TestRepository } from '../git/repository.ts';
import { type FakePull, settle } from './github-pull.ts';

/** What pull requests look at in a repository. */
export interface Branches {
  /** The commit of a branch. */
  tip(branch: string): Promise<string | undefined>;
  /** Whether the commit has something that the branch lacks. */
  isAhead(commit: string, branch: string): Promise<boolean>;
}

/** Names alone: each branch has a commit of its own. */
export function namedBranches(names: ReadonlySet<string>): Branches {
  return {
    tip: async (branch) => (names.has(branch) ? createHash('sha1').update(branch).digest('hex') : undefined),
    isAhead: async () => true,
  };
}

export function gitBranches({ tip, git }: TestRepository): Branches {
  return {
    tip,
    isAhead: async (commit, branch) =>
      Number(await git('rev-list', '--count', `refs/heads/${branch}..${commit}`)) > 0,
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
}
