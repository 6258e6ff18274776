import { repositoryOf, withRepository } from './forge.ts';
import type { Branch } from './repository.ts';
import type { World } from './world.ts';

/** Changes of a branch. */

export interface Push {
  readonly world: World;
  readonly commit: string;
}

/** A commit that is called by its number. */
function commitIn(world: World): { world: World; commit: string } {
  const commits = world.commits + 1;
  return { world: { ...world, commits }, commit: `c${commits}` };
}

/** The base branch's tip and one commit take the branch's place, whatever it held. */
export function pushOver(
  world: World,
  url: string,
  branch: string,
  change: Omit<Branch, 'commit' | 'work'>,
): Push {
  return put(world, url, branch, { ...change, work: [] });
}

/** One commit goes on top of the branch. */
export function pushOnTop(world: World, url: string, branch: string, brings: string): Push {
  const before = repositoryOf(world, url).branches[branch];
  if (!before) throw new Error(`there is no branch ${branch} to push on top of`);
  const { commit: _, ...rest } = before;
  return put(world, url, branch, { ...rest, brings });
}

/** A person commits something that is theirs. */
export function work(world: World, url: string, branch: string): Push {
  const before = repositoryOf(world, url).branches[branch];
  if (!before) throw new Error(`there is no branch ${branch} to work on`);
  const { commit: _, ...rest } = before;
  return put(world, url, branch, { ...rest, work: [...rest.work, `work ${rest.work.length + 1}`] });
}

/** The button "Update branch": the base branch is merged into it. */
export function updateBranch(world: World, url: string, branch: string, base: string): Push {
  const { branches, bases } = repositoryOf(world, url);
  const [before, content] = [branches[branch], bases[base]];
  if (!before || !content) throw new Error(`there is no ${branch} or ${base} to merge`);
  const { commit: _, ...rest } = before;
  return put(world, url, branch, { ...rest, from: content });
}

function put(world: World, url: string, name: string, branch: Omit<Branch, 'commit'>): Push {
  const made = commitIn(world);
  const { branches } = repositoryOf(world, url);
  const next = withRepository(made.world, url, {
    branches: { ...branches, [name]: { ...branch, commit: made.commit } },
  });
  return { world: next, commit: made.commit };
}
