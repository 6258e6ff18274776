import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { PullRequest } from '../../../src/lib/forges/port.ts';
import { failureOf } from '../../fakes/failure.ts';
import type { Gitea } from '../../lab/gitea/forge.ts';
import { sharedLab } from '../../lab/shared.ts';
import { NONE, openPull, readPull } from '../pulls.ts';
import { type GiteaRepository, giteaRepository } from './people.ts';

const SLOW = 120_000;

let gitea: Gitea;
let repository: GiteaRepository;
/** May write. */
let ann: { readonly name: string; readonly token: string };
/** May read. */
let bob: { readonly name: string; readonly token: string };

async function current({ number }: PullRequest): Promise<PullRequest> {
  const pull = await readPull(repository.forge(), number);
  repository.calls();
  return pull;
}

async function titleOf({ number }: PullRequest): Promise<string> {
  return ((await repository.api('GET', `/pulls/${number}`)) as { title: string }).title;
}

async function commentsOf({ number }: PullRequest): Promise<string[]> {
  const comments = await repository.api('GET', `/issues/${number}/comments`);
  return (comments as { body: string }[]).map(({ body }) => body);
}

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  repository = await giteaRepository(gitea);
  ann = await repository.addUser('write');
  bob = await repository.addUser('read');
  for (const name of ['promotion', 'staging']) {
    await repository.api('POST', '/labels', { name, color: '#00aabb' });
  }
}, 600_000);
afterAll(() => repository?.remove(), SLOW);

describe('a draft on Gitea', () => {
  test(
    'is marked in its title, which is read without the mark, and stays what a person makes of it',
    async () => {
      const forge = repository.forge();
      await repository.commit('draft');
      const input = { head: 'draft', base: 'main', title: 'Promote', body: 'text', draft: true };
      const pull = await openPull(forge, input);
      expect(pull).toMatchObject({ draft: true, title: 'Promote' });
      expect(await titleOf(pull)).toBe('WIP: Promote');

      const change = { title: 'Newer', body: 'newer' };
      expect(await forge.update(pull.number, change)).toMatchObject({ draft: true, title: 'Newer' });
      expect(await titleOf(pull)).toBe('WIP: Newer');

      await repository.api('PATCH', `/pulls/${pull.number}`, { title: 'Newer' });
      expect(await forge.update(pull.number, { ...change, title: 'Newest' })).toMatchObject({ draft: false });
      expect(await titleOf(pull)).toBe('Newest');

      await repository.api('PATCH', `/pulls/${pull.number}`, { title: '[WIP] Newest' });
      expect(await current(pull)).toMatchObject({ draft: true, title: 'Newest' });
      await forge.update(pull.number, change);
      expect(await titleOf(pull)).toBe('[WIP] Newer');
    },
    SLOW,
  );
});

describe('the decoration of a pull request on Gitea', () => {
  test(
    'is added with one request for each kind, and no request once it is there',
    async () => {
      const forge = repository.forge();
      const pull = await repository.opened('with-metadata');
      const root = `/pulls/${pull.number}`;
      const wanted = { labels: ['promotion', 'staging'], assignees: [ann.name], reviewers: [bob.name] };

      expect(await forge.setMetadata(pull, wanted)).toEqual([]);
      expect(repository.calls()).toEqual([
        `POST /issues/${pull.number}/labels`,
        'GET /assignees',
        `PATCH ${root}`,
        `POST ${root}/requested_reviewers`,
      ]);
      const labelled = await current(pull);
      expect(labelled).toMatchObject(wanted);
      const other = { ...wanted, assignees: [ann.name.toUpperCase()] };
      expect(await forge.setMetadata(labelled, other)).toEqual([]);
      expect(repository.calls()).toEqual([]);

      // Who has given a review is still one of the reviewers.
      const review = { event: 'COMMENT', body: 'Seen.' };
      await repository.api('POST', `${root}/reviews?sudo=${bob.name}`, review);
      expect((await current(pull)).reviewers).toEqual([bob.name]);

      // Nothing is taken away.
      await forge.setMetadata(await current(pull), { ...NONE, assignees: [gitea.user] });
      expect((await current(pull)).assignees.toSorted()).toEqual([ann.name, gitea.user].toSorted());
    },
    SLOW,
  );

  test(
    'says what was not taken, and takes the rest',
    async () => {
      const pull = await repository.opened('partly');
      const problems = await repository.forge().setMetadata(pull, {
        labels: ['staging', 'nowhere'],
        assignees: [bob.name, ann.name, 'nobody-here'],
        reviewers: ['nobody-here', gitea.user, bob.name],
      });

      expect(problems).toHaveLength(3);
      expect(problems[0]).toContain('did not take the labels nowhere in');
      expect(problems[0]).toEndWith(': create them in the repository.');
      expect(problems[1]).toContain(`did not take the assignees ${bob.name}, nobody-here in`);
      // Who opened it cannot review it.
      expect(problems[2]).toContain(`did not take the reviewers nobody-here, ${gitea.user} in`);
      expect(await current(pull)).toMatchObject({
        labels: ['staging'],
        assignees: [ann.name],
        reviewers: [bob.name],
      });
    },
    SLOW,
  );

  test(
    'says what right the token lacks',
    async () => {
      const pull = await repository.opened('forbidden');
      const problems = await repository.forge(bob.token).setMetadata(pull, { ...NONE, labels: ['staging'] });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('asked to put labels and people on the pull request');
      expect(problems[0]).toContain('answered 403');
      expect(problems[0]).not.toContain(bob.token);
    },
    SLOW,
  );
});

test(
  'closing a pull request on Gitea says why and closes, once',
  async () => {
    const forge = repository.forge();
    const reason = 'A newer revision is on its way.\nIt is 1.3.0.';
    const pull = await repository.opened('closed');
    await forge.close(pull, reason);
    expect(await commentsOf(pull)).toEqual([reason.replace('\n', ' ')]);
    const closed = await current(pull);
    expect(closed).toMatchObject({ state: 'closed' });

    await forge.close(closed, reason);
    expect(repository.calls()).toEqual([]);

    // The first attempt got no further than the comment.
    await repository.api('PATCH', `/pulls/${pull.number}`, { state: 'open' });
    await forge.close(pull, reason);
    expect(await commentsOf(pull)).toEqual([reason.replace('\n', ' ')]);
    expect(await current(pull)).toMatchObject({ state: 'closed' });
  },
  SLOW,
);

describe('the status of a commit on Gitea', () => {
  const statusesOf = async (commit: string) =>
    (await repository.api('GET', `/commits/${commit}/status`)) as { state: string; statuses: object[] };

  test(
    'has a context of ours, and follows what is set',
    async () => {
      const commit = await repository.commit('status');
      const url = 'https://turnpike.example.com/p/team/app';
      for (const state of ['pending', 'pending', 'failure', 'success'] as const) {
        await repository.forge().setStatus(commit, { state, description: 'é'.repeat(300), url });
        expect(await statusesOf(commit)).toMatchObject({
          state,
          statuses: [
            {
              context: 'turnpike/promotion',
              status: state,
              description: `${'é'.repeat(254)}…`,
              target_url: url,
            },
          ],
        });
      }
    },
    SLOW,
  );

  test(
    'says which right the token lacks',
    async () => {
      const commit = await repository.commit('forbidden-status');
      const status = { state: 'success', description: '' } as const;
      const failure = await failureOf(repository.forge(bob.token).setStatus(commit, status));
      expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
      expect(failure.message).toContain('give the token the right to read and write commit statuses');
    },
    SLOW,
  );
});

test(
  'the page that compares two branches of Gitea is there',
  async () => {
    await repository.commit('release/1.x');
    await repository.commit('promotion#1');
    const page = await fetch(repository.forge().compareUrl('release/1.x', 'promotion#1'));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('promotion#1');
  },
  SLOW,
);
