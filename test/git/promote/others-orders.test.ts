import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { BranchUpdater } from '../../../src/promote/branch/port.ts';
import { branchFacts } from '../stage/branch-facts.ts';
import { type Person, personWith } from '../stage/person.ts';
import { createTestRepository, type TestRepository } from '../stage/repository.ts';
import { type GitServer, startGitServer } from '../stage/server.ts';
import { BRANCH, branchUpdate, marked, testBranches } from '../stage/support.ts';

const FILE = 'apps/prod.yaml';
const OWNER = 'apps/podinfo/prod';
const RUNS = Number(Bun.env.TURNPIKE_TEST_RUNS ?? 12);

/** What people and Turnpike do, in any order. */
const STEPS = [
  'promote',
  'promote',
  'promote again',
  'restart',
  'fix',
  'fix',
  'empty commit',
  'amend',
  'revert',
  'update branch',
  'rebase branch',
  'base moves',
  'merge',
  'squash',
  'delete branch',
] as const;
type Step = (typeof STEPS)[number];

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

/** One repository with one pipeline and one person. */
interface World {
  readonly repository: TestRepository;
  readonly url: string;
  readonly grace: Person;
  /** Files that somebody put on the branch, by name. */
  readonly fixes: Map<string, string>;
  branches: BranchUpdater;
  revision: number;
  count: number;
  pushed: { commit: string; revision: string } | undefined;
}

async function promote(world: World): Promise<void> {
  const { repository, url, branches, pushed } = world;
  const { isAncestor } = branchFacts(() => repository);
  const before = await repository.tip(BRANCH);
  const revision = `${world.revision}.0.0`;
  const message = `Promote ${OWNER} to ${revision}\n\nTurnpike-Pipeline: ${OWNER}\n`;
  const update = branchUpdate(url, { revision, message, ...(pushed && { pushed }) });
  const result = await branches.updateBranch(update);
  if (result.kind === 'in-base') return;
  if (result.kind === 'blocked') throw new Error('no marker was taken away');
  expect(await repository.tip(BRANCH)).toBe(result.commit);
  expect(await repository.read(BRANCH, FILE)).toBe(marked(revision));
  if (result.kind === 'pushed') world.pushed = { commit: result.commit, revision };
  if (result.others && before) expect(await isAncestor(before, BRANCH)).toBe(true);
  for (const name of world.fixes.keys()) expect([name, await isGone(world, name)]).toEqual([name, false]);
}

async function onBranch(world: World, act: () => Promise<unknown>): Promise<void> {
  if ((await world.repository.tip(BRANCH)) === undefined) return;
  await world.grace.take(BRANCH);
  await act();
  await world.grace.push(BRANCH);
  // What they take back themselves is not missed.
  for (const name of [...world.fixes.keys()]) if (await isGone(world, name)) world.fixes.delete(name);
}

async function isGone({ repository, fixes }: World, name: string): Promise<boolean> {
  const places = ['main', BRANCH].map((branch) => repository.read(branch, name).catch(() => 'gone'));
  return !(await Promise.all(places)).includes(fixes.get(name) ?? '');
}

async function writeFix(world: World): Promise<void> {
  world.count += 1;
  const [name, content] = [`fix-${world.count}.txt`, `fix ${world.count}\n`];
  world.fixes.set(name, content);
  await world.grace.write(name, content);
}

async function mergeBranch({ repository, grace }: World, ...options: readonly string[]): Promise<void> {
  if ((await repository.tip(BRANCH)) === undefined) return;
  await grace.take('main');
  try {
    await grace.git('merge', '--quiet', ...options, `origin/${BRANCH}`);
    await grace.commit('Merge', '--allow-empty');
    await grace.push('main');
  } catch {
    await grace.git('reset', '--hard', '--quiet'); // It conflicts: nobody merges it.
  }
}

/** What conflicts is left as it was. */
async function tryTo(
  { grace }: World,
  what: 'merge' | 'rebase',
  ...options: readonly string[]
): Promise<void> {
  await grace.git(what, '--quiet', ...options).catch(() => grace.git(what, '--abort'));
}

async function take(world: World, step: Step): Promise<void> {
  const { grace, repository } = world;
  switch (step) {
    case 'promote':
      world.revision += 1;
      return promote(world);
    case 'promote again':
      return promote(world);
    case 'restart':
      await world.branches.close();
      world.branches = await testBranches();
      if (world.count % 2 === 1) world.pushed = undefined;
      return;
    case 'fix':
      return onBranch(world, async () => {
        await writeFix(world);
        await grace.commit('Fix');
      });
    case 'empty commit':
      return onBranch(world, () => grace.commit('Try CI again', '--allow-empty'));
    case 'amend':
      return onBranch(world, async () => {
        await writeFix(world);
        await grace.git('add', '--all');
        await grace.git('commit', '--quiet', '--amend', '--no-edit');
      });
    case 'revert':
      return onBranch(world, () =>
        grace
          .git('revert', '--no-edit', '-m', '1', 'HEAD')
          .catch(() => grace.git('reset', '--hard', '--quiet')),
      );
    case 'update branch':
      return onBranch(world, () => tryTo(world, 'merge', '--no-edit', 'origin/main'));
    case 'rebase branch':
      return onBranch(world, () => tryTo(world, 'rebase', 'origin/main'));
    case 'base moves':
      world.count += 1;
      await repository.commit({ 'README.md': `Moved ${world.count}.\n` });
      return;
    case 'merge':
      return mergeBranch(world, '--no-ff', '--no-commit');
    case 'squash':
      return mergeBranch(world, '--squash');
    case 'delete branch':
      if (await repository.tip(BRANCH)) await repository.git('branch', '-D', BRANCH);
      world.fixes.clear(); // Somebody's own doing.
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const name = `${crypto.randomUUID()}.git`;
  const repository = await createTestRepository(server.directory, name, { [FILE]: marked('1.0.0') });
  const world: World = {
    repository,
    url: `${server.url}/${name}`,
    grace: await personWith(repository),
    fixes: new Map(),
    branches: await testBranches(),
    revision: 1,
    count: 0,
    pushed: undefined,
  };
  try {
    await take(world, 'promote');
    for (const step of steps) await take(world, step);
    await take(world, 'promote');
    await repository.git('fsck', '--strict', '--full');
  } finally {
    await world.branches.close();
    await world.grace.leave();
  }
}

describe('whatever people do on the branch, and in whatever order', () => {
  test('no work of theirs is lost, and the branch comes to the revision', async () => {
    const steps = fc.array(fc.constantFrom(...STEPS), { minLength: 2, maxLength: 8, size: 'max' });
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: RUNS, endOnFailure: true });
  }, 600_000);
});
