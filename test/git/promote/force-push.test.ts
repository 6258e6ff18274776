import { describe, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import { failureOf } from '../../fakes/failure.ts';
import { branchFacts } from '../stage/branch-facts.ts';
import { FILE, PROCESSES, peopleStage } from '../stage/people.ts';
import { BRANCH } from '../stage/support.ts';

const people = peopleStage();
const { stage } = people;
const { isAncestor, isMergeable, changedFiles, mergeAsForge } = branchFacts(() => people.stage.repository);

/** As Bitbucket's "Reject Force Push" does it. */
const HOOK = `while read old new ref; do
  case $old in *[!0]*) ;; *) continue ;; esac
  if ! git merge-base --is-ancestor "$old" "$new"; then
    echo "Force push is not allowed on this repository" >&2; exit 1
  fi
done`;

const RULES = [
  [
    'receive.denyNonFastForwards',
    () => stage.repository.git('config', 'receive.denyNonFastForwards', 'true'),
  ],
  ['a pre-receive hook', () => hook(HOOK)],
] as const;

async function hook(script: string): Promise<void> {
  const file = `${stage.repository.path}/hooks/pre-receive`;
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

async function parents(commit: string): Promise<string[]> {
  return (await stage.repository.git('rev-list', '--parents', '-n', '1', commit)).trim().split(' ').slice(1);
}

/** Nothing of the branch becomes part of the base but its files. */
const mergeBySquash = () => mergeAsForge(BRANCH, []);
const mergeByCommit = () => mergeAsForge(BRANCH, [BRANCH]);

describe.each(RULES)('a server that refuses to force-push by %s', (_, forbid) => {
  test('refuses what replaces a branch', async () => {
    await people.promoted('2.0.0');
    await forbid();
    await people.grace.take('main');
    await people.grace.write('values.yaml', 'a: 3\n');
    await people.grace.commit('Another history');
    const refused = await failureOfGit(people.grace.push(BRANCH));
    expect(refused).toMatch(/non-fast-forward|pre-receive hook declined/);
  });

  describe.each(PROCESSES)('gets the next revision from %s', (__, way) => {
    test('as a merge of the base branch and what it replaces, after one refused push', async () => {
      const first = await people.promoted('2.0.0');
      await forbid();
      const base = await stage.repository.commit({ 'README.md': 'Moved.\n' });
      const result = await people[way]('3.0.0');
      expect(result).toMatchObject({ kind: 'pushed', changes: [{ from: '1.0.0', to: '3.0.0' }] });
      expect(result).not.toHaveProperty('others');
      expect(people.pushes()).toBe(3);
      expect(await parents(BRANCH)).toEqual([base, first]);
      expect(await changedFiles(BRANCH)).toEqual([FILE]);
      expect(await people.readVersion()).toBe('3.0.0');
      await stage.repository.git('fsck', '--strict', '--full');
    });

    test('and knows it for its own later', async () => {
      await people.promoted('2.0.0');
      await forbid();
      const second = await people[way]('3.0.0');
      const commit = 'commit' in second ? second.commit : '';
      const same = await people[way]('3.0.0', { pushed: { commit, revision: '3.0.0' } });
      expect(same).toMatchObject({ kind: 'unchanged', commit });
      expect(same).not.toHaveProperty('others');
      const third = await people[way]('4.0.0', { pushed: { commit, revision: '3.0.0' } });
      expect(third).toMatchObject({ kind: 'pushed' });
      expect(third).not.toHaveProperty('others');
      expect(await parents(BRANCH)).toContain(commit);
      expect(await people.readVersion()).toBe('4.0.0');
    });

    test('and keeps what somebody commits on top', async () => {
      await people.promoted('2.0.0');
      await forbid();
      await people[way]('3.0.0');
      const fix = await people.fixOnBranch();
      expect(await people[way]('4.0.0')).toMatchObject({ kind: 'pushed', others: true });
      expect(await isAncestor(fix, BRANCH)).toBe(true);
      expect(await stage.repository.read(BRANCH, 'values.yaml')).toBe('a: 2\n');
    });

    test('and takes a revert to the revision before for the word of a person', async () => {
      await people.promoted('2.0.0');
      await forbid();
      await people[way]('3.0.0');
      await people.grace.take(BRANCH);
      await people.grace.write(FILE, (await stage.repository.read(BRANCH, FILE)).replace('3.0.0', '2.0.0'));
      const revert = await people.grace.commit('Back to 2.0.0');
      await people.grace.push(BRANCH);
      expect(await people[way]('4.0.0')).toMatchObject({ kind: 'pushed', others: true });
      expect(await isAncestor(revert, BRANCH)).toBe(true);
    });

    test.each([
      ['a squash', mergeBySquash],
      ['a merge commit', mergeByCommit],
    ])('on the branch that was left behind by %s', async (___, merge) => {
      await people.promoted('2.0.0');
      await forbid();
      await merge();
      for (const revision of ['3.0.0', '4.0.0']) {
        const result = await people[way](revision);
        expect(result).toMatchObject({ kind: 'pushed' });
        expect(result).not.toHaveProperty('others');
        expect(await isMergeable(BRANCH)).toBe(true);
        expect(await changedFiles(BRANCH)).toEqual([FILE]);
        await merge();
        expect(await stage.repository.read('main', FILE)).toContain(`version: ${revision} `);
      }
    });
  });

  test('keeps what was pushed between the refusal and the look after it', async () => {
    await people.promoted('2.0.0');
    await forbid();
    let fix = '';
    stage.server.intercept = (request, real) => {
      if (fix !== '' || request.method !== 'POST' || !request.url.endsWith('/git-receive-pack'))
        return undefined;
      fix = 'under way';
      return real().then(async (answer) => {
        fix = await people.fixOnBranch();
        return answer;
      });
    };
    expect(await people.promote('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await isAncestor(fix, BRANCH)).toBe(true);
  });

  test.each(PROCESSES)('keeps what somebody takes back of the base branch, from %s', async (__, way) => {
    await people.promoted('2.0.0');
    await forbid();
    await stage.repository.commit({ 'values.yaml': 'a: 7\n' });
    const commit = await people.promoted('3.0.0');
    await people.grace.take(BRANCH);
    await people.grace.write('values.yaml', 'a: 1\n');
    await people.grace.commit('Take that back');
    await people.grace.push(BRANCH);
    await stage.repository.commit({ [FILE]: await stage.repository.read(BRANCH, FILE) });
    const pushed = { commit, revision: '3.0.0' };
    expect(await people[way]('4.0.0', { pushed })).toMatchObject({ kind: 'pushed', others: true });
    expect(await stage.repository.read(BRANCH, 'values.yaml')).toBe('a: 1\n');
  });

  test('gets no merge commit that a rebase would leave out', async () => {
    await people.promoted('2.0.0');
    await forbid();
    const tip = await stage.repository.tip(BRANCH);
    const failure = await failureOf(people.promote('3.0.0', { mayBeRebased: true }));
    expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(failure.message).toContain(
      `Allow force pushes on ${BRANCH} for Turnpike's user, or set mergeMethod to merge or squash.`,
    );
    expect(people.pushes()).toBe(2);
    expect(await stage.repository.tip(BRANCH)).toBe(tip);
  });

  test.each(PROCESSES)('keeps no merge that may be rebased from now on, to %s', async (__, way) => {
    await people.promoted('2.0.0');
    await forbid();
    const merge = await people.promoted('3.0.0');
    const pushed = { commit: merge, revision: '3.0.0' };
    expect(await failureOf(people[way]('3.0.0', { pushed, mayBeRebased: true }))).toMatchObject({
      code: 'GitRejected',
      retry: 'never',
    });
    await hook('exit 0');
    await stage.repository.git('config', 'receive.denyNonFastForwards', 'false');
    expect(await people[way]('3.0.0', { pushed, mayBeRebased: true })).toMatchObject({ kind: 'pushed' });
    expect(await parents(BRANCH)).toEqual([(await stage.repository.tip('main')) ?? '']);
    expect(await people.readVersion()).toBe('3.0.0');
  });
});

test('a server that refuses every update of the branch ends it with its words and the cure', async () => {
  await people.promoted('2.0.0');
  await hook('echo "You are not allowed to force push to this branch" >&2; exit 1');
  const failure = await failureOf(people.promote('3.0.0'));
  expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
  expect(failure.message).toContain('You are not allowed to force push to this branch');
  expect(failure.message).toContain(`Allow force pushes on ${BRANCH} for Turnpike's user`);
  expect(people.pushes()).toBe(3);
});

async function failureOfGit(done: Promise<string>): Promise<string> {
  return done.then(
    () => 'it was taken',
    (error: unknown) => String(error),
  );
}
