import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { MergeOptions, PullRequest } from '../../../src/lib/forges/port.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';
import { mergeOptions } from '../pulls.ts';
import { type GiteaRepository, giteaRepository } from './people.ts';

const SLOW = 120_000;
const OURS = 'turnpike/promotion';

let repository: GiteaRepository;

interface Opened {
  readonly pull: PullRequest;
  readonly commit: string;
}

/** A pull request to a base branch of its own, with these rules. */
async function opened(name: string, rules?: object): Promise<Opened> {
  const base = `base-${name}`;
  await repository.api('POST', '/branches', { new_branch_name: base, old_branch_name: 'main' });
  if (rules) await repository.api('POST', '/branch_protections', { rule_name: base, ...rules });
  const pull = await repository.opened(`head-${name}`, base);
  return { pull, commit: pull.headCommit ?? '' };
}

function required(...contexts: string[]): object {
  return { enable_status_check: true, status_check_contexts: contexts };
}

function merge({ pull, commit }: Opened, change: Partial<MergeOptions> = {}) {
  return repository.forge().merge(pull, commit, mergeOptions({ base: pull.base, ...change }));
}

async function check({ commit }: Opened, context: string, state: string): Promise<void> {
  await repository.api('POST', `/statuses/${commit}`, { context, state });
}

async function stateOf({ pull }: Opened): Promise<string | undefined> {
  return (await repository.forge().get(pull.number))?.state;
}

async function isKnown({ pull }: Opened, commit: string): Promise<void> {
  await waitUntil(`Gitea to know the head ${commit}`, async () => {
    return (await repository.forge().get(pull.number))?.headCommit === commit;
  });
}

async function isMerged(one: Opened): Promise<void> {
  await waitUntil(`pull request ${one.pull.number} to be merged`, async () => {
    return (await stateOf(one)) === 'merged';
  });
}

beforeAll(async () => {
  repository = await giteaRepository((await sharedLab()).gitea);
}, 600_000);
afterAll(() => repository?.remove(), SLOW);

describe('merging on Gitea', () => {
  test(
    'happens at once when every check has passed, and once',
    async () => {
      const one = await opened('passed');
      await check(one, 'ci/build', 'failure');
      await check(one, 'ci/build', 'success');
      await check(one, 'ci/style', 'warning');
      repository.calls();

      expect(await merge(one)).toEqual({ kind: 'merged' });
      expect(repository.calls().map((call) => call.split('?')[0])).toEqual([
        `GET /pulls/${one.pull.number}`,
        `GET /commits/${one.commit}/status`,
        `POST /pulls/${one.pull.number}/merge`,
      ]);
      expect(await stateOf(one)).toBe('merged');
      repository.calls();
      expect(await merge(one)).toEqual({ kind: 'merged' });
      expect(repository.calls()).toEqual([`GET /pulls/${one.pull.number}`]);
    },
    SLOW,
  );

  test(
    'is left to Gitea while the required status of ours is pending, and done after its success',
    async () => {
      const one = await opened('pending', required(OURS));
      await repository.forge().setStatus(one.commit, { state: 'pending', description: 'Waits.' });
      expect(await merge(one, { mayWait: false })).toEqual({
        kind: 'not-yet',
        reason: expect.stringContaining('when a window may be closed'),
      });
      expect(await merge(one)).toEqual({ kind: 'scheduled' });
      expect(await merge(one)).toEqual({ kind: 'scheduled' });
      expect(await stateOf(one)).toBe('open');

      await repository.forge().setStatus(one.commit, { state: 'success', description: 'Ready.' });
      await isMerged(one);
      expect(await merge(one)).toEqual({ kind: 'merged' });
    },
    SLOW,
  );

  test(
    'is left to Gitea while nobody has set a required status, and while an approval is missing',
    async () => {
      const unset = await opened('unset', required(OURS));
      expect(await merge(unset)).toEqual({ kind: 'scheduled' });

      const ann = await repository.addUser('write');
      const unapproved = await opened('unapproved', { required_approvals: 1 });
      expect(await merge(unapproved)).toEqual({ kind: 'scheduled' });
      expect(await stateOf(unapproved)).toBe('open');
      const review = { event: 'APPROVED', body: 'Good.' };
      await repository.api('POST', `/pulls/${unapproved.pull.number}/reviews?sudo=${ann.name}`, review);
      await isMerged(unapproved);
    },
    SLOW,
  );

  test(
    'happens at once when the required status has passed before',
    async () => {
      const one = await opened('before', required(OURS));
      await repository.forge().setStatus(one.commit, { state: 'success', description: 'Ready.' });
      expect(await merge(one)).toEqual({ kind: 'merged' });
    },
    SLOW,
  );

  test(
    'waits for checks that fail or are not done, though no rule wants them',
    async () => {
      const [free, ruled] = [await opened('free'), await opened('ruled', required(OURS))];
      await repository.forge().setStatus(ruled.commit, { state: 'success', description: 'Ready.' });
      for (const one of [free, ruled]) {
        const commit = one.commit.slice(0, 10);
        await check(one, 'ci/lint', 'pending');
        expect(await merge(one)).toEqual({
          kind: 'not-yet',
          reason: `Checks of ${commit} are not done: ci/lint.`,
        });
        await check(one, 'ci/lint', 'error');
        expect(await merge(one)).toEqual({ kind: 'not-yet', reason: `Checks of ${commit} fail: ci/lint.` });
        expect(await stateOf(one)).toBe('open');
        await check(one, 'ci/lint', 'success');
        expect(await merge(one)).toEqual({ kind: 'merged' });
      }
    },
    SLOW,
  );

  test(
    'looks at more checks than are on one page',
    async () => {
      const one = await opened('pages');
      for (let number = 0; number < 51; number++) await check(one, `ci/job-${number}`, 'success');
      await check(one, 'ci/last', 'failure');
      const reason = `Checks of ${one.commit.slice(0, 10)} fail: ci/last.`;
      expect(await merge(one)).toEqual({ kind: 'not-yet', reason });
    },
    SLOW,
  );

  test(
    'is of no other commit than the one that is meant',
    async () => {
      const one = await opened('exact');
      const newer = await repository.commit('head-exact');
      await isKnown(one, newer);
      const [meant, head] = [one.commit.slice(0, 10), newer.slice(0, 10)];
      expect(await merge(one)).toEqual({
        kind: 'not-yet',
        reason: `The head of the pull request is ${head} and not ${meant}, which was pushed for it: it is left to people.`,
        isOtherHead: true,
      });
      expect(await stateOf(one)).toBe('open');
    },
    SLOW,
  );

  test(
    'is of what is pushed later too, once it is left to Gitea',
    async () => {
      const one = await opened('later', required(OURS));
      expect(await merge(one)).toEqual({ kind: 'scheduled' });
      const newer = await repository.commit('head-later');
      await isKnown(one, newer);
      await repository.forge().setStatus(newer, { state: 'success', description: 'Ready.' });
      await isMerged(one);
    },
    SLOW,
  );

  test(
    'waits for drafts, and for conflicts to be resolved',
    async () => {
      const draft = await opened('draft');
      await repository.api('PATCH', `/pulls/${draft.pull.number}`, { title: 'WIP: Promote' });
      expect(await merge(draft)).toEqual({
        kind: 'not-yet',
        reason: 'Gitea does not merge the pull request yet (Work in progress PRs cannot be merged).',
      });

      const conflict = await opened('conflict');
      const commit = await repository.commit('head-conflict', { 'README.md': 'One.\n' });
      await repository.commit('base-conflict', { 'README.md': 'Other.\n' });
      await isKnown(conflict, commit);
      await waitUntil('Gitea to see the conflict', async () => {
        const path = `/pulls/${conflict.pull.number}`;
        return !((await repository.api('GET', path)) as { mergeable: boolean }).mergeable;
      });
      repository.calls();
      expect(await merge({ ...conflict, commit })).toEqual({
        kind: 'not-yet',
        reason: 'Gitea does not merge the pull request yet (Please try again later).',
      });
      // It is not left to Gitea: an auto-merge waits for rules.
      const asked = repository.calls().filter((call) => call.startsWith('POST'));
      expect(asked).toEqual([`POST /pulls/${conflict.pull.number}/merge`]);
    },
    SLOW,
  );

  test(
    'says that the token may not merge, and is over when somebody closed it',
    async () => {
      const one = await opened('closed');
      const bob = await repository.addUser('read');
      expect(
        await repository.forge(bob.token).merge(one.pull, one.commit, mergeOptions({ base: one.pull.base })),
      ).toEqual({
        kind: 'not-yet',
        reason: 'Gitea does not merge the pull request yet (User not allowed to merge PR).',
      });
      await repository.api('PATCH', `/pulls/${one.pull.number}`, { state: 'closed' });
      expect(await merge(one)).toEqual({ kind: 'not-yet', reason: 'The pull request is closed.' });
      expect(await merge({ ...one, pull: { ...one.pull, number: 99_999 } })).toMatchObject({
        kind: 'not-yet',
      });
    },
    SLOW,
  );

  test(
    'is by the way that the repository prefers',
    async () => {
      await repository.api('PATCH', '', {
        has_pull_requests: true,
        default_merge_style: 'squash',
        allow_merge_commits: false,
        allow_squash_merge: true,
      });
      const one = await opened('squashed');
      expect(await merge(one)).toEqual({ kind: 'merged' });
      const [tip] = (await repository.api('GET', '/commits?sha=base-squashed&limit=1')) as {
        parents: object[];
      }[];
      expect(tip?.parents).toHaveLength(1);
    },
    SLOW,
  );

  test(
    'is by another way than the preferred one where that is not allowed, or by the one that is named',
    async () => {
      const rules = { has_pull_requests: true, default_merge_style: 'merge', allow_merge_commits: false };
      const others = { allow_squash_merge: false, allow_rebase: true, allow_rebase_explicit: true };
      await repository.api('PATCH', '', { ...rules, ...others, allow_fast_forward_only_merge: false });
      const [first, second, third] = [
        await opened('by-any'),
        await opened('by-name'),
        await opened('by-none'),
      ];
      expect(await merge(first)).toEqual({ kind: 'merged' });
      expect(await merge(second, { method: 'rebase' })).toEqual({ kind: 'merged' });
      for (const one of [first, second]) {
        const [tip] = (await repository.api('GET', `/commits?sha=${one.pull.base}&limit=1`)) as {
          parents: object[];
        }[];
        expect(tip?.parents).toHaveLength(1);
      }
      for (const method of ['merge', 'squash'] as const) {
        expect(await merge(third, { method })).toEqual({
          kind: 'not-yet',
          reason: expect.stringContaining(`Gitea does not merge by ${method} in `),
        });
      }
      expect(await stateOf(third)).toBe('open');
    },
    SLOW,
  );
});
