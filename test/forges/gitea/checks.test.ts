import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';
import { mergeOptions } from '../pulls.ts';
import { type GiteaRepository, giteaRepository } from './people.ts';

const SLOW = 120_000;
const OURS = 'turnpike/promotion';
/** As Gitea calls the job of docs/workflows/turnpike-status.yaml. */
const JOB = 'turnpike-status / turnpike-status (pull_request_target)';

let repository: GiteaRepository;

/** A pull request to a base branch of its own, with these rules. */
async function opened(name: string, rules?: object, isBehind = false): Promise<PullRequest> {
  const base = `base-${name}`;
  await repository.api('POST', '/branches', { new_branch_name: base, old_branch_name: 'main' });
  // So that each base has a head of its own.
  await repository.commit(base);
  if (rules) await repository.api('POST', '/branch_protections', { rule_name: base, ...rules });
  await repository.api('POST', '/branches', { new_branch_name: `head-${name}`, old_branch_name: base });
  if (isBehind) await repository.commit(base);
  return repository.opened(`head-${name}`, base);
}

function merge(pull: PullRequest, change: Partial<MergeOptions> = {}) {
  const options = mergeOptions({ base: pull.base, ...change });
  return repository.forge().merge(pull, pull.headCommit ?? '', options);
}

async function check(commit: string, context: string, state: string): Promise<void> {
  await repository.api('POST', `/statuses/${commit}`, { context, state });
}

async function headOf(branch: string): Promise<string> {
  const { commit } = (await repository.api('GET', `/branches/${branch}`)) as { commit: { id: string } };
  return commit.id;
}

async function becomes(pull: PullRequest, wanted: { mergeable?: boolean; head?: string }): Promise<void> {
  await waitUntil(`Gitea to look at pull request ${pull.number}`, async () => {
    const path = `/pulls/${pull.number}`;
    const found = (await repository.api('GET', path)) as { mergeable: boolean; head: { sha: string } };
    return (
      found.mergeable === (wanted.mergeable ?? found.mergeable) &&
      found.head.sha === (wanted.head ?? found.head.sha)
    );
  });
}

beforeAll(async () => {
  repository = await giteaRepository((await sharedLab()).gitea);
}, 600_000);
afterAll(() => repository?.remove(), SLOW);

describe('merging on Gitea waits', () => {
  test(
    '30 s after the push, and asks nothing',
    async () => {
      const pull = await opened('settles');
      const options = { pushedAt: '2026-11-21T12:00:00Z', now: new Date('2026-11-21T12:00:29Z') };
      const reason = 'Waits 30 s after the push for checks to begin.';
      expect(await merge(pull, options)).toEqual({ kind: 'not-yet', reason });
      expect(repository.calls()).toEqual([]);
    },
    SLOW,
  );

  test(
    'for the first check where the head of the base branch has some',
    async () => {
      const pull = await opened('first');
      const base = await headOf(pull.base);
      await check(base, 'ci/build', 'success');
      await check(pull.headCommit ?? '', OURS, 'success');
      await check(pull.headCommit ?? '', JOB, 'success');
      repository.calls();

      const short = pull.headCommit?.slice(0, 10);
      expect(await merge(pull)).toEqual({
        kind: 'not-yet',
        reason: `No check of ${short} has begun, and commits of base-first have some: it waits for the first one.`,
      });
      expect(repository.calls().map((call) => call.split('?')[0])).toEqual([
        `GET /pulls/${pull.number}`,
        `GET /commits/${pull.headCommit}/status`,
        `GET /commits/${base}/status`,
      ]);
      await check(pull.headCommit ?? '', 'ci/build', 'pending');
      expect(await merge(pull)).toMatchObject({ reason: `Checks of ${short} are not done: ci/build.` });
      await check(pull.headCommit ?? '', 'ci/build', 'success');
      expect(await merge(pull)).toEqual({ kind: 'merged' });
    },
    SLOW,
  );

  test(
    'for no check where the base branch has but ours, yet while ours says that the gates are closed',
    async () => {
      const pull = await opened('ours');
      await check(await headOf(pull.base), OURS, 'success');
      await check(await headOf(pull.base), JOB, 'success');
      await check(pull.headCommit ?? '', OURS, 'pending');
      const reason = `Checks of ${pull.headCommit?.slice(0, 10)} are not done: ${OURS}.`;
      expect(await merge(pull)).toEqual({ kind: 'not-yet', reason });
      await check(pull.headCommit ?? '', OURS, 'success');
      expect(await merge(pull)).toEqual({ kind: 'merged' });
    },
    SLOW,
  );

  test(
    'for good when a person has changed the base meanwhile',
    async () => {
      const pull = await opened('moved');
      await repository.api('PATCH', `/pulls/${pull.number}`, { base: 'main' });
      expect(await merge(pull)).toEqual({
        kind: 'not-yet',
        reason: 'Its base was changed to main by a person: it is left to people.',
      });
    },
    SLOW,
  );

  test(
    'where its base takes only what is built on all of it, and asks for no auto-merge',
    async () => {
      const pull = await opened('behind', { enable_push: true, block_on_outdated_branch: true }, true);
      expect(await merge(pull)).toEqual({
        kind: 'not-yet',
        reason: 'The branch is behind its base branch, which requires branches to be up to date.',
        mergeable: 'behind',
      });
      expect(repository.calls().filter((call) => call.startsWith('POST'))).toHaveLength(1);
    },
    SLOW,
  );
});

describe('whether Gitea can merge a pull request', () => {
  test(
    'is reported once it has looked, and not of drafts',
    async () => {
      const pull = await opened('conflict');
      const head = await repository.commit(pull.head, { 'README.md': 'One.\n' });
      await becomes(pull, { head });
      await repository.commit(pull.base, { 'README.md': 'Other.\n' });
      await becomes(pull, { mergeable: false });

      let time = 0;
      const forge = repository.forge(undefined, { now: () => new Date(time) });
      const mergeable = async () => (await forge.get(pull.number))?.mergeable;
      expect(await mergeable()).toBeUndefined();
      time = 4_999;
      expect(await mergeable()).toBeUndefined();
      time = 5_000;
      expect(await mergeable()).toBe('conflicting');
      // Its base has moved: Gitea looks again.
      await repository.commit(pull.base);
      await becomes(pull, { mergeable: false });
      expect(await mergeable()).toBeUndefined();
      time = 10_000;
      expect(await mergeable()).toBe('conflicting');

      await repository.api('PATCH', `/pulls/${pull.number}`, { title: 'WIP: Promote' });
      expect(await mergeable()).toBeUndefined();
      await repository.api('PATCH', `/pulls/${pull.number}`, { title: 'Promote', state: 'closed' });
      time = 20_000;
      expect(await mergeable()).toBeUndefined();
    },
    SLOW,
  );
});

describe('taking back an auto-merge on Gitea', () => {
  test(
    'happens once, and is done where there is none',
    async () => {
      const pull = await opened('cancelled', { enable_status_check: true, status_check_contexts: [OURS] });
      expect(await merge(pull)).toEqual({ kind: 'scheduled' });
      repository.calls();
      await repository.forge().cancelMerge(pull);
      await repository.forge().cancelMerge(pull);
      await repository.forge().cancelMerge({ ...pull, number: 99_999 });
      expect(repository.calls().slice(0, 2)).toEqual(Array(2).fill(`DELETE /pulls/${pull.number}/merge`));

      await check(pull.headCommit ?? '', OURS, 'success');
      await Bun.sleep(2_000);
      expect(await repository.forge().get(pull.number)).toMatchObject({ state: 'open' });
      expect(await merge(pull)).toEqual({ kind: 'merged' });
    },
    SLOW,
  );
});

test(
  'a comment on a pull request on Gitea is made once',
  async () => {
    const pull = await opened('comment');
    await repository.forge().comment(pull, 'The branch has commits of others.');
    await repository.forge().comment(pull, 'The branch has commits of others.');
    const comments = `/issues/${pull.number}/comments`;
    expect(await repository.api('GET', comments)).toHaveLength(1);
    expect(repository.calls()).toEqual([`GET ${comments}`, `POST ${comments}`, `GET ${comments}`]);
  },
  SLOW,
);

test(
  'closing a pull request on Gitea is done when it was merged a moment ago',
  async () => {
    const pull = await opened('late');
    expect(await merge(pull)).toEqual({ kind: 'merged' });
    await repository.forge().close(pull, 'Why.');
    expect(await repository.forge().get(pull.number)).toMatchObject({ state: 'merged' });
  },
  SLOW,
);
