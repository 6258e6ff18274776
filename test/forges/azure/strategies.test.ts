import { beforeEach, describe, expect, test } from 'bun:test';
import type { PullRequest } from '../../../src/lib/forges/port.ts';
import type { MergeMethod } from '../../../src/lib/forges/types.ts';
import { MERGE_TYPES } from '../../fakes/azure/policies.ts';
import { type FakePolicy, OWN_ID } from '../../fakes/azure/state.ts';
import { AZURE_TOKEN } from '../../fakes/azure.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { mergeOptions, readPull } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('azure-devops');
const { forge } = stage;
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const REVIEWERS = { id: 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd', displayName: 'Minimum number of reviewers' };

function merge(method?: MergeMethod) {
  return forge().merge(pull, HEAD_COMMIT, mergeOptions({ ...(method && { method }) }));
}

function limit(settings: NonNullable<FakePolicy['settings']>, isBlocking = true): void {
  stage.host.options.policies.push({ type: MERGE_TYPES, settings, isBlocking, status: 'rejected' });
}

/** A policy that is not met yet. */
function wait(): { met(): void } {
  const policy: FakePolicy = { type: REVIEWERS, isBlocking: true, status: 'running' };
  stage.host.options.policies.push(policy);
  return {
    met() {
      policy.status = 'approved';
    },
  };
}

/** As a program does that knows nothing of ways to merge. */
async function patch(body: object): Promise<{ status: number; typeKey?: string }> {
  const path = '/acme/Platform%20Team/_apis/git/repositories/fleet/pullrequests/1?api-version=7.0';
  const login = Buffer.from(`:${AZURE_TOKEN}`).toString('base64');
  const headers = { authorization: `Basic ${login}`, 'content-type': 'application/json' };
  const response = await fetch(stage.host.origin + path, {
    method: 'PATCH',
    headers,
    body: JSON.stringify(body),
  });
  const { typeKey } = (await response.json()) as { typeKey?: string };
  return { status: response.status, ...(typeKey !== undefined && { typeKey }) };
}

describe('the stand-in for Azure with limited merge types', () => {
  const lastMergeSourceCommit = { commitId: HEAD_COMMIT };
  const refused = { status: 403, typeKey: 'GitPullRequestUpdateRejectedByPolicyException' };

  test('refuses to complete without a strategy, and with one that is not allowed', async () => {
    limit({ allowSquash: true });
    const completed = { status: 'completed', lastMergeSourceCommit };
    expect(await patch(completed)).toEqual(refused);
    expect(await patch({ ...completed, completionOptions: { mergeStrategy: 'rebase' } })).toEqual(refused);
    expect(await patch({ ...completed, completionOptions: { mergeStrategy: 'squash' } })).toEqual({
      status: 200,
    });
  });

  test('takes an auto-complete without a strategy, and never completes it', async () => {
    limit({ allowSquash: true });
    expect(await patch({ autoCompleteSetBy: { id: OWN_ID } })).toEqual({ status: 200 });
    expect(await readPull(forge())).toMatchObject({ state: 'open' });
    await patch({ completionOptions: { mergeStrategy: 'squash' } });
    expect(await readPull(forge())).toMatchObject({ state: 'merged' });
  });
});

describe('merging on Azure with limited merge types', () => {
  test.each([
    ['squash', { allowSquash: true }, undefined, 'squash'],
    ['rebase', { allowRebase: true, allowRebaseMerge: true }, undefined, 'rebase'],
    ['a rebase with a merge', { allowRebaseMerge: true }, undefined, 'rebaseMerge'],
    ['the first of several', { allowRebase: true, allowSquash: true }, undefined, 'squash'],
    ['the one that is wanted', { allowRebase: true, allowSquash: true }, 'rebase', 'rebase'],
    ['squash, as earlier versions said it', { useSquashMerge: true }, undefined, 'squash'],
  ] as const)('goes by %s', async (_, settings, method, mergeStrategy) => {
    limit(settings);
    expect(await merge(method)).toEqual({ kind: 'merged' });
    expect(stage.host.pulls[0]).toMatchObject({ status: 'completed', completionOptions: { mergeStrategy } });
    expect(stage.host.bodies.at(-1)).toEqual({
      status: 'completed',
      lastMergeSourceCommit: { commitId: HEAD_COMMIT },
      completionOptions: { mergeStrategy },
    });
  });

  test.each([
    [undefined, 'noFastForward'],
    ['merge', 'noFastForward'],
    ['squash', 'squash'],
    ['rebase', 'rebase'],
  ] as const)('goes without a limit, and with the method %p, by %s', async (method, mergeStrategy) => {
    expect(await merge(method)).toEqual({ kind: 'merged' });
    expect(stage.host.pulls[0]).toMatchObject({ completionOptions: { mergeStrategy } });
  });

  test('is left to Azure with a strategy by which it completes', async () => {
    limit({ allowSquash: true });
    const approval = wait();
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.bodies.at(-1)).toEqual({
      autoCompleteSetBy: { id: OWN_ID },
      completionOptions: { mergeStrategy: 'squash' },
    });
    expect(await merge()).toEqual({ kind: 'scheduled' });
    approval.met();
    expect(await readPull(forge())).toMatchObject({ state: 'merged' });
  });

  test('mends an auto-complete whose strategy is not allowed, and leaves one whose is', async () => {
    limit({ allowSquash: true, allowRebase: true });
    const approval = wait();
    const mine = { autoCompleteSetBy: { id: OWN_ID } };
    Object.assign(stage.host.pulls[0] ?? {}, { ...mine, completionOptions: { mergeStrategy: 'rebase' } });
    expect(await merge('squash')).toEqual({ kind: 'scheduled' });
    expect(stage.host.pulls[0]?.completionOptions).toEqual({ mergeStrategy: 'rebase' });
    for (const completionOptions of [undefined, { mergeStrategy: 'noFastForward' }]) {
      Object.assign(stage.host.pulls[0] ?? {}, { ...mine, completionOptions });
      expect(await merge()).toEqual({ kind: 'scheduled' });
      expect(stage.host.pulls[0]?.completionOptions).toEqual({ mergeStrategy: 'squash' });
    }
    approval.met();
    expect(await readPull(forge())).toMatchObject({ state: 'merged' });
  });

  test('waits with a method that is not allowed, and says what to do', async () => {
    limit({ allowSquash: true });
    expect(await merge('rebase')).toEqual({
      kind: 'not-yet',
      reason:
        'The merge method rebase is not allowed by the branch policy Limit merge types of main: set mergeMethod to squash, or allow rebase there.',
    });
    expect(stage.host.pulls[0]).toMatchObject({ status: 'active' });
    expect(stage.host.pulls[0]?.autoCompleteSetBy).toBeUndefined();
  });

  test('follows an optional limit unless another method is wanted', async () => {
    limit({ allowSquash: true }, false);
    wait();
    await merge();
    expect(stage.host.pulls[0]?.completionOptions).toMatchObject({ mergeStrategy: 'squash' });
    await forge().cancelMerge(pull);
    await merge('merge');
    expect(stage.host.pulls[0]?.completionOptions).toMatchObject({ mergeStrategy: 'noFastForward' });
  });
});
