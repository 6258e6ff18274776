import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { failureOf } from '../../fakes/failure.ts';
import { BASE_COMMIT, type FakeResult } from '../../fakes/gitlab/state.ts';
import { GITLAB_PROJECT } from '../../fakes/gitlab.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('gitlab');
const { calls } = stage;
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const OTHER = '2'.repeat(40);

function merge(commit = HEAD_COMMIT, change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, commit, change);
}

/** A job of a commit's pipeline, or a status from outside. */
function check(name: string, status: string, mayFail = false, sha = HEAD_COMMIT): void {
  stage.host.statuses.push({ sha, name, status, allow_failure: mayFail });
}

describe('merging on GitLab', () => {
  test('happens at once when every check has passed, and once', async () => {
    check('build', 'success');
    check('flaky', 'failed', true);
    check('deploy', 'manual', true);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'merge 200']);
    expect(stage.host.bodies.at(-1)).toEqual({ sha: HEAD_COMMIT });

    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200']);
  });

  test('happens at once without a pipeline', async () => {
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('is left to GitLab while the pipeline runs, and is asked for once', async () => {
    check('turnpike/promotion', 'pending');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.bodies.at(-1)).toEqual({
      sha: HEAD_COMMIT,
      auto_merge: true,
      merge_when_pipeline_succeeds: true,
    });
    calls();
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(['get 200', 'checks 200']);
  });

  test('waits for a failing check, also beyond the first page of them', async () => {
    for (let number = 0; number < 100; number++) check(`job ${number}`, 'success');
    check('lint', 'failed');
    expect(await merge()).toEqual({ kind: 'not-yet', reason: 'Checks of 1111111111 fail: lint.' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200']);
  });

  test('names five checks at most, in one line and cut', async () => {
    for (const name of ['one', 'a\n\u202eb', 'x'.repeat(500), '4', '5', '6', '7']) check(name, 'failed');
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: `Checks of 1111111111 fail: one, a b, ${'x'.repeat(79)}…, 4, 5 and 2 more.`,
    });
  });

  test('waits for a job that a person must start, for which no auto-merge waits', async () => {
    check('approve', 'manual');
    stage.host.fail({
      status: 200,
      body: { ...stage.host.mergeRequests[0], head_pipeline: { status: 'manual' } },
    });
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'Checks of 1111111111 are not done: approve.',
    });
  });

  test('is left to GitLab while an approval is missing', async () => {
    stage.host.options.approved = false;
    check('build', 'success');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'merge 405', 'merge 200']);
  });

  test('waits for an approval where GitLab does not, and says what for', async () => {
    Object.assign(stage.host.options, { approved: false, waitsForApprovals: false });
    Object.assign(stage.host.mergeRequests[0] ?? {}, { detailed_merge_status: 'not_approved' });
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'GitLab does not merge the pull request yet (not_approved; 405 Method Not Allowed).',
    });
  });

  test('waits for conflicts to be resolved', async () => {
    stage.host.options.conflicted = true;
    Object.assign(stage.host.mergeRequests[0] ?? {}, { detailed_merge_status: 'conflict' });
    expect(await merge()).toMatchObject({
      mergeable: 'conflicting',
      reason: 'GitLab does not merge the pull request yet (conflict; Branch cannot be merged).',
    });
  });

  test('is of no other commit than the one that is meant', async () => {
    expect(await merge(OTHER)).toEqual({
      kind: 'not-yet',
      reason:
        'The head of the pull request is 1111111111 and not 2222222222, which was pushed for it: it is left to people.',
      isOtherHead: true,
    });
    // The branch moves after it was looked at.
    const before = { ...stage.host.mergeRequests[0] };
    stage.host.fail({ status: 200, body: before });
    Object.assign(stage.host.mergeRequests[0] ?? {}, { sha: OTHER });
    const outcome = await merge();
    expect(outcome).toMatchObject({ kind: 'not-yet' });
    expect(outcome).toMatchObject({ reason: expect.stringContaining('SHA does not match HEAD') });
    expect(stage.host.mergeRequests[0]?.state).toBe('opened');
  });

  test('without the right to it is an error that says so', async () => {
    stage.host.options.mayMerge = false;
    const failure = await failureOf(merge());
    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toContain('give the token the right to read and write pull requests');
  });

  test('is over when somebody closed it, or it is gone', async () => {
    Object.assign(stage.host.mergeRequests[0] ?? {}, { state: 'closed' });
    expect(await merge()).toEqual({ kind: 'not-yet', reason: 'The pull request is closed.' });
    stage.host.mergeRequests.length = 0;
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
  });

  test('is of what GitLab has found out, and not left to it for that', async () => {
    stage.host.options.checking = 1;
    check('build', 'success');
    const reason = 'GitLab is still finding out whether the pull request can be merged.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'merge 405']);
    expect(stage.host.mergeRequests[0]?.merge_when_pipeline_succeeds).toBe(false);
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  describe('with a pipeline of merged results', () => {
    const MERGED = '3'.repeat(40);

    function result(status: string, change: Partial<FakeResult> = {}): void {
      const ref = 'refs/merge-requests/1/merge';
      stage.host.results.push({
        id: 7,
        sha: MERGED,
        ref,
        status,
        parents: [BASE_COMMIT, HEAD_COMMIT],
        ...change,
      });
    }

    beforeEach(() => {
      check('turnpike/promotion', 'success');
      check('build', 'success', false, BASE_COMMIT);
    });

    test('is left to GitLab while its jobs run, and while it has none yet', async () => {
      result('created');
      expect(await merge(HEAD_COMMIT, { mayWait: false })).toMatchObject({ kind: 'not-yet' });
      expect(stage.host.mergeRequests[0]?.state).toBe('opened');
      check('build', 'running', false, MERGED);
      Object.assign(stage.host.results[0] ?? {}, { status: 'running' });
      expect(await merge()).toEqual({ kind: 'scheduled' });
      expect(stage.host.bodies.at(-1)).toMatchObject({ auto_merge: true });
    });

    test('is left to GitLab while it runs, also between two of its jobs', async () => {
      result('running');
      check('build', 'success', false, MERGED);
      expect(await merge()).toEqual({ kind: 'scheduled' });
    });

    test('waits while a job of its merge train fails', async () => {
      result('failed', { ref: 'refs/merge-requests/1/train' });
      check('test', 'failed', false, MERGED);
      expect(await merge()).toEqual({ kind: 'not-yet', reason: 'Checks of 1111111111 fail: test.' });
    });

    test('waits while one of its jobs fails', async () => {
      result('failed');
      check('test', 'failed', false, MERGED);
      expect(await merge()).toEqual({ kind: 'not-yet', reason: 'Checks of 1111111111 fail: test.' });
    });

    test('happens when its jobs have passed, which are the first checks of the commit too', async () => {
      result('failed', { id: 6, sha: '4'.repeat(40) });
      result('success');
      check('build', 'success', false, MERGED);
      expect(await merge()).toEqual({ kind: 'merged' });
    });

    test('does not look at one of an earlier head, unless it still runs', async () => {
      result('canceled', { parents: [BASE_COMMIT, OTHER] });
      check('build', 'canceled', false, MERGED);
      expect(await merge()).toEqual(NO_CHECK);
      check('build', 'success');
      Object.assign(stage.host.results[0] ?? {}, { status: 'running' });
      expect(await merge()).toEqual({ kind: 'scheduled' });
    });
  });

  test.each([
    ['merge', 'merge', 'never', {}],
    ['merge', 'rebase_merge', 'always', {}],
    ['squash', 'merge', 'default_off', { squash: true }],
    ['squash', 'ff', 'always', { squash: true }],
    ['rebase', 'ff', 'never', {}],
  ] as const)(
    'by %s goes where the project merges by %s and squashes %s',
    async (method, set, squash, more) => {
      Object.assign(stage.host.options, { mergeMethod: set, squash });
      expect(await merge(HEAD_COMMIT, { method })).toEqual({ kind: 'merged' });
      expect(stage.host.bodies.at(-1)).toEqual({ sha: HEAD_COMMIT, ...more });
    },
  );

  test.each([
    ['merge', 'ff', 'default_on', 'it merges by fast-forward alone'],
    ['squash', 'merge', 'never', 'it does not allow to squash commits'],
    ['rebase', 'merge', 'default_on', 'it makes merge commits'],
    ['rebase', 'rebase_merge', 'default_on', 'it makes merge commits'],
  ] as const)(
    'by %s waits where the project merges by %s and squashes %s',
    async (method, set, squash, why) => {
      Object.assign(stage.host.options, { mergeMethod: set, squash });
      const reason = `GitLab does not merge by ${method} in ${GITLAB_PROJECT}: ${why}. Change that in its settings, or mergeMethod in the Pipeline.`;
      expect(await merge(HEAD_COMMIT, { method })).toEqual({ kind: 'not-yet', reason });
      expect(stage.host.mergeRequests[0]?.state).toBe('opened');
    },
  );

  const PUSHED = '2026-11-21T12:00:00Z';
  const NO_CHECK = {
    kind: 'not-yet',
    reason: 'No check of 1111111111 has begun, and commits of main have some: it waits for the first one.',
  } as const;

  test('waits 30 s after the push, and asks nothing', async () => {
    const now = new Date('2026-11-21T12:00:29Z');
    const reason = 'Waits 30 s after the push for checks to begin.';
    expect(await merge(HEAD_COMMIT, { pushedAt: PUSHED, now })).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual([]);
  });

  test('waits for good when a person has changed the base meanwhile', async () => {
    Object.assign(stage.host.mergeRequests[0] ?? {}, { target_branch: 'release' });
    const reason = 'Its base was changed to release by a person: it is left to people.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual(['get 200']);
  });

  test('waits for the first check where the head of the base branch has some', async () => {
    check('turnpike/promotion', 'success');
    check('build', 'success', false, BASE_COMMIT);
    expect(await merge()).toEqual(NO_CHECK);
    expect(calls()).toEqual(['get 200', ...Array(4).fill('checks 200')]);
    check('build', 'success');
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('waits for no check where the base branch has but our own', async () => {
    check('turnpike/promotion', 'success');
    check('turnpike/promotion', 'success', false, BASE_COMMIT);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200', ...Array(4).fill('checks 200'), 'merge 200']);
  });

  test('looks no further where the base branch has no pipeline, or is gone', async () => {
    stage.host.options.approved = false;
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(['get 200', 'checks 200', 'checks 200', 'merge 405', 'merge 200']);
    Object.assign(stage.host.mergeRequests[0] ?? {}, { merge_when_pipeline_succeeds: false });
    stage.host.branches.delete('main');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toContain('checks 404');
  });
});
