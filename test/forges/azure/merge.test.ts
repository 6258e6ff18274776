import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import type { Outbound } from '../../../src/lib/net/outbound.ts';
import { BASE_COMMIT, type FakePolicy, OWN_ID } from '../../fakes/azure/state.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { mergeOptions } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('azure-devops');
const { calls } = stage;
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const OTHER = '2'.repeat(40);
const LOOK = ['get 200', 'checks 200', 'checks 200', 'checks 200'];

const BUILD = { id: '0609b952-1397-4640-95ec-e00a01b2c241', displayName: 'Build' };
const STATUS = { id: 'cbdc66da-9728-4af8-aada-9a5a32e4a226', displayName: 'Status' };
const REVIEWERS = { id: 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd', displayName: 'Minimum number of reviewers' };
const WORK_ITEMS = { id: '40e92b44-2fe1-4dd6-b3d8-74a9c21d0c6e', displayName: 'Work item linking' };

function merge(commit = HEAD_COMMIT, change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, commit, change);
}

/** A status of the commit, or of the pull request by its number. */
function status(key: string, name: string, state: string, genre = 'ci'): void {
  const known = stage.host.statuses.get(key) ?? [];
  const next = { id: known.length + 1, state, context: { genre, name } };
  stage.host.statuses.set(key, [...known, next]);
}

function policy(
  type: FakePolicy['type'],
  state: FakePolicy['status'],
  isBlocking = true,
  settings: FakePolicy['settings'] = undefined,
): void {
  stage.host.options.policies.push({ type, status: state, isBlocking, ...(settings && { settings }) });
}

describe('merging on Azure', () => {
  test('happens at once when every check has passed and every policy is met, and once', async () => {
    status(HEAD_COMMIT, 'build', 'failed');
    status(HEAD_COMMIT, 'build', 'succeeded');
    status('1', 'scan', 'notApplicable');
    policy(BUILD, 'approved');
    policy(WORK_ITEMS, 'rejected', false);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual([...LOOK, 'merge 200']);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls()).toEqual(['get 200']);
  });

  test('is on its way while Azure takes its time', async () => {
    stage.host.options.slow = true;
    expect(await merge()).toEqual({ kind: 'scheduled' });
  });

  test.each([
    ['a build', BUILD, 'running'],
    ['the status of ours', STATUS, 'queued'],
    ['an approval', REVIEWERS, 'running'],
  ] as const)('is left to Azure while %s is missing that a policy wants', async (_, type, state) => {
    policy(type, state);
    status(HEAD_COMMIT, 'build', 'succeeded');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual([...LOOK, 'merge 200', 'merge 200']);
    expect(stage.host.pulls[0]).toMatchObject({ status: 'active', autoCompleteSetBy: { id: OWN_ID } });
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual(LOOK);
  });

  test('is left to Azure to wait for no optional policies but checks', async () => {
    policy(WORK_ITEMS, 'rejected', false);
    policy(BUILD, 'approved', false);
    policy(REVIEWERS, 'running');
    status(HEAD_COMMIT, 'build', 'succeeded');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.pulls[0]?.completionOptions?.autoCompleteIgnoreConfigIds).toEqual([1]);
    Object.assign(stage.host.options.policies[2] ?? {}, { status: 'approved' });
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(calls().slice(-1)).toEqual(['get 200']);
  });

  test('is left to Azure when a policy is found out to be in the way', async () => {
    policy(REVIEWERS, 'running');
    stage.host.fail({ status: 200, body: stage.host.pulls[0] });
    for (let number = 0; number < 3; number++)
      stage.host.fail({ status: 200, body: { value: [], count: 0 } });
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(calls()).toEqual([...LOOK, 'checks 200', 'merge 403', 'merge 200', 'merge 200']);
  });

  test.each([
    ['a failing status', () => status(HEAD_COMMIT, 'lint', 'failed'), 'fail: ci/lint.'],
    ['a failing status of the pull request', () => status('1', 'scan', 'error'), 'fail: ci/scan.'],
    ['a failing build', () => policy(BUILD, 'rejected'), 'fail: Build.'],
    ['a failing optional build', () => policy(BUILD, 'rejected', false), 'fail: Build.'],
    ['a pending status', () => status(HEAD_COMMIT, 'lint', 'pending'), 'are not done: ci/lint.'],
    ['a pending optional build', () => policy(BUILD, 'running', false), 'are not done: Build.'],
  ] as const)('waits for %s', async (_, prepare, words) => {
    prepare();
    expect(await merge()).toEqual({ kind: 'not-yet', reason: `Checks of 1111111111 ${words}` });
    expect(stage.host.pulls[0]).toMatchObject({ status: 'active' });
    expect(stage.host.pulls[0]?.autoCompleteSetBy).toBeUndefined();
  });

  test('is of no other commit than the one that is meant', async () => {
    expect(await merge(OTHER)).toEqual({
      kind: 'not-yet',
      reason:
        'The head of the pull request is 1111111111 and not 2222222222, which was pushed for it: it is left to people.',
      isOtherHead: true,
    });
    // The branch moves after it was looked at.
    const before = structuredClone(stage.host.pulls[0]);
    stage.host.fail({ status: 200, body: before });
    Object.assign(stage.host.pulls[0] ?? {}, { lastMergeSourceCommit: { commitId: OTHER } });
    const outcome = await merge();
    expect(outcome).toMatchObject({ kind: 'not-yet', reason: expect.stringContaining('TF401192') });
    expect(stage.host.pulls[0]?.status).toBe('active');
  });

  test('reports a head that came while it was left to Azure', async () => {
    policy(REVIEWERS, 'running');
    const head = { lastMergeSourceCommit: { commitId: OTHER } };
    const inner = stage.outbound();
    const send: Outbound['send'] = (request) => {
      if (request.method === 'PATCH') Object.assign(stage.host.pulls[0] ?? {}, head);
      return inner.send(request);
    };
    const racing = stage.forge({ outbound: { ...inner, send } });
    const outcome = await racing.merge(pull, HEAD_COMMIT, mergeOptions());
    expect(outcome).toMatchObject({ kind: 'not-yet', isOtherHead: true });
    expect(stage.host.pulls[0]?.autoCompleteSetBy).toBeDefined();
  });

  test.each([
    ['a draft', { isDraft: true }, 'The pull request is a draft.'],
    ['one that was abandoned', { status: 'abandoned' }, 'The pull request is closed.'],
    [
      'a head that is not known yet',
      { lastMergeSourceCommit: undefined },
      'The head of the pull request is not known yet.',
    ],
  ])('waits with %s', async (_, change, reason) => {
    Object.assign(stage.host.pulls[0] ?? {}, change);
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
  });

  test('waits for conflicts to be resolved', async () => {
    Object.assign(stage.host.pulls[0] ?? {}, { mergeStatus: 'conflicts' });
    const reason = 'The pull request has conflicts with its base branch.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason, mergeable: 'conflicting' });
  });

  test('is over when the pull request is gone', async () => {
    stage.host.pulls.length = 0;
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
  });

  test('waits 30 s after the push, and asks nothing', async () => {
    const options = { pushedAt: '2026-11-21T12:00:00Z', now: new Date('2026-11-21T12:00:29Z') };
    const reason = 'Waits 30 s after the push for checks to begin.';
    policy(REVIEWERS, 'running');
    expect(await merge(HEAD_COMMIT, options)).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual([]);
  });

  test('waits for good when a person has changed the base meanwhile', async () => {
    Object.assign(stage.host.pulls[0] ?? {}, { targetRefName: 'refs/heads/release' });
    const reason = 'Its base was changed to release by a person: it is left to people.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual(['get 200']);
  });

  test('waits for the first check where the head of the base branch has some', async () => {
    status(HEAD_COMMIT, 'promotion', 'succeeded', 'turnpike');
    status('1', 'promotion', 'succeeded', 'turnpike');
    status(BASE_COMMIT, 'build', 'succeeded');
    policy(STATUS, 'queued', true, { statusGenre: 'turnpike', statusName: 'promotion' });
    const reason =
      'No check of 1111111111 has begun, and commits of main have some: it waits for the first one.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
    expect(calls()).toEqual([...LOOK, 'checks 200']);
    expect(stage.host.pulls[0]?.autoCompleteSetBy).toBeUndefined();
    status('1', 'build', 'succeeded');
    expect(await merge()).toEqual({ kind: 'scheduled' });
  });

  test('waits for no check where the base branch has but ours', async () => {
    status(HEAD_COMMIT, 'promotion', 'succeeded', 'turnpike');
    status(BASE_COMMIT, 'promotion', 'succeeded', 'turnpike');
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('waits while our own status says that the gates are closed', async () => {
    status(HEAD_COMMIT, 'promotion', 'pending', 'turnpike');
    const reason = 'Checks of 1111111111 are not done: turnpike/promotion.';
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
  });
});
