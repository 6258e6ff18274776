import { describe, expect, test } from 'bun:test';
import { branchFacts } from '../stage/branch-facts.ts';
import { FILE, type PeopleStage, PROCESSES, peopleStage } from '../stage/people.ts';
import { BRANCH, marked } from '../stage/support.ts';

const people = peopleStage();
const { stage } = people;
const { parentOf, isAncestor } = branchFacts(() => people.stage.repository);

describe.each(PROCESSES)('what somebody committed on top of ours, seen by %s', (_, way) => {
  const again: PeopleStage['promote'] = (...args) => people[way](...args);

  test('stays as it is while the revision is the same', async () => {
    const ours = await people.promoted('2.0.0');
    const fix = await people.fixOnBranch();
    for (const pushed of [undefined, { commit: ours, revision: '2.0.0' }]) {
      const result = await again('2.0.0', pushed && { pushed });
      expect(result).toMatchObject({ kind: 'unchanged', commit: fix, others: true, problems: [] });
      expect(result).toMatchObject({ changes: [{ file: FILE, from: '1.0.0', to: '2.0.0' }] });
    }
    expect(await stage.repository.tip(BRANCH)).toBe(fix);
    expect(people.pushes()).toBe(1);
  });

  test('stays below a newer revision, and below those after it', async () => {
    const ours = await people.promoted('2.0.0');
    const fix = await people.fixOnBranch();
    const second = await again('3.0.0', { pushed: { commit: ours, revision: '2.0.0' } });
    expect(second).toMatchObject({ kind: 'pushed', others: true, changes: [{ from: '1.0.0', to: '3.0.0' }] });
    expect(await stage.repository.tip(BRANCH)).toBe('commit' in second ? second.commit : '');
    expect(await parentOf(BRANCH)).toBe(fix);
    expect(await people.readVersion()).toBe('3.0.0');
    expect(await stage.repository.read(BRANCH, 'values.yaml')).toBe('a: 2\n');

    const pushed = { commit: 'commit' in second ? second.commit : '', revision: '3.0.0' };
    expect(await again('3.0.0', { pushed })).toMatchObject({ kind: 'unchanged', others: true });
    const third = await again('4.0.0', { pushed });
    expect(third).toMatchObject({ kind: 'pushed', others: true });
    expect(await people.readVersion()).toBe('4.0.0');
    expect(await isAncestor(fix, BRANCH)).toBe(true);
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('stays when the base has moved meanwhile', async () => {
    await people.promoted('2.0.0');
    const fix = await people.fixOnBranch();
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    expect(await again('2.0.0')).toMatchObject({ kind: 'unchanged', commit: fix, others: true });
    expect(await again('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(fix, BRANCH)).toBe(true);
  });

  test('stays when it is amended into ours', async () => {
    const ours = await people.promoted('2.0.0');
    await people.grace.take(BRANCH);
    await people.grace.write('values.yaml', 'a: 2\n');
    await people.grace.git('commit', '--quiet', '--all', '--amend', '--no-edit');
    const amended = await people.grace.push(BRANCH);
    const pushed = { commit: ours, revision: '2.0.0' };
    expect(await again('2.0.0', { pushed })).toMatchObject({
      kind: 'unchanged',
      commit: amended,
      others: true,
    });
    expect(await again('3.0.0', { pushed })).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(amended, BRANCH)).toBe(true);
  });

  test('stays below an empty commit', async () => {
    await people.promoted('2.0.0');
    const fix = await people.fixOnBranch();
    await people.grace.commit('Try CI again', '--allow-empty');
    await people.grace.push(BRANCH);
    expect(await again('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(fix, BRANCH)).toBe(true);
  });

  test('stays when it came with "Update branch"', async () => {
    await people.promoted('2.0.0');
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.grace.take(BRANCH);
    await people.grace.git('merge', '--quiet', '--no-ff', '--no-commit', 'origin/main');
    await people.grace.write('values.yaml', 'a: 2\n');
    await people.grace.commit('Merge and mend');
    const merge = await people.grace.push(BRANCH);
    expect(await again('2.0.0')).toMatchObject({ kind: 'unchanged', commit: merge, others: true });
    expect(await again('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(merge, BRANCH)).toBe(true);
  });

  test('stays when it came with a merge of three parents', async () => {
    const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.promoted('2.0.0');
    await stage.repository.commit({ 'more.txt': 'x' });
    await people.grace.take(BRANCH);
    await people.grace.git('checkout', '--quiet', '-b', 'side', base);
    await people.grace.write('values.yaml', 'a: 2\n');
    const side = await people.grace.commit('On the side');
    await people.grace.git('checkout', '--quiet', BRANCH);
    await people.grace.git('merge', '--quiet', '-m', 'All at once', 'origin/main', 'side');
    const merge = await people.grace.push(BRANCH);
    expect((await people.grace.git('rev-parse', 'HEAD^3')).trim()).toBe(side);
    expect(await again('2.0.0')).toMatchObject({ kind: 'unchanged', commit: merge, others: true });
    expect(await again('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(merge, BRANCH)).toBe(true);
  });

  test('stays when it takes our edit back, and ours goes on top', async () => {
    await people.promoted('2.0.0');
    await people.grace.take(BRANCH);
    await people.grace.git('revert', '--no-edit', 'HEAD');
    const revert = await people.grace.push(BRANCH);
    expect(await again('2.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(revert, BRANCH)).toBe(true);
    expect(await people.readVersion()).toBe('2.0.0');
  });

  test('stays when it lies deeper than commits are looked at, and our edit was made by hand above it', async () => {
    const { grace } = people;
    const ours = await people.promoted('2.0.0');
    await grace.take(BRANCH);
    await grace.git('revert', '--no-edit', 'HEAD');
    await grace.write('values.yaml', 'a: 2\n');
    const fix = await grace.commit('Fix');
    for (let number = 0; number < 25; number += 1) await grace.commit('Again', '--allow-empty');
    await grace.git('checkout', '--quiet', ours, FILE);
    await grace.commit('Promote it by hand');
    await grace.push(BRANCH);
    const pushed = { commit: ours, revision: '2.0.0' };
    expect(await again('3.0.0', { pushed })).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(fix, BRANCH)).toBe(true);
  });

  test('stays when nobody knows who made the branch', async () => {
    await people.grace.take('main');
    await people.grace.write('values.yaml', 'a: 2\n');
    const theirs = await people.grace.commit('Prepare');
    await people.grace.push(BRANCH);
    expect(await again('2.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await parentOf(BRANCH)).toBe(theirs);
  });
});

describe('a branch on which the marker is gone', () => {
  async function withoutMarker(): Promise<string> {
    await people.promoted('2.0.0');
    await people.grace.take(BRANCH);
    await people.grace.write(FILE, 'spec:\n  version: 2.0.0\n');
    await people.grace.commit('Take the marker away');
    return people.grace.push(BRANCH);
  }

  test('blocks what is newer with a sentence, pushes nothing, and asks no more until something moves', async () => {
    const tip = await withoutMarker();
    const result = await people.promote('3.0.0');
    expect(result).toMatchObject({ kind: 'blocked', commit: tip, problems: [] });
    const reason = result.kind === 'blocked' ? result.reason : '';
    expect(reason).toContain(
      `Branch ${BRANCH} in ${stage.url} has commits of others, up to ${tip.slice(0, 12)}`,
    );
    expect(reason).toContain('# {"$promotion":"apps:podinfo:prod"}');
    expect(reason).toContain('Put the value back');
    const asked = people.fetches();
    expect(await people.promote('3.0.0')).toEqual(result);
    expect(people.fetches()).toBe(asked);
    expect(await people.promoteAnew('3.0.0')).toEqual(result);
    expect(await stage.repository.tip(BRANCH)).toBe(tip);
    expect(people.pushes()).toBe(1);
  });

  test('goes on when the marker is put back', async () => {
    const gone = await withoutMarker();
    expect((await people.promote('3.0.0')).kind).toBe('blocked');
    await people.grace.write(FILE, `spec:\n  more: true\n  ${marked('2.0.0')}`);
    await people.grace.commit('Put it back');
    await people.grace.push(BRANCH);
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(gone, BRANCH)).toBe(true);
  });

  test('that files leads to says so too', async () => {
    const files = [{ path: 'values.yaml', field: 'a' }];
    await people.promote('2.0.0', { files });
    await people.grace.take(BRANCH);
    await people.grace.git('rm', '--quiet', 'values.yaml', FILE);
    await people.grace.commit('Take all away');
    await people.grace.push(BRANCH);
    const result = await people.promote('3.0.0', { files });
    expect(result).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('files selects no value there'),
      problems: ['No .yaml or .yml file matches values.yaml.'],
    });
  });

  test('is no matter once the base has the revision', async () => {
    await withoutMarker();
    await stage.repository.commit({ [FILE]: `spec:\n  ${marked('3.0.0')}` });
    expect((await people.promote('3.0.0')).kind).toBe('in-base');
  });
});
