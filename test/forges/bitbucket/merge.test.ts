import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { BASE_COMMIT } from '../../fakes/bitbucket/state.ts';
import { failureOf } from '../../fakes/failure.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('bitbucket-server');
const { forge, calls } = stage;
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const OTHER = '2'.repeat(40);
const VETO = 'You need 1 successful build before this pull request can be merged.';

function merge(commit = HEAD_COMMIT, change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, commit, change);
}

function build(
  key: string,
  state: 'SUCCESSFUL' | 'FAILED' | 'INPROGRESS' | 'CANCELLED' | 'UNKNOWN',
  commit = HEAD_COMMIT,
): void {
  const builds = stage.host.builds.get(commit) ?? new Map();
  stage.host.builds.set(commit, builds.set(key, { key, state, url: 'https://ci.example.com/1' }));
}

describe('merging on Bitbucket', () => {
  test('happens at once when every build has passed, and once', async () => {
    build('ci', 'SUCCESSFUL');
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 404', 'merge 200']);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200']);
  });

  test('is left to Bitbucket while a build that a merge check wants is not done', async () => {
    build('ci', 'SUCCESSFUL');
    build('turnpike/promotion', 'INPROGRESS');
    stage.host.options.vetoes = [VETO];
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'merge 200']);
    expect(stage.host.options.scheduled).toEqual([1]);
    expect(stage.host.pulls[0]?.state).toBe('OPEN');
  });

  test('is left to Bitbucket while another merge check is not met', async () => {
    stage.host.options.vetoes = ['You need 1 approval.'];
    build('ci', 'SUCCESSFUL');
    build('turnpike/promotion', 'SUCCESSFUL');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'merge 409', 'merge 200']);
  });

  test.each(['off', 'unknown'] as const)(
    'waits for merge checks where auto-merge is %s',
    async (autoMerge) => {
      Object.assign(stage.host.options, { autoMerge, vetoes: [VETO, 'You need 1 approval.'] });
      const reason = `Bitbucket does not merge the pull request yet (${VETO}; You need 1 approval.).`;
      expect(await merge()).toEqual({ kind: 'not-yet', reason });
      build('ci', 'INPROGRESS');
      expect(await merge()).toMatchObject({ kind: 'not-yet' });
      expect(stage.host.pulls[0]?.state).toBe('OPEN');
    },
  );

  test.each([
    ['FAILED', 'Checks of 1111111111 fail: 1 failed.'],
    ['CANCELLED', 'Checks of 1111111111 fail: 1 cancelled.'],
    ['INPROGRESS', 'Checks of 1111111111 are not done: 1 in progress.'],
    ['UNKNOWN', 'Checks of 1111111111 are not done: 1 unknown.'],
  ] as const)('waits while a build that no merge check wants is %s', async (state, reason) => {
    build('ci', 'SUCCESSFUL');
    build('lint', state);
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(stage.host.pulls[0]?.state).toBe('OPEN');
  });

  test('without the right to it is an error that says who may, and not that the token is wrong', async () => {
    stage.host.options.mayMerge = false;
    const failure = await failureOf(merge());
    // Asked again at the next resync.
    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toEndWith(
      'does not let this token merge pull request 1 of ACME/fleet (You are not permitted to access this resource): merge it by hand, or put the token of a person who may merge into the Secret.',
    );
    expect((await forge().get(1))?.state).toBe('open');
  });

  test.each([
    [undefined, 'no-ff'],
    ['merge', 'no-ff'],
    ['squash', 'squash'],
    ['rebase', 'rebase-ff-only'],
  ] as const)('by %s is by the strategy %s', async (method, strategy) => {
    expect(await merge(HEAD_COMMIT, method && { method })).toEqual({ kind: 'merged' });
    expect(stage.host.options.strategy).toBe(strategy);
  });

  test('by a method goes along with an auto-merge too', async () => {
    Object.assign(stage.host.options, {
      vetoes: [VETO],
      strategies: { 'no-ff': true, 'rebase-no-ff': true },
    });
    expect(await merge(HEAD_COMMIT, { method: 'rebase' })).toEqual({ kind: 'scheduled' });
    expect(stage.host.bodies.at(-1)).toEqual({ version: 0, autoMerge: true, strategyId: 'rebase-no-ff' });
  });

  test('by a method that the repository does not allow waits', async () => {
    stage.host.options.strategies = { ff: true, squash: false, 'ff-only': true };
    const reason =
      'Bitbucket does not merge by squash in ACME/fleet: it allows ff, ff-only. Change that in its settings, or mergeMethod in the Pipeline.';
    expect(await merge(HEAD_COMMIT, { method: 'squash' })).toEqual({ kind: 'not-yet', reason });
    expect(stage.host.pulls[0]?.state).toBe('OPEN');
  });

  test('is of no other commit than the one that is meant', async () => {
    expect(await merge(OTHER)).toEqual({
      kind: 'not-yet',
      reason:
        'The head of the pull request is 1111111111 and not 2222222222, which was pushed for it: it is left to people.',
      isOtherHead: true,
    });
    // The branch moves after it was looked at.
    stage.host.fail({ status: 200, body: structuredClone(stage.host.pulls[0]) });
    Object.assign(stage.host.pulls[0] ?? {}, { version: 1 });
    Object.assign(stage.host.pulls[0]?.fromRef ?? {}, { latestCommit: OTHER });
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'Bitbucket does not merge the pull request yet (You are attempting to modify a pull request based on out-of-date information.).',
    });
    expect(stage.host.pulls[0]?.state).toBe('OPEN');
  });

  test('waits for conflicts to be resolved', async () => {
    stage.host.fail({ status: 200, body: stage.host.pulls[0] });
    stage.host.fail({ status: 200, body: { successful: 2, failed: 0, inProgress: 0 } });
    const message = 'The pull request has conflicts and cannot be merged.';
    const exceptionName = 'com.atlassian.bitbucket.pull.PullRequestMergeVetoedException';
    const error = { context: null, message, exceptionName, conflicted: true, vetoes: [] };
    stage.host.fail({ status: 409, body: { errors: [error] } });
    const reason = `Bitbucket does not merge the pull request yet (${message}).`;
    expect(await merge()).toEqual({ kind: 'not-yet', reason, mergeable: 'conflicting' });
  });

  test('is over when somebody declined it, or it is gone', async () => {
    Object.assign(stage.host.pulls[0] ?? {}, { state: 'DECLINED' });
    expect(await merge()).toEqual({ kind: 'not-yet', reason: 'The pull request is closed.' });
    stage.host.pulls.length = 0;
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
  });

  test('waits 30 s after the push, and asks nothing', async () => {
    const options = { pushedAt: '2026-11-21T12:00:00Z', now: new Date('2026-11-21T12:00:29Z') };
    const reason = 'Waits 30 s after the push for checks to begin.';
    expect(await merge(HEAD_COMMIT, options)).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual([]);
  });

  test('waits for good when a person has changed the base meanwhile', async () => {
    Object.assign(stage.host.pulls[0]?.toRef ?? {}, { id: 'refs/heads/release' });
    const reason = 'Its base was changed to release by a person: it is left to people.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual(['get 200']);
  });

  test('waits for the first build where the head of the base branch has some', async () => {
    build('turnpike/promotion', 'SUCCESSFUL');
    build('ci', 'SUCCESSFUL', BASE_COMMIT);
    const reason =
      'No check of 1111111111 has begun, and commits of main have some: it waits for the first one.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'checks 200', 'checks 404']);
    build('ci', 'SUCCESSFUL');
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'merge 200']);
  });

  test('waits for no build where the base branch has but ours', async () => {
    build('turnpike/promotion', 'SUCCESSFUL');
    build('turnpike/promotion', 'SUCCESSFUL', BASE_COMMIT);
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('waits while our own build says that the gates are closed', async () => {
    build('turnpike/promotion', 'INPROGRESS');
    const reason = 'Checks of 1111111111 are not done: 1 in progress.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
  });
});
