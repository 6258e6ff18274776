import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { FAKE_TOKEN } from '../../fakes/github.ts';
import { INPUT } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('github');
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const HEAD_COMMIT = commitOf(INPUT.head);
const QUERY = 'POST /api/graphql';
const MERGE = 'PUT /api/v3/repos/acme/fleet/pulls/1/merge';

function merge(change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, HEAD_COMMIT, change);
}

/** Something that is required and not done. */
function block(): void {
  stage.host.options.required = ['ci/build'];
  stage.host.statuses.push({ sha: HEAD_COMMIT, context: 'ci/build', state: 'pending', description: '' });
}

const BRANCHES: readonly [string, () => void][] = [
  [
    'a branch protection that requires a linear history',
    () => {
      stage.host.options.linearHistory = 'protection';
    },
  ],
  [
    'a ruleset that requires a linear history',
    () => {
      stage.host.options.linearHistory = 'ruleset';
    },
  ],
  [
    'a ruleset that allows some methods alone',
    () => {
      stage.host.options.rulesetMethods = ['squash', 'rebase'];
    },
  ],
];

describe.each(BRANCHES)('merging on GitHub into a branch with %s', (_, prepare) => {
  beforeEach(prepare);

  test('is refused by merge commits, as GitHub does', async () => {
    const headers = { authorization: `token ${FAKE_TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ sha: HEAD_COMMIT, merge_method: 'merge' });
    const url = `${stage.host.origin}/api/v3/repos/acme/fleet/pulls/1/merge`;
    expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(405);
  });

  test('goes at once by a method that the branch takes', async () => {
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, MERGE]);
  });

  test('is left to GitHub by a method that the branch takes', async () => {
    block();
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY]);
    expect(stage.host.pulls[0]?.auto_merge?.merge_method).toBe('squash');
  });

  test('finds the method by trying where the token may not read rules', async () => {
    stage.host.options.mayReadRules = false;
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, MERGE, MERGE]);
  });

  test('finds the method of the auto-merge by trying, too', async () => {
    stage.host.options.mayReadRules = false;
    block();
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect(stage.host.pulls[0]?.auto_merge?.merge_method).toBe('squash');
  });

  test('asks nothing where the Pipeline wants another method, and says what to do', async () => {
    expect(await merge({ method: 'merge' })).toEqual({
      kind: 'not-yet',
      reason:
        'GitHub does not merge into main by mergeMethod merge: set mergeMethod to squash or rebase, or leave it out.',
    });
    expect(stage.host.requests).toEqual([QUERY]);
  });

  test('says what to do where GitHub refuses the method that the Pipeline wants', async () => {
    stage.host.options.mayReadRules = false;
    const outcome = await merge({ method: 'merge' });
    expect(outcome).toMatchObject({ kind: 'not-yet' });
    expect(outcome).toMatchObject({
      reason: expect.stringMatching(
        /^GitHub does not merge into main by mergeMethod merge \(.*merge commits.*\): set mergeMethod to another method, or leave it out\.$/i,
      ),
    });
    block();
    expect(await merge({ method: 'merge' })).toMatchObject({
      reason: expect.stringContaining('set mergeMethod to another method, or leave it out.'),
    });
    expect(stage.host.requests).toEqual([QUERY, MERGE, QUERY, QUERY]);
  });

  test('goes by the method that the Pipeline wants', async () => {
    block();
    expect(await merge({ method: 'rebase' })).toEqual({ kind: 'scheduled' });
    expect(stage.host.pulls[0]?.auto_merge?.merge_method).toBe('rebase');
  });
});

describe('an auto-merge on GitHub', () => {
  beforeEach(async () => {
    block();
    await merge({ method: 'squash' });
    stage.host.requests.length = 0;
  });

  const methodNow = () => stage.host.pulls[0]?.auto_merge?.merge_method;

  test.each([undefined, 'squash'] as const)('stays where the Pipeline has mergeMethod %p', async (method) => {
    expect(await merge({ scheduled: true, ...(method && { method }) })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY]);
    expect(methodNow()).toBe('squash');
  });

  test('is made anew, once, when the Pipeline has another method by now', async () => {
    for (const _ of [1, 2]) {
      expect(await merge({ scheduled: true, method: 'rebase' })).toEqual({ kind: 'scheduled' });
      expect(methodNow()).toBe('rebase');
    }
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY, QUERY]);
  });

  test('is made anew when the branch does not take its method any more', async () => {
    stage.host.options.rulesetMethods = ['rebase'];
    expect(await merge({ scheduled: true })).toEqual({ kind: 'scheduled' });
    expect(methodNow()).toBe('rebase');
  });

  test('is taken back when the Pipeline wants what the branch does not take', async () => {
    stage.host.options.linearHistory = 'ruleset';
    expect(await merge({ scheduled: true, method: 'merge' })).toMatchObject({
      kind: 'not-yet',
      reason: expect.stringContaining('set mergeMethod to squash or rebase'),
    });
    expect(methodNow()).toBeUndefined();
  });

  test('into a merge queue has no method that counts', async () => {
    stage.host.options.mergeQueue = true;
    expect(await merge({ scheduled: true, method: 'rebase' })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY]);
  });
});

describe('merging on GitHub', () => {
  test('goes by the method that the Pipeline wants where all are allowed', async () => {
    expect(await merge({ method: 'squash' })).toEqual({ kind: 'merged' });
    expect(stage.host.bodies.at(-1)).toMatchObject({ merge_method: 'squash', sha: HEAD_COMMIT });
  });

  test('says that repository and branch have no method in common', async () => {
    stage.host.options.methods = ['merge'];
    stage.host.options.linearHistory = 'ruleset';
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'The repository and the rules of main allow no method in common: allow merge commits, squash or rebase in both.',
    });
    expect(stage.host.requests).toEqual([QUERY]);
  });

  test('says what GitHub says where it refuses all methods', async () => {
    stage.host.options.mayReadRules = false;
    stage.host.options.methods = ['merge'];
    stage.host.options.linearHistory = 'protection';
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'GitHub does not merge the pull request yet (This branch must not contain merge commits.).',
    });
    expect(stage.host.requests).toEqual([QUERY, MERGE]);
  });

  test.each([1, 2])('is tried again at once when the base branch has just moved, %i times', async (times) => {
    stage.host.options.baseMoves = times;
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, ...Array(times + 1).fill(MERGE)]);
  });

  test('is left to the next look, and to no auto-merge, while the base branch goes on to move', async () => {
    stage.host.options.baseMoves = 3;
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'GitHub does not merge the pull request yet (Base branch was modified. Review and try the merge again.).',
    });
    expect(stage.host.requests).toEqual([QUERY, MERGE, MERGE, MERGE]);
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('is left to the next look while GitHub finds out whether it can be merged', async () => {
    Object.assign(stage.host.pulls[0] ?? {}, { mergeable: null });
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
    expect(stage.host.requests).toEqual([QUERY]);
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
    Object.assign(stage.host.pulls[0] ?? {}, { mergeable: true });
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('works with a server that knows nothing of merge queues and methods of rulesets', async () => {
    stage.host.options.lacks = ['isMergeQueueEnabled', 'allowedMergeMethods'];
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, MERGE]);
  });
});
