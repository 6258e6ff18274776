import { beforeEach, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { runTask } from '../../../src/promote/pull-request/run-task.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import type { FakeCheckRun } from '../../fakes/github/state.ts';
import { FAKE_TOKEN, startFakeGitHub } from '../../fakes/github.ts';
import { loopbackOutbound, routedOutbound } from '../../fakes/outbound.ts';
import { INPUT, mergeOptions } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('github');
const { forge } = stage;
let pull: PullRequest;
beforeEach(async () => {
  pull = await stage.opened();
});

const HEAD_COMMIT = commitOf(INPUT.head);
const QUERY = 'POST /api/graphql';
const MERGE = 'PUT /api/v3/repos/acme/fleet/pulls/1/merge';
const BASE_COMMIT = commitOf('main');
const OTHER = '2'.repeat(40);

const pass = async () => {};

function merge(commit = HEAD_COMMIT, change: Partial<MergeOptions> = {}) {
  return stage.merge(pull, commit, change);
}

/** A check of the head commit. */
function check(context: string, state: string): void {
  stage.host.statuses.push({ sha: HEAD_COMMIT, context, state, description: '' });
}

describe('merging on GitHub', () => {
  test('happens at once when every check has passed, and once', async () => {
    check('ci/build', 'success');
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, MERGE]);
    expect(stage.calls()).toEqual(['merge 200', 'merge 200']);

    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, MERGE, QUERY]);
  });

  test('is left to GitHub while a required check is not done, and is asked for once', async () => {
    stage.host.options.required = ['turnpike/promotion'];
    check('turnpike/promotion', 'pending');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect(stage.host.pulls[0]?.merged).toBe(false);
  });

  test('waits where the repository has no auto-merge', async () => {
    stage.host.options.required = ['turnpike/promotion'];
    stage.host.options.autoMerge = false;
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'GitHub does not merge the pull request yet (rules of the branch are not met; ["Pull request Auto merge is not allowed for this repository"]).',
    });
    check('turnpike/promotion', 'success');
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test.each(['pending', 'failure'])('waits while a check that is not required is %s', async (state) => {
    check('ci/lint', state);
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: `Checks of ${HEAD_COMMIT.slice(0, 10)} that are not required fail or are not done.`,
    });
    expect(stage.host.requests).toEqual([QUERY]);
  });

  test('waits where the branch has to be brought into its base first, and says so', async () => {
    stage.host.options.mergeState = 'DIRTY';
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'The pull request has conflicts with its base branch.',
      mergeable: 'conflicting',
    });
    stage.host.options.mergeState = 'BEHIND';
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'The branch is behind its base branch, which requires branches to be up to date.',
      mergeable: 'behind',
    });
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
  });

  test.each([
    ['DRAFT', 'The pull request is a draft.'],
    ['UNKNOWN', 'GitHub is still finding out whether the pull request can be merged.'],
    ['SOMETHING_NEW', 'GitHub is still finding out whether the pull request can be merged.'],
  ])('waits in the state %s', async (mergeState, reason) => {
    stage.host.options.mergeState = mergeState;
    expect(await merge()).toEqual({ kind: 'not-yet', reason });
  });

  test('is of no other commit than the one that is meant', async () => {
    expect(await merge(OTHER)).toEqual({
      kind: 'not-yet',
      reason: `The head of the pull request is ${HEAD_COMMIT.slice(0, 10)} and not 2222222222, which was pushed for it: it is left to people.`,
      isOtherHead: true,
    });
    // The branch moves after it was looked at.
    stage.host.meanwhile(() => {});
    stage.host.meanwhile(() => Object.assign(stage.host.pulls[0]?.head ?? {}, { sha: OTHER }));
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason:
        'GitHub does not merge the pull request yet (Head branch was modified. Review and try the merge again.).',
    });
    expect(stage.host.pulls[0]?.merged).toBe(false);
  });

  test('leaves nothing to GitHub once somebody else has pushed', async () => {
    stage.host.options.required = ['ci/build'];
    check('ci/build', 'pending');
    expect(await merge()).toEqual({ kind: 'scheduled' });
    expect(stage.host.pulls[0]?.auto_merge).not.toBeNull();
    stage.host.meanwhile(() => {});
    stage.host.meanwhile(() => Object.assign(stage.host.pulls[0]?.head ?? {}, { sha: OTHER }));

    const ref = { url: pull.url, number: 1, commit: HEAD_COMMIT };
    const task = { kind: 'merge', mayWait: true } as const;
    const options = { ...mergeOptions(), owner: 'team/app/staging', head: INPUT.head, meant: 'main', pass };
    expect(await runTask(forge(), task, ref, options)).toMatchObject({ kind: 'waits' });
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
  });

  test('is by a way that the repository allows', async () => {
    stage.host.options.methods = ['squash', 'rebase'];
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('is over when somebody closed it', async () => {
    stage.host.close(1);
    expect(await merge()).toEqual({ kind: 'not-yet', reason: 'The pull request is closed.' });
  });

  test('on github.com asks its own host', async () => {
    const cloud = startFakeGitHub('');
    cloud.branches.add(INPUT.head);
    const outbound = routedOutbound(loopbackOutbound(), 'https://api.github.com', cloud.origin);
    const credentials = { token: FAKE_TOKEN };
    const one = createForge('github', 'https://github.com/acme/fleet', credentials, forgeDeps({ outbound }));
    await one.create(INPUT);
    expect(await one.merge(pull, HEAD_COMMIT, mergeOptions())).toEqual({ kind: 'merged' });
    expect(cloud.requests[1]).toBe('POST /graphql');
    await cloud.stop();
  });
});

describe('merging on GitHub waits', () => {
  const PUSHED = '2026-11-21T12:00:00Z';
  const at = (seconds: number) => new Date(Date.parse(PUSHED) + seconds * 1000);
  const NO_CHECK = {
    kind: 'not-yet',
    reason: `No check of ${HEAD_COMMIT.slice(0, 10)} has begun, and commits of main have some: it waits for the first one.`,
  } as const;

  /** A check run, of the head commit unless told otherwise. */
  function run(name: string, conclusion: FakeCheckRun['conclusion'], sha = HEAD_COMMIT): void {
    stage.host.checkRuns.push({ sha, name, status: conclusion ? 'COMPLETED' : 'IN_PROGRESS', conclusion });
  }

  test.each(['CLEAN', 'BLOCKED'])('30 s after the push, and asks nothing, when it is %s', async (state) => {
    stage.host.options.mergeState = state;
    const reason = 'Waits 30 s after the push for checks to begin.';
    for (const seconds of [-1, 0, 29.9]) {
      const options = { pushedAt: PUSHED, now: at(seconds) };
      expect(await merge(HEAD_COMMIT, options)).toEqual({ kind: 'not-yet', reason });
    }
    expect(stage.host.requests).toEqual([]);
    expect((await merge(HEAD_COMMIT, { pushedAt: PUSHED, now: at(30) })).kind).not.toBe('not-yet');
  });

  test('for good when a person has changed the base, also meanwhile', async () => {
    const outcome = {
      kind: 'not-yet',
      reason: 'Its base was changed to release by a person: it is left to people.',
    };
    Object.assign(stage.host.pulls[0]?.base ?? {}, { ref: 'release' });
    expect(await merge()).toEqual(outcome as never);
    expect(stage.host.requests).toEqual([QUERY]);
    pull = { ...pull, base: 'release' };
    expect(await merge()).toEqual(outcome as never);
    expect(stage.host.requests).toEqual([QUERY]);
  });

  test.each([
    ['a check run', () => run('ci', 'SUCCESS', BASE_COMMIT)],
    [
      'a status',
      () => stage.host.statuses.push({ sha: BASE_COMMIT, context: 'ci', state: 'success', description: '' }),
    ],
  ])('for the first check where the head of the base branch has %s', async (_, prepare) => {
    prepare();
    check('turnpike/promotion', 'success');
    run('turnpike/promotion', 'SUCCESS');
    run('turnpike-status', 'SUCCESS');
    for (const state of ['CLEAN', 'BLOCKED']) {
      stage.host.options.mergeState = state;
      expect(await merge()).toEqual(NO_CHECK);
    }
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
    delete stage.host.options.mergeState;
    run('ci', null);
    expect(await merge()).toMatchObject({ reason: expect.stringContaining('are not required fail') });
    Object.assign(stage.host.checkRuns.at(-1) ?? {}, { status: 'COMPLETED', conclusion: 'SKIPPED' });
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('for no check where the base branch has but our own, or is not known', async () => {
    stage.host.statuses.push({
      sha: BASE_COMMIT,
      context: 'turnpike/promotion',
      state: 'success',
      description: '',
    });
    run('turnpike/promotion', 'SUCCESS', BASE_COMMIT);
    run('turnpike-status', 'SUCCESS', BASE_COMMIT);
    expect(await merge()).toEqual({ kind: 'merged' });
    expect(stage.host.requests).toEqual([QUERY, MERGE]);
  });

  test('while our own status says that the gates are closed', async () => {
    check('turnpike/promotion', 'pending');
    expect(await merge()).toMatchObject({ reason: expect.stringContaining('are not required fail') });
  });

  test('for check runs that the token may not read', async () => {
    stage.host.options.mayReadChecks = false;
    run('ci', 'SUCCESS', BASE_COMMIT);
    check('turnpike/promotion', 'success');
    expect(await merge()).toEqual(NO_CHECK);
    run('ci', 'FAILURE');
    expect(await merge()).toMatchObject({ reason: expect.stringContaining('are not required fail') });
    Object.assign(stage.host.checkRuns.at(-1) ?? {}, { conclusion: 'SUCCESS' });
    expect(await merge()).toEqual({ kind: 'merged' });
  });
});

test('merging on Enterprise Server asks for the field that it has as a preview', async () => {
  const query = `query ($owner: String!, $repo: String!, $number: Int!) {
    repository(owner: $owner, name: $repo) { pullRequest(number: $number) { mergeStateStatus } }
  }`;
  const body = JSON.stringify({ query, variables: { owner: 'acme', repo: 'fleet', number: 1 } });
  const headers = { authorization: `token ${FAKE_TOKEN}` };
  const plain = await fetch(`${stage.host.origin}/api/graphql`, { method: 'POST', headers, body });
  expect(await plain.json()).toMatchObject({
    errors: [{ message: "Field 'mergeStateStatus' doesn't exist on type 'PullRequest'" }],
  });
  expect(await merge()).toEqual({ kind: 'merged' });
});

describe('a failure of GraphQL', () => {
  const failed = (type: string, message: string) => ({
    status: 200,
    body: { data: null, errors: [{ type, message, path: ['repository'], locations: [] }] },
  });

  test.each([
    ['RATE_LIMITED', 'API rate limit exceeded for user ID 1.', 'ForgeRateLimited'],
    ['RATE_LIMIT', 'API rate limit already exceeded for user ID 1.', 'ForgeRateLimited'],
    ['FORBIDDEN', 'Resource not accessible by personal access token', 'ForgeUnauthorized'],
    ['INSUFFICIENT_SCOPES', 'Your token has not been granted the required scopes.', 'ForgeUnauthorized'],
    ['NOT_FOUND', "Could not resolve to a Repository with the name 'acme/fleet'.", 'ForgeNotFound'],
  ])('of the type %s is what it would be for REST', async (type, message, code) => {
    stage.host.fail(failed(type, message));
    const failure = await failureOf(merge());
    expect(failure.code).toBe(code as typeof failure.code);
    expect(failure.message).toContain(message);
    expect(failure.message).toContain('asked to merge the pull request in acme/fleet');
  });

  test('is reported in its own words otherwise', async () => {
    stage.host.fail(failed('SOMETHING', 'No such thing.'));
    expect(await merge()).toEqual({
      kind: 'not-yet',
      reason: 'GitHub does not merge the pull request yet (No such thing.).',
    });
  });

  test('that is no answer of the API says so', async () => {
    stage.host.fail({ status: 200, body: { data: { repository: null } } });
    expect((await failureOf(merge())).message).toContain('does not fit its API');
  });
});
