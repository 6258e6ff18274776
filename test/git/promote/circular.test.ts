import { describe, expect, test } from 'bun:test';
import { createPushPromoter } from '../../../src/promote/push.ts';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, type TestBranches, testBranches } from '../stage/support.ts';

/** A Pipeline whose revision is a commit of the very branch that it is promoted into. */

const FILE = 'clusters/staging.yaml';
const FIRST = 'a'.repeat(40);
const pinned = (commit: string, key = 'team:app:staging') =>
  `commit: ${commit} # {"$promotion": "${key}:commit"}\n`;

const stage = gitStage({ [FILE]: pinned(FIRST), 'apps/app.yaml': 'replicas: 1\n' });
const now = () => new Date('2026-11-21T10:00:00Z');

async function tip(): Promise<string> {
  return (await stage.repository.tip('main')) ?? '';
}

function promote(commit: string, name = 'app', { branches = stage.branches, approvedBy }: Change = {}) {
  const request = promotionRequest({
    pipeline: { namespace: 'team', name, uid: '9a7c5e0e-0000-4000-8000-000000000001' },
    revision: `main@sha1:${commit}`,
    ...(approvedBy !== undefined && { approvedBy }),
  });
  const settings = { url: stage.url, branch: 'main', secretRef: { name: 'repository' } };
  return carriedOut(createPushPromoter({ branches, now }).prepare(request, settings, {}));
}

interface Change {
  readonly branches?: TestBranches;
  readonly approvedBy?: string;
}

async function change(text: string): Promise<string> {
  return stage.repository.commit({ 'apps/app.yaml': text });
}

/** Promotes the tip as long as that makes another one, as a cluster that follows the branch does. */
async function follow(names: readonly string[] = ['app'], rounds = 12): Promise<number> {
  let pushed = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      try {
        if ((await promote(await tip(), name)).kind === 'pushed') pushed += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'NothingNew' });
      }
    }
  }
  return pushed;
}

describe('a branch that is promoted into itself', () => {
  test('has one commit for each commit of a person, and no endless chain', async () => {
    const mine = await change('replicas: 2\n');
    expect(await promote(mine)).toMatchObject({ kind: 'pushed' });
    const ours = await tip();
    expect(await failureOf(promote(ours))).toMatchObject({
      code: 'NothingNew',
      retry: 'never',
      message: `main@${ours.slice(0, 7)} has nothing new but what promotions have written to branch main of ${stage.url}: it is not promoted, or each promotion would be followed by another one. It waits for a commit that changes something else.`,
    });
    expect(await tip()).toBe(ours);
    const next = await change('replicas: 3\n');
    expect(await promote(next)).toMatchObject({ kind: 'pushed' });
    expect(await stage.repository.read('main', FILE)).toBe(pinned(next));
  });

  test('has no endless chain of several pipelines either', async () => {
    const names = ['app', 'other', 'third'];
    for (const name of names) {
      await stage.repository.commit({ [`clusters/${name}.yaml`]: pinned(FIRST, `team:${name}:staging`) });
    }
    expect(await follow(names)).toBeLessThanOrEqual(6);
    await change('replicas: 2\n');
    expect(await follow(names)).toBe(3);
  });

  test('loses no commit that came right before one of ours', async () => {
    const seen = await change('replicas: 2\n');
    const unseen = await change('replicas: 3\n');
    // The cluster goes from the one commit to ours, which is on top of the other.
    expect(await promote(seen)).toMatchObject({ kind: 'pushed' });
    const ours = await tip();
    expect(await stage.repository.git('rev-parse', `${ours}^`)).toBe(`${unseen}\n`);
    expect(await promote(ours)).toMatchObject({ kind: 'pushed' });
    expect(await follow()).toBe(0);
  });

  test('goes on where the first value is no commit', async () => {
    await stage.repository.commit({ [FILE]: 'commit: none # {"$promotion": "team:app:staging:commit"}\n' });
    expect(await follow()).toBeLessThanOrEqual(2);
  });

  test('is promoted into as often as a person approves it', async () => {
    await promote(await change('replicas: 2\n'));
    expect(await promote(await tip(), 'app', { approvedBy: 'jane' })).toMatchObject({ kind: 'pushed' });
  });

  test('is known again after a restart', async () => {
    const mine = await change('replicas: 2\n');
    await promote(mine);
    const branches = await testBranches();
    const failure = await failureOf(promote(await tip(), 'app', { branches })).finally(branches.close);
    expect(failure).toMatchObject({ code: 'NothingNew' });
  });

  test('is known where a forge has squashed what was promoted', async () => {
    const mine = await change('replicas: 2\n');
    const squashed = await stage.repository.commit({ [FILE]: pinned(mine) }, { message: 'Merged (#1)' });
    expect(await failureOf(promote(squashed))).toMatchObject({ code: 'NothingNew' });
  });

  test.each([
    ['a line beside the one with the marker', { [FILE]: `${pinned(FIRST)}replicas: 3\n` }],
    ['a new file', { 'apps/new.yaml': 'a: b\n' }],
    [
      'the tag of an image with a marker',
      { 'apps/app.yaml': 'tag: 1.2.0 # {"$promotion": "a:b:c:image"}\n' },
    ],
    ['the commit of another repository', { 'apps/app.yaml': `replicas: 1\nref: ${'b'.repeat(40)}\n` }],
    ['the mode of a file', { 'apps/app.yaml': { mode: '100755', content: 'replicas: 2\n' } }],
  ])('promotes %s', async (_, files) => {
    await promote(await change('replicas: 2\n'));
    const next = await stage.repository.commit(files);
    expect(await promote(next)).toMatchObject({ kind: 'pushed' });
  });
});

describe('a promotion by pull request', () => {
  const KEY = 'apps:podinfo:prod';

  async function update(isUnattended: boolean) {
    await stage.repository.commit({ 'clusters/prod.yaml': pinned(FIRST, KEY) });
    const mine = await change('replicas: 2\n');
    const ours = await stage.repository.commit({ 'clusters/prod.yaml': pinned(mine, KEY) });
    return stage.branches.updateBranch(
      branchUpdate(stage.url, { revision: `main@sha1:${ours}`, isUnattended }),
    );
  }

  test('is stopped where Turnpike merges it', async () => {
    expect(await failureOf(update(true))).toMatchObject({ code: 'NothingNew' });
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('is for a person to decide about otherwise', async () => {
    expect(await update(false)).toMatchObject({ kind: 'pushed' });
  });
});

describe('a revision of another branch or repository', () => {
  test.each([`v1.0.0@sha1:${FIRST}`, `release@sha1:${FIRST}`, `sha1:${FIRST}`, '1.3.0'])(
    'is promoted as before: %s',
    async (revision) => {
      await stage.repository.commit({ [FILE]: 'version: 1.0.0 # {"$promotion": "team:app:staging"}\n' });
      const settings = { url: stage.url, branch: 'main', secretRef: { name: 'repository' } };
      const promoter = createPushPromoter({ branches: stage.branches, now });
      expect(await carriedOut(promoter.prepare(promotionRequest({ revision }), settings, {}))).toMatchObject({
        kind: 'pushed',
      });
    },
  );
});
