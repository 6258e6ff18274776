import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { runTask } from '../../../src/promote/pull-request/run-task.ts';
import { failureOf } from '../../fakes/failure.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { noteEvent } from '../../fakes/github/state.ts';
import { FAKE_TOKEN } from '../../fakes/github.ts';
import { INPUT, mergeOptions } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('github');
const { forge } = stage;
let pull: PullRequest;
beforeEach(async () => {
  stage.host.options.mergeQueue = true;
  pull = await stage.opened();
});

const HEAD_COMMIT = commitOf(INPUT.head);
const QUERY = 'POST /api/graphql';
const MERGE = 'PUT /api/v3/repos/acme/fleet/pulls/1/merge';
const GROUP_BRANCH = `gh-readonly-queue/main/pr-1-${commitOf('main')}`;
const GROUP = commitOf(GROUP_BRANCH);
const STATUS = `POST /api/v3/repos/acme/fleet/statuses/${GROUP}`;

function merge(change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, HEAD_COMMIT, change);
}

/** What is required has the state. */
function check(state: string): void {
  stage.host.options.required = ['ci/build'];
  stage.host.statuses.push({ sha: HEAD_COMMIT, context: 'ci/build', state, description: '' });
}

/** The queue makes its commit of it. */
function build(): void {
  stage.host.branches.add(GROUP_BRANCH);
  stage.host.groups.set(1, GROUP);
}

describe('a branch with a merge queue', () => {
  test('takes no merge and no auto-merge of what is ready, as GitHub does', async () => {
    const headers = { authorization: `token ${FAKE_TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ sha: HEAD_COMMIT, merge_method: 'merge' });
    const put = await fetch(`${stage.host.origin}/api/v3/repos/acme/fleet/pulls/1/merge`, {
      method: 'PUT',
      headers,
      body,
    });
    expect(put.status).toBe(405);
    expect(await put.text()).toContain('Changes must be made through the merge queue');
    const query = `mutation ($input: EnablePullRequestAutoMergeInput!) {
      enablePullRequestAutoMerge(input: $input) { clientMutationId }
    }`;
    const input = { pullRequestId: stage.host.pulls[0]?.node_id, expectedHeadOid: HEAD_COMMIT };
    const mutation = await fetch(`${stage.host.origin}/api/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables: { input } }),
    });
    expect(await mutation.text()).toContain('Pull request is in clean status');
  });

  test('gets what is ready into the queue, once, and nothing is merged past it', async () => {
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(await merge({ scheduled: true })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect([...stage.host.queue]).toEqual([1]);
    expect(stage.host.pulls[0]?.merged).toBe(false);
  });

  test('is left to GitHub while a rule is not met, and by no method of ours', async () => {
    check('pending');
    stage.host.options.methods = ['squash'];
    expect(await merge({ method: 'rebase' })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY]);
    expect(stage.host.bodies.at(-1)).toMatchObject({
      variables: { input: { pullRequestId: 'PR_1', expectedHeadOid: HEAD_COMMIT } },
    });
    expect(JSON.stringify(stage.host.bodies.at(-1))).not.toContain('"mergeMethod"');
  });

  test('gets into the queue what became ready while auto-merge was asked for', async () => {
    check('pending');
    stage.host.meanwhile(() => {});
    stage.host.meanwhile(() => check('success'));
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect([...stage.host.queue]).toEqual([1]);
  });

  test('gets what is ready into the queue where the repository has no auto-merge', async () => {
    stage.host.options.autoMerge = false;
    check('pending');
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
    check('success');
    expect(await merge()).toEqual({ kind: 'scheduled' });
  });

  test('is seen by its refusal where the server does not report queues', async () => {
    stage.host.options.lacks = ['mergeQueueEntry'];
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect([...stage.host.queue]).toEqual([1]);
  });

  test('gets nothing into the queue while the promotion has windows, and says so', async () => {
    expect(await merge({ mayWait: false })).toEqual({
      kind: 'not-yet',
      reason:
        'main has a merge queue, which merges later, when a window may be closed: a person puts the pull request into the queue.',
    });
    expect(stage.host.requests).toEqual([QUERY]);
  });

  test('is named with the right that the token lacks', async () => {
    stage.host.options.mayQueue = false;
    const failure = await failureOf(merge());
    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toContain('asked to put the pull request into the merge queue in acme/fleet');
    expect(failure.message).toContain('give the token the right to read and write merge queues of this');
  });

  test('is seen by its rule where the token may not read queues, and nothing is merged past it', async () => {
    stage.host.options.forbidden = ['isMergeQueueEnabled'];
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect([...stage.host.queue]).toEqual([1]);
  });

  test('is seen by its refusal where the token may read neither queues nor rules', async () => {
    stage.host.options.forbidden = ['isMergeQueueEnabled'];
    stage.host.options.mayReadRules = false;
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, MERGE, QUERY]);
    expect([...stage.host.queue]).toEqual([1]);
  });

  test('has taken a pull request that a person has put in, also where the token may not read queues', async () => {
    stage.host.options.mayQueue = false;
    stage.host.queue.add(1);
    build();
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY]);
    expect(stage.host.statuses).toEqual([]);
  });

  test('says why GitHub does not take it into the queue', async () => {
    stage.host.meanwhile(() => {});
    stage.host.meanwhile(() => check('pending'));
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'GitHub does not merge the pull request yet (Pull request Required status check "ci/build" is expected.).',
    });
  });
});

describe('what was taken out of the merge queue', () => {
  beforeEach(async () => {
    await merge();
    stage.host.queue.clear();
    stage.host.requests.length = 0;
  });

  test('is not put in again at each look, but left to people', async () => {
    const outcome = {
      kind: 'not-yet',
      reason:
        'The pull request was taken out of the merge queue of main, by its checks there or by a person: a person puts it in again, or a newer revision takes its place.',
    };
    expect(await merge({ scheduled: true })).toEqual(outcome as never);
    expect(await merge({ scheduled: true })).toEqual(outcome as never);
    expect(stage.host.requests).toEqual([QUERY, QUERY]);
  });

  test('is not put in again by an auto-merge either, while a rule is not met', async () => {
    check('pending');
    expect(await merge({ scheduled: true })).toMatchObject({
      kind: 'not-yet',
      reason: expect.stringContaining('was taken out of the merge queue of main'),
    });
    expect(stage.host.requests).toEqual([QUERY]);
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
  });

  test('is known by the record that it was asked for', async () => {
    const ref = { url: pull.url, number: 1, commit: HEAD_COMMIT, scheduled: true };
    const options = { ...mergeOptions(), owner: 'team/app/staging', head: INPUT.head, meant: 'main' };
    const result = await runTask(forge(), { kind: 'merge', mayWait: true }, ref, options);
    expect(result).toMatchObject({
      kind: 'waits',
      reason: expect.stringContaining('taken out of the merge'),
    });
    expect(stage.host.queue.size).toBe(0);
  });

  test('is put in again after another push', async () => {
    noteEvent(stage.host, 1, 'HEAD_REF_FORCE_PUSHED_EVENT');
    expect(await merge({ scheduled: true })).toEqual({ kind: 'scheduled' });
    expect([...stage.host.queue]).toEqual([1]);
  });

  test('is put in again where Turnpike itself has taken it out', async () => {
    expect(await merge()).toEqual({ kind: 'scheduled' });
  });
});

describe("the merge queue's own commit", () => {
  test('gets the commit status, once', async () => {
    await merge();
    stage.host.requests.length = 0;
    expect(await merge({ scheduled: true })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY]);

    build();
    for (const _ of [1, 2]) expect(await merge({ scheduled: true })).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, STATUS, QUERY]);
    expect(stage.host.statuses.at(-1)).toEqual({
      sha: GROUP,
      context: 'turnpike/promotion',
      state: 'success',
      description: 'The gates are open.',
      target_url: `${stage.host.origin}/acme/fleet/pull/1`,
    });
  });

  test('gets none while others have pushed to the branch', async () => {
    await merge();
    build();
    stage.host.meanwhile(() => Object.assign(stage.host.pulls[0]?.head ?? {}, { sha: '2'.repeat(40) }));
    expect(await merge({ scheduled: true })).toMatchObject({ kind: 'not-yet', isOtherHead: true });
    expect(stage.host.statuses).toEqual([]);
  });
});
