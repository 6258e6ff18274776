import { describe, expect, test } from 'bun:test';
import type { BranchUpdater } from '../../../src/promote/branch/port.ts';
import { branchFacts } from '../stage/branch-facts.ts';
import { personWith } from '../stage/person.ts';
import { gitStage } from '../stage/stage.ts';
import { branchUpdate, marked, testBranches } from '../stage/support.ts';

const APPS = ['blue', 'green'] as const;
type App = (typeof APPS)[number];

const FILE = 'versions.yaml';
const line = (app: App, version: string) => `${app}_${marked(version, `apps:${app}:prod`)}`;
const branchOf = (app: App) => `promotion-apps-${app}-prod`;

const stage = gitStage({ [FILE]: APPS.map((app) => line(app, '1.0.0')).join('') });
const { isMergeable, commitsOf, changedFiles } = branchFacts(() => stage.repository);

function promote(branches: BranchUpdater, app: App, pushed?: { commit: string; revision: string }) {
  const owner = `apps/${app}/prod`;
  return branches.updateBranch(
    branchUpdate(stage.url, {
      branch: branchOf(app),
      markerKey: `apps:${app}:prod`,
      message: `Promote ${owner}\n\nTurnpike-Pipeline: ${owner}\n`,
      ...(pushed && { pushed }),
    }),
  );
}

async function mergeBy(method: 'merge' | 'squash', app: App): Promise<void> {
  const person = await personWith(stage.repository);
  await person.take('main');
  const options = method === 'squash' ? ['--squash'] : ['--no-ff', '--no-commit'];
  await person.git('merge', '--quiet', ...options, `origin/${branchOf(app)}`);
  await person.commit(`Promote ${app}`);
  await person.push('main');
  await person.leave();
}

describe('two pipelines with neighbouring lines in one file', () => {
  test.each([
    ['blue', 'merge', 'the same process'],
    ['green', 'squash', 'the same process'],
    ['blue', 'squash', 'another process'],
    ['green', 'merge', 'another process'],
  ] as const)('%s goes by %s, and %s brings the other to the new base', async (merged, method, by) => {
    const other = merged === 'blue' ? 'green' : 'blue';
    const first = await promote(stage.branches, other);
    await promote(stage.branches, merged);
    await mergeBy(method, merged);
    expect(await isMergeable(branchOf(other))).toBe(false);

    const branches = by === 'another process' ? await testBranches() : stage.branches;
    const commit = first.kind === 'pushed' ? first.commit : '';
    const result = await promote(branches, other, { commit, revision: '2.0.0' });
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '1.0.0', to: '2.0.0' }] });
    expect(result).not.toHaveProperty('others');
    if (branches !== stage.branches) await branches.close();

    expect(await isMergeable(branchOf(other))).toBe(true);
    expect(await commitsOf(branchOf(other))).toHaveLength(1);
    expect(await changedFiles(branchOf(other))).toEqual([FILE]);
    expect(await stage.repository.read(branchOf(other), FILE)).toBe(
      APPS.map((app) => line(app, '2.0.0')).join(''),
    );
  });

  test("of which one has somebody's commit keep it, and the other goes as before", async () => {
    await Promise.all(APPS.map((app) => promote(stage.branches, app)));
    const person = await personWith(stage.repository);
    await person.take(branchOf('blue'));
    await person.write('fix.yaml', 'a: 1\n');
    const fix = await person.commit('Fix');
    await person.push(branchOf('blue'));
    await person.leave();
    const revision = { revision: '3.0.0' };
    const results = await Promise.all(
      APPS.map((app) => {
        const owner = `apps/${app}/prod`;
        const message = `Promote ${owner}\n\nTurnpike-Pipeline: ${owner}\n`;
        const markerKey = `apps:${app}:prod`;
        return stage.branches.updateBranch(
          branchUpdate(stage.url, { branch: branchOf(app), markerKey, message, ...revision }),
        );
      }),
    );
    expect(results).toMatchObject([{ kind: 'pushed', others: true }, { kind: 'pushed' }]);
    expect(await branchFacts(() => stage.repository).isAncestor(fix, branchOf('blue'))).toBe(true);
    expect(await commitsOf(branchOf('blue'))).toHaveLength(3);
    expect(await commitsOf(branchOf('green'))).toHaveLength(1);
  });
});
