import type { Branch, Content, Pull, Repository } from './repository.ts';
import type { World } from './world.ts';

/** Changes of repositories and their pull requests at a forge. */

/** One repository has several spellings. */
export function plainUrl(url: string): string {
  return url.replace(/\.git$/, '');
}

export function repositoryOf({ repositories }: World, url: string): Repository {
  return repositories[plainUrl(url)] ?? EMPTY;
}

const EMPTY: Repository = {
  bases: {},
  branches: {},
  pulls: [],
  statuses: {},
  neighbours: false,
  strict: false,
  refuses: false,
  away: false,
  checking: false,
};

export function withRepository(world: World, url: string, change: Partial<Repository>): World {
  const repository = { ...repositoryOf(world, url), ...change };
  return { ...world, repositories: { ...world.repositories, [plainUrl(url)]: repository } };
}

export function withPull(world: World, url: string, number: number, change: Partial<Pull>): World {
  const { pulls } = repositoryOf(world, url);
  return withRepository(world, url, {
    pulls: pulls.map((pull) => (pull.number === number ? { ...pull, ...change } : pull)),
  });
}

export function pullAt(world: World, url: string, number: number): Pull | undefined {
  return repositoryOf(world, url).pulls.find((pull) => pull.number === number);
}

export function openBetween(repository: Repository, head: string, base: string): Pull | undefined {
  return repository.pulls.find((pull) => pull.state === 'open' && pull.head === head && pull.base === base);
}

/** The branch as it is, or as it was when the pull request ended. */
export function headOf(repository: Repository, pull: Pull): Branch | undefined {
  return pull.last ?? repository.branches[pull.head];
}

export interface NewPull {
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  readonly environment: string;
  readonly by: Pull['by'];
}

/** `exists`: there is one of these branches; `refused`: one of the branches is not there. */
export function openPull(world: World, url: string, input: NewPull): World | 'exists' | 'refused' {
  const repository = repositoryOf(world, url);
  if (!repository.bases[input.base] || !repository.branches[input.head]) return 'refused';
  if (openBetween(repository, input.head, input.base)) return 'exists';
  const number = repository.pulls.reduce((last, pull) => Math.max(last, pull.number), 0) + 1;
  return withRepository(world, url, { pulls: [...repository.pulls, { number, state: 'open', ...input }] });
}

/** Closing keeps the branch. */
export function closePull(world: World, url: string, number: number, closedBy: Pull['by']): World {
  const repository = repositoryOf(world, url);
  const pull = pullAt(world, url, number);
  const last = pull && repository.branches[pull.head];
  if (pull?.state !== 'open') return world;
  const { scheduled: _, ...rest } = pull;
  const closed: Pull = { ...rest, state: 'closed', closedBy, ...(last && { last }) };
  return replacePull(world, url, closed);
}

function replacePull(world: World, url: string, pull: Pull): World {
  const { pulls } = repositoryOf(world, url);
  return withRepository(world, url, { pulls: pulls.map((one) => (one.number === pull.number ? pull : one)) });
}

/** A forge never opens one again while there is another one of the same branches, or none of them. */
export function mayReopen(world: World, url: string, pull: Pull): boolean {
  const repository = repositoryOf(world, url);
  const isFree = !openBetween(repository, pull.head, pull.base);
  return (
    pull.state === 'closed' && isFree && !!repository.bases[pull.base] && !!repository.branches[pull.head]
  );
}

export function reopenPull(world: World, url: string, pull: Pull): World {
  const { last: _, closedBy = 'person', ...rest } = pull;
  // A pull request that Turnpike closed is not its proposal until it takes it up again.
  const reopened = rest.reopened === 'turnpike' ? rest.reopened : closedBy;
  return replacePull(world, url, { ...rest, state: 'open', reopened });
}

export type Obstacle = 'conflicting' | 'behind';

/** The reason why it cannot be merged as it is. */
export function obstacleOf(repository: Repository, pull: Pull): Obstacle | undefined {
  const branch = headOf(repository, pull);
  const base = repository.bases[pull.base];
  if (!branch || !base) return undefined;
  const names = repository.neighbours ? Object.keys(base) : [branch.environment];
  const hasMoved = names.some((name) => base[name] !== branch.from[name]);
  if (hasMoved && base[branch.environment] !== branch.brings) return 'conflicting';
  const isBehind = Object.keys(base).some((name) => base[name] !== branch.from[name]);
  return repository.strict && isBehind ? 'behind' : undefined;
}

/** The branch's content goes into the base. */
export function mergePull(world: World, url: string, number: number): World {
  const repository = repositoryOf(world, url);
  const pull = pullAt(world, url, number);
  const branch = pull && headOf(repository, pull);
  const base = pull && repository.bases[pull.base];
  if (!pull || !branch || !base) return world;
  const content = branch.brings === undefined ? base : { ...base, [branch.environment]: branch.brings };
  const { scheduled: _, ...rest } = pull;
  const merged = replacePull(world, url, { ...rest, state: 'merged', last: branch });
  const branches = { ...repository.branches, [pull.head]: { ...branch, work: [] } };
  return withRepository(merged, url, { branches, bases: { ...repository.bases, [pull.base]: content } });
}

/** A direct commit to a base branch. */
export function commitToBase(world: World, url: string, base: string, change: Content): World {
  const { bases } = repositoryOf(world, url);
  const content = bases[base];
  return content
    ? withRepository(world, url, { bases: { ...bases, [base]: { ...content, ...change } } })
    : world;
}

/** The forge closes the pull requests into a base branch that is deleted. */
export function deleteBase(world: World, url: string, base: string): World {
  const { bases, pulls } = repositoryOf(world, url);
  const { [base]: _, ...left } = bases;
  const open = pulls.filter((pull) => pull.state === 'open' && pull.base === base);
  const closed = open.reduce((before, pull) => closePull(before, url, pull.number, 'person'), world);
  return withRepository(closed, url, { bases: left });
}
