import { describe, expect, test } from 'bun:test';
import type { TurnpikeError } from '../../../src/lib/errors.ts';
import { failureOf } from '../../fakes/failure.ts';
import { GITLAB_PROJECT } from '../../fakes/gitlab.ts';
import { BARE } from '../../fakes/pull.ts';
import { INPUT } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('gitlab');
const forge = (url?: string, token?: string) => stage.forge({ url, token });

const PATH = `/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}/merge_requests`;
const WEB = `/${GITLAB_PROJECT}/-/merge_requests/1`;

describe('GitLab', () => {
  test('has Git asked at the name with .git, but by SSH where the URL says', () => {
    const clone = `${stage.host.origin}/${GITLAB_PROJECT}.git`;
    for (const ending of ['', '/', '.git', '.git/']) {
      expect(forge(`${stage.host.origin}/${GITLAB_PROJECT}${ending}`).cloneUrl).toBe(clone);
    }
    expect(forge(`ssh://git@gitlab.com/${GITLAB_PROJECT}`).cloneUrl).toBeUndefined();
  });

  test('opens, finds, reads and changes a merge request, in groups of groups', async () => {
    const created = await forge().create(INPUT);
    const found = await forge().find(INPUT.head, 'main');
    const updated = await forge().update(1, { title: 'Newer', body: 'newer' });
    const read = await forge().get(1);

    expect(created).toEqual({ ...INPUT, ...BARE, number: 1, url: stage.host.origin + WEB, state: 'open' });
    expect(found).toEqual(created === 'exists' ? undefined : created);
    expect(updated).toMatchObject({ title: 'Newer', body: 'newer', state: 'open' });
    expect(read).toEqual(updated);
    expect(stage.host.requests).toEqual([
      `POST ${PATH}`,
      `GET ${PATH}?source_branch=promotion-team-app-staging&target_branch=main&state=opened&page=1&per_page=20`,
      // Whether it is a draft stands in the title, which is about to be written.
      `GET ${PATH}/1`,
      `PUT ${PATH}/1`,
      `GET ${PATH}/1`,
    ]);
    expect(stage.host.bodies).toEqual([
      { source_branch: INPUT.head, target_branch: 'main', title: 'Promote', description: 'text' },
      { title: 'Newer', description: 'newer' },
    ]);
    expect(
      stage.seen().map(({ provider, operation, code }) => [provider, operation, code].join(' ')),
    ).toEqual([
      'gitlab create 201',
      'gitlab find 200',
      'gitlab get 200',
      'gitlab update 200',
      'gitlab get 200',
    ]);
  });

  test('is gitlab.com as well', async () => {
    expect(await forge(`https://gitlab.com/${GITLAB_PROJECT}`).create(INPUT)).toMatchObject({ number: 1 });
  });

  test('says that a merge request exists rather than failing', async () => {
    await forge().create(INPUT);
    expect(await forge().create(INPUT)).toBe('exists');
  });

  test('finds none that is closed, merged, of another branch or from a fork', async () => {
    await forge().create(INPUT);
    const [first] = stage.host.mergeRequests;
    for (const [change, state] of [
      [{ state: 'merged' }, 'merged'],
      [{ state: 'closed' }, 'closed'],
      [{ state: 'opened', source_project_id: 8 }, 'open'],
    ] as const) {
      Object.assign(first ?? {}, change);
      expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
      expect((await forge().get(1))?.state).toBe(state);
    }
    expect(await forge().find('other', 'main')).toBeUndefined();
    expect(await forge().get(2)).toBeUndefined();
  });

  test('takes a merge request for open that is locked while it is merged', async () => {
    await forge().create(INPUT);
    Object.assign(stage.host.mergeRequests[0] ?? {}, { state: 'locked', description: null });
    expect(await forge().get(1)).toMatchObject({ state: 'open', body: '' });
  });

  test('moves a merge request to another branch', async () => {
    await forge().create(INPUT);
    expect(await forge().update(1, { title: 'T', body: 'b', base: 'release' })).toMatchObject({
      base: 'release',
    });
    expect(stage.host.bodies.at(-1)).toEqual({ title: 'T', description: 'b', target_branch: 'release' });
  });
});

describe('a refusal of GitLab', () => {
  const failure = (url?: string, token?: string): Promise<TurnpikeError> =>
    failureOf(forge(url, token).create(INPUT));

  test('has its own words, and no token', async () => {
    const wrong = await failure(undefined, 'glpat-wrong');
    expect(wrong.code).toBe('ForgeUnauthorized');
    expect(wrong.message).toContain('answered 401 (401 Unauthorized): put a valid token into the Secret.');
    expect(wrong.message).not.toContain('glpat-wrong');
    stage.host.branches.delete('main');
    const missing = await failure();
    expect(missing).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(missing.message).toContain('(target_branch does not exist)');
  });

  test('for a branch that it does not see yet passes: it is tried again', async () => {
    stage.host.options.unseen = 2;
    for (const _ of [1, 2]) {
      const unseen = await failure();
      expect(unseen).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
      expect(unseen.message).toEndWith('answered 400 (source_branch does not exist): it is tried again.');
    }
    expect(await forge().create(INPUT)).toMatchObject({ number: 1, state: 'open' });
  });

  test.each([
    [
      403,
      { error: 'insufficient_scope', error_description: 'The token lacks api.' },
      'ForgeUnauthorized',
      'insufficient_scope; The token lacks api.',
    ],
    [
      422,
      { message: { base: ['is protected'], title: ['is long', 'is odd'] } },
      'ForgeRefused',
      'base is protected; title is long; title is odd',
    ],
    [500, { message: '500 Internal Server Error' }, 'ForgeUnavailable', '500 Internal Server Error'],
    [502, '<html>GitLab is not responding</html>', 'ForgeUnavailable', 'answered 502: it is tried again'],
  ])('with %i is what it is', async (status, body, code, words) => {
    stage.host.fail({ status, body });
    const error = await failure();
    expect(error.code).toBe(code as typeof error.code);
    expect(error.message).toContain(words);
  });

  test('for too many requests is kept to by all with the same token', async () => {
    stage.host.fail({ status: 429, body: 'Retry later', headers: { 'retry-after': '30' } });
    const one = forge();
    expect(await failureOf(one.create(INPUT))).toMatchObject({
      code: 'ForgeRateLimited',
      retry: { afterSeconds: 30 },
    });
    expect((await failureOf(one.get(1))).code).toBe('ForgeRateLimited');
    expect(stage.host.requests).toHaveLength(1);
  });

  test('that is no answer of the API says so', async () => {
    stage.host.fail({ status: 200, body: { iid: 'one' } });
    expect((await failure()).message).toContain('gave an answer that does not fit its API');
  });
});
