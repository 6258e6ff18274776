import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { STATUS_JOB } from '../../../src/lib/forges/status.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { type FakeGit, fakeGit } from '../../fakes/github/git.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../../fakes/github.ts';
import { mergeOptions, openPull } from '../pulls.ts';
import { readWorkflow, runWorkflow } from '../status-workflow.ts';

const PROMOTION = 'promotion-team-app-staging';

let directory: string;
let git: FakeGit;
let github: FakeGitHub;

function context() {
  return {
    'github.api_url': `${github.origin}/api/v3`,
    'github.server_url': github.origin,
    'github.repository': 'acme/fleet',
    'github.token': FAKE_TOKEN,
  };
}

/** A pull request was opened, or pushed to. */
function pullRequest(branch: string, commit: string, changed: Readonly<Record<string, string>> = {}) {
  const event = { 'github.head_ref': branch, 'github.event.pull_request.head.sha': commit };
  return runWorkflow({ ...context(), ...event }, changed);
}

/** The merge queue has made its commit of pull request 7. */
function mergeGroup(commit: string) {
  const branch = 'refs/heads/gh-readonly-queue/release/1/pr-7-0123456789abcdef0123456789abcdef01234567';
  const event = { 'github.event.merge_group.head_ref': branch, 'github.event.merge_group.head_sha': commit };
  return runWorkflow({ ...context(), ...event });
}

/** What is said of a commit. */
function said(commit: string): string[] {
  return github.statuses
    .filter(({ sha }) => sha === commit)
    .map(({ context: name, state, description }) => `${name} ${state}: ${description}`);
}

function setStatus(commit: string, state: string): void {
  github.statuses.push({ sha: commit, context: 'turnpike/promotion', state, description: 'Of Turnpike.' });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-workflow-'));
  git = await fakeGit(directory, { 'a.yaml': 'a: 1\n' });
  github = startFakeGitHub('/api/v3', { git });
});
afterEach(async () => {
  await github.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('the workflow that sets turnpike/promotion where Turnpike does not', () => {
  test('runs nothing of the pull request, and may do nothing but set statuses', async () => {
    const { jobs, on } = await readWorkflow();
    expect(Object.keys(jobs)).toEqual([STATUS_JOB]);
    const job = jobs[STATUS_JOB];
    expect(job.permissions).toEqual({ contents: 'read', statuses: 'write' });
    expect(job.steps).toHaveLength(1);
    expect(job.steps[0]).not.toHaveProperty('uses');
    // What an event says is never part of the script.
    expect(job.steps[0]?.run).not.toContain('${{');
    expect(Object.keys(on)).toEqual(['pull_request_target', 'merge_group']);
  });

  test('passes a pull request that is no promotion', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: 'feature' });
    expect(await pullRequest('feature', commit)).toMatchObject({ status: 0 });
    expect(said(commit)).toEqual(['turnpike/promotion success: No promotion.']);
  });

  test('lets a branch take it that requires the status', async () => {
    github.options.required = ['turnpike/promotion'];
    await git.repository.git('branch', 'feature', 'main');
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: 'feature' });
    const forge = createForge('github', `${github.origin}/acme/fleet`, { token: FAKE_TOKEN }, forgeDeps());
    const pull = await openPull(forge, { head: 'feature', base: 'main', title: 'Change', body: '' });
    const merge = () => forge.merge(pull, commit, mergeOptions({ mayWait: false }));
    expect(await merge()).toMatchObject({ kind: 'not-yet' });
    await pullRequest('feature', commit);
    expect(await merge()).toEqual({ kind: 'merged' });
  });

  test('leaves a promotion to Turnpike', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: PROMOTION });
    expect(await pullRequest(PROMOTION, commit)).toMatchObject({ status: 0 });
    // Also when a newer commit is there by now.
    await git.repository.commit({ 'a.yaml': 'a: 3\n' }, { branch: PROMOTION });
    expect(await pullRequest(PROMOTION, commit)).toMatchObject({ status: 0 });
    expect(said(commit)).toEqual([]);
  });

  test('passes no commit of a promotion that somebody shows on another branch', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: PROMOTION });
    setStatus(commit, 'pending');
    await git.repository.git('branch', 'feature', PROMOTION);
    expect(await pullRequest('feature', commit)).toMatchObject({ status: 0 });
    expect(said(commit)).toEqual(['turnpike/promotion pending: Of Turnpike.']);
  });

  test.each([PROMOTION, 'promote/team/app/staging'])(
    'leaves %s to Turnpike where both may be',
    async (branch) => {
      const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch });
      const both = { PREFIX: 'promotion- promote/' };
      expect(await pullRequest(branch, commit, both)).toMatchObject({ status: 0 });
      expect(await pullRequest('feature', commit, both)).toMatchObject({ status: 0 });
      expect(said(commit)).toEqual([]);
      const other = await git.repository.commit({ 'a.yaml': 'a: 3\n' }, { branch: 'feature' });
      await pullRequest('feature', other, both);
      expect(said(other)).toEqual(['turnpike/promotion success: No promotion.']);
    },
  );

  test('passes nothing where it does not know the branches of promotions', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: 'feature' });
    await pullRequest('feature', commit, { PREFIX: ' ' });
    expect(github.statuses).toEqual([]);
  });

  test('passes nothing while it cannot read the branches', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: 'feature' });
    const ended = await runWorkflow({
      ...context(),
      'github.repository': 'acme/gone',
      'github.head_ref': 'feature',
      'github.event.pull_request.head.sha': commit,
    });
    expect(ended.status).not.toBe(0);
    expect(github.statuses).toEqual([]);
  });

  test('passes nothing of an event without a commit', async () => {
    expect(await pullRequest('feature', '')).toMatchObject({ status: 0 });
    expect(github.statuses).toEqual([]);
  });

  test('fails where it may not set the status', async () => {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch: 'feature' });
    github.fail({ status: 403, body: { message: 'Resource not accessible by integration' } });
    expect((await pullRequest('feature', commit)).status).not.toBe(0);
  });
});

describe("the same workflow on a merge queue's own commit", () => {
  async function queued(branch: string) {
    const commit = await git.repository.commit({ 'a.yaml': 'a: 2\n' }, { branch });
    await git.repository.git('update-ref', 'refs/pull/7/head', commit);
    const group = await git.repository.commit({ 'a.yaml': 'a: 3\n' }, { branch: 'queue' });
    return { commit, group };
  }

  test('passes that of a pull request that is no promotion', async () => {
    const { group } = await queued('feature');
    expect(await mergeGroup(group)).toMatchObject({ status: 0 });
    expect(said(group)).toEqual(['turnpike/promotion success: No promotion.']);
  });

  test('passes that of a promotion whose gates were open', async () => {
    const { commit, group } = await queued(PROMOTION);
    setStatus(commit, 'success');
    expect(await mergeGroup(group)).toMatchObject({ status: 0 });
    expect(said(group)).toEqual(['turnpike/promotion success: The gates were open.']);
  });

  test.each(['pending', undefined])('leaves that of a promotion whose status is %s', async (state) => {
    const { commit, group } = await queued(PROMOTION);
    if (state) setStatus(commit, state);
    expect(await mergeGroup(group)).toMatchObject({ status: 0 });
    expect(said(group)).toEqual([]);
  });

  test('passes nothing where the pull request is not there', async () => {
    const group = await git.repository.commit({ 'a.yaml': 'a: 3\n' }, { branch: 'queue' });
    expect((await mergeGroup(group)).status).not.toBe(0);
    expect(said(group)).toEqual([]);
  });
});
