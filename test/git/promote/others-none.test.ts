import { describe, expect, test } from 'bun:test';
import { branchFacts } from '../stage/branch-facts.ts';
import { FILE, type PeopleStage, PROCESSES, peopleStage } from '../stage/people.ts';
import { BRANCH, marked } from '../stage/support.ts';

const people = peopleStage();
const { stage } = people;
const { commitsOf, parentOf, changedFiles } = branchFacts(() => people.stage.repository);

describe.each(PROCESSES)('a branch that brings base and our one edit, seen by %s', (_, way) => {
  const again: PeopleStage['promote'] = (...args) => people[way](...args);

  test('after "Update branch" is left alone, and made anew for a newer revision', async () => {
    const ours = await people.promoted('2.0.0');
    const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.grace.take(BRANCH);
    await people.grace.git('merge', '--quiet', '--no-ff', '--no-edit', 'origin/main');
    const merge = await people.grace.push(BRANCH);
    const pushed = { commit: ours, revision: '2.0.0' };
    const result = await again('2.0.0', { pushed });
    expect(result).toMatchObject({ kind: 'unchanged', commit: merge });
    expect(result).not.toHaveProperty('others');
    const next = await again('3.0.0', { pushed });
    expect(next).toMatchObject({ kind: 'pushed' });
    expect(next).not.toHaveProperty('others');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect(await parentOf(BRANCH)).toBe(base);
  });

  test('after "Update branch" is made anew when the base has moved on', async () => {
    const ours = await people.promoted('2.0.0');
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.grace.take(BRANCH);
    await people.grace.git('merge', '--quiet', '--no-ff', '--no-edit', 'origin/main');
    await people.grace.push(BRANCH);
    const base = await stage.repository.commit({ 'README.md': 'Moved on.\n' });
    expect(await again('2.0.0', { pushed: { commit: ours, revision: '2.0.0' } })).toMatchObject({
      kind: 'pushed',
    });
    expect(await commitsOf(BRANCH)).toHaveLength(1);
    expect(await parentOf(BRANCH)).toBe(base);
  });

  test('after a rebase by the forge is left alone, and made anew for a newer revision', async () => {
    const ours = await people.promoted('2.0.0');
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.grace.take(BRANCH);
    await people.grace.git('rebase', '--quiet', 'origin/main');
    const rebased = await people.grace.push(BRANCH);
    const pushed = { commit: ours, revision: '2.0.0' };
    expect(await again('2.0.0', { pushed })).toMatchObject({ kind: 'unchanged', commit: rebased });
    await stage.repository.commit({ 'README.md': 'Moved on.\n' });
    const result = await again('3.0.0', { pushed });
    expect(result).toMatchObject({ kind: 'pushed' });
    expect(result).not.toHaveProperty('others');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('below an empty commit is left alone, and made anew for a newer revision', async () => {
    await people.promoted('2.0.0');
    await people.grace.take(BRANCH);
    await people.grace.commit('Try CI again', '--allow-empty');
    const empty = await people.grace.push(BRANCH);
    const result = await again('2.0.0');
    expect(result).toMatchObject({ kind: 'unchanged', commit: empty });
    expect(result).not.toHaveProperty('others');
    expect(await again('3.0.0')).not.toHaveProperty('others');
    expect(await commitsOf(BRANCH)).toHaveLength(1);
  });

  test('is made anew when it was set back to the base or to an older commit of it', async () => {
    const older = await stage.repository.tip('main');
    const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
    for (const place of [older, base]) {
      await stage.repository.git('branch', '--force', BRANCH, place ?? '');
      expect(await again('2.0.0')).toMatchObject({ kind: 'pushed' });
      expect(await commitsOf(BRANCH)).toHaveLength(1);
      expect(await parentOf(BRANCH)).toBe(base);
    }
  });

  test('is made anew after a squash merge, with what somebody had added there', async () => {
    await people.promoted('2.0.0');
    await people.fixOnBranch();
    await people.grace.take('main');
    await people.grace.git('merge', '--quiet', '--squash', `origin/${BRANCH}`);
    await people.grace.commit('Promote (#1)');
    await people.grace.push('main');
    const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
    const result = await again('3.0.0');
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '2.0.0', to: '3.0.0' }] });
    expect(result).not.toHaveProperty('others');
    expect(await parentOf(BRANCH)).toBe(base);
    expect(await changedFiles(BRANCH)).toEqual([FILE]);
    expect(await stage.repository.read(BRANCH, 'values.yaml')).toBe('a: 2\n');
  });

  test('is made anew where it was never ours, whatever value stands where ours goes', async () => {
    await people.grace.take('main');
    await people.grace.write(FILE, `spec:\n  ${marked('1.9.0')}`);
    await people.grace.commit('promoting version');
    const theirs = await people.grace.push(BRANCH);
    const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
    // Recorded as ours, it has another value than we pushed: somebody's word.
    const pushed = { commit: theirs, revision: '1.8.0' };
    expect(await again('2.0.0', { pushed })).toMatchObject({ kind: 'pushed', others: true });
    await people.grace.push(BRANCH);
    const result = await again('2.0.0');
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '1.0.0', to: '2.0.0' }] });
    expect(result).not.toHaveProperty('others');
    expect(await parentOf(BRANCH)).toBe(base);
  });

  test('is made anew on another base branch', async () => {
    await stage.repository.git('branch', 'release', 'main');
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    await people.promoted('2.0.0');
    expect(await again('2.0.0', { baseBranch: 'release' })).toMatchObject({ kind: 'pushed' });
    expect(await parentOf(BRANCH)).toBe((await stage.repository.tip('release')) ?? '');
  });

  test('is made anew on another base branch, also when the spec names another committer since', async () => {
    await stage.repository.git('branch', 'release', 'main');
    await stage.repository.commit({ 'README.md': 'Moved.\n' });
    const ours = await people.promoted('2.0.0');
    const committer = { name: 'Release Bot', email: 'bot@example.com' };
    const pushed = { commit: ours, revision: '2.0.0' };
    const result = await again('3.0.0', { committer, pushed, baseBranch: 'release' });
    expect(result).toMatchObject({ kind: 'pushed' });
    expect(result).not.toHaveProperty('others');
    expect(await parentOf(BRANCH)).toBe((await stage.repository.tip('release')) ?? '');
  });
});

describe('a look at a branch', () => {
  test('is not made where the branch is as it was pushed: one request says where it is, one pushes', async () => {
    const pushed = { commit: await people.promoted('2.0.0'), revision: '2.0.0' };
    const { requests } = stage.server;
    requests.length = 0;
    await people.promote('2.0.0', { pushed });
    await people.promote('3.0.0', { pushed });
    expect(requests.map(({ line }) => line.replace(/ \S*\/(?=info|git-)/, ' '))).toEqual([
      'GET info/refs?service=git-receive-pack',
      'GET info/refs?service=git-receive-pack',
      'POST git-receive-pack',
    ]);
  });

  test('is not made again while branch and base stay where they are', async () => {
    await people.promoted('2.0.0');
    await people.fixOnBranch();
    await people.promote('2.0.0');
    const asked = people.fetches();
    expect(await people.promote('2.0.0')).toMatchObject({ kind: 'unchanged', others: true });
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed' });
    const since = people.fetches();
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'unchanged', others: true });
    expect(people.fetches()).toBe(since);
    expect(since).toBeGreaterThan(asked);
  });

  test('fetches no files where the branch is ours', async () => {
    await people.promoted('2.0.0');
    const noise = crypto.getRandomValues(Buffer.alloc(50_000)).toString('base64');
    await stage.repository.commit({ 'noise.txt': noise });
    await people.promote('2.0.0');
    const sizes: number[] = [];
    stage.server.intercept = (request, real) =>
      request.method === 'POST' && request.url.endsWith('/git-upload-pack')
        ? real().then(async (answer) => {
            const bytes = await answer.arrayBuffer();
            sizes.push(bytes.byteLength);
            return new Response(bytes, { headers: answer.headers });
          })
        : undefined;
    expect((await people.promoteAnew('2.0.0')).kind).toBe('unchanged');
    expect(sizes.length).toBe(2);
    expect(sizes[0]).toBeGreaterThan(40_000);
    expect(sizes[1]).toBeLessThan(2_000);
  });
});
