import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { INPUT, mergeOptions, NONE, openPull } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('github');
const { forge, opened, current } = stage;

const HEAD_COMMIT = commitOf(INPUT.head);
const ROOT = '/api/v3/repos/acme/fleet';

describe('a draft on GitHub', () => {
  test('is opened as one, has no mark in its title, and stays what a person makes of it', async () => {
    expect(await forge().create({ ...INPUT, draft: true })).toMatchObject({ draft: true, title: 'Promote' });
    expect(await forge().update(1, { title: 'Newer', body: 'b' })).toMatchObject({ draft: true });
    Object.assign(stage.host.pulls[0] ?? {}, { draft: false });
    expect(await forge().update(1, { title: 'Newest', body: 'b' })).toMatchObject({ draft: false });
  });

  test('is a usual pull request where the repository has no drafts', async () => {
    stage.host.options.drafts = false;
    expect(await forge().create({ ...INPUT, draft: true })).toMatchObject({ number: 1, draft: false });
    expect(stage.host.requests).toEqual([`POST ${ROOT}/pulls`, `POST ${ROOT}/pulls`]);
  });
});

describe('the decoration of a pull request on GitHub', () => {
  const wanted = { labels: ['promotion', 'staging'], assignees: ['ann'], reviewers: ['bob'] };

  test('is added with one request for each kind, and no request once it is there', async () => {
    expect(await forge().setMetadata(await opened(), wanted)).toEqual([]);
    expect(stage.host.requests).toEqual([
      `POST ${ROOT}/issues/1/labels`,
      `POST ${ROOT}/issues/1/assignees`,
      `GET ${ROOT}/pulls/1/reviews?per_page=100`,
      `POST ${ROOT}/pulls/1/requested_reviewers`,
    ]);
    expect(stage.seen().map(({ operation }) => operation)).toEqual(Array(4).fill('metadata'));

    const pull = await current();
    expect(pull).toMatchObject(wanted);
    const other = { labels: ['STAGING'], assignees: ['Ann'], reviewers: ['Bob'] };
    expect(await forge().setMetadata(pull, other)).toEqual([]);
    expect(stage.host.requests).toEqual([]);
  });

  test('takes nothing away', async () => {
    const pull = await opened();
    await forge().setMetadata(pull, wanted);
    await forge().setMetadata(await current(), { ...NONE, labels: ['more'] });
    expect(await current()).toMatchObject({ ...wanted, labels: ['promotion', 'staging', 'more'] });
  });

  test('asks nobody again who has given a review', async () => {
    const pull = await opened();
    stage.host.reviews.set(1, ['bob']);
    expect(await forge().setMetadata(pull, { ...NONE, reviewers: ['bob'] })).toEqual([]);
    expect(stage.host.requests).toEqual([`GET ${ROOT}/pulls/1/reviews?per_page=100`]);
  });

  test('says who was not taken, and takes the others', async () => {
    const people = { labels: ['x'], assignees: ['ann', 'zoe'], reviewers: ['zoe', 'bob'] };
    const problems = await forge().setMetadata(await opened(), people);

    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('did not take the assignees zoe in acme/fleet: check the names');
    expect(problems[1]).toContain('did not take the reviewers zoe in acme/fleet: check the names');
    expect(await current()).toMatchObject({ labels: ['x'], assignees: ['ann'], reviewers: ['bob'] });
  });

  test('says what right the token lacks, and goes on with the rest', async () => {
    const pull = await opened();
    stage.host.fail({ status: 403, body: { message: 'Resource not accessible by personal access token' } });
    const problems = await forge().setMetadata(pull, { ...wanted, reviewers: [] });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('asked to put labels and people on the pull request in acme/fleet');
    expect(problems[0]).toContain('(Resource not accessible by personal access token): give the token');
    expect(await current()).toMatchObject({ labels: [], assignees: ['ann'] });
  });

  test.each([
    ['ForgeUnavailable', { status: 502, body: '<html>Bad gateway</html>' }],
    ['ForgeRateLimited', { status: 429, headers: { 'retry-after': '30' }, body: { message: 'Slow down' } }],
  ] as const)('is tried again as a whole after %s', async (code, fault) => {
    const pull = await opened();
    stage.host.fail(fault);
    expect((await failureOf(forge().setMetadata(pull, wanted))).code).toBe(code);
  });
});

describe('closing a pull request on GitHub', () => {
  test('says why and closes, once', async () => {
    await forge().close(await opened(), 'A newer revision is on its way.');
    expect(stage.host.comments.get(1)).toEqual(['A newer revision is on its way.']);
    const closed = await current();
    expect(closed).toMatchObject({ state: 'closed' });

    await forge().close(closed, 'A newer revision is on its way.');
    expect(stage.host.requests).toEqual([]);
    expect(stage.host.comments.get(1)).toHaveLength(1);
  });

  test('says it once when the first attempt got no further', async () => {
    const pull = await opened();
    stage.host.comments.set(1, ['Why.\r\n']);
    await forge().close(pull, 'Why.');
    expect(stage.host.comments.get(1)).toHaveLength(1);
    expect(await current()).toMatchObject({ state: 'closed' });
  });

  test('leaves one that is merged', async () => {
    await opened();
    stage.host.merge(1);
    await forge().close(await current(), 'Why.');
    expect(stage.host.comments.size).toBe(0);
    expect(await current()).toMatchObject({ state: 'merged' });
  });
});

describe('a comment on a pull request on GitHub', () => {
  test('is found among the latest hundred, whatever the last page holds', async () => {
    stage.host.branches.add(INPUT.head);
    const pull = await openPull(forge(), INPUT);
    const said = 'The branch has commits of others.';
    stage.host.comments.set(1, [...Array(199).fill('Something else.'), said, 'Thanks.']);
    await forge().comment(pull, said);

    expect(stage.host.comments.get(1)).toHaveLength(201);
  });

  test('is made once, also when many others came before it', async () => {
    const pull = await opened();
    stage.host.comments.set(1, Array(130).fill('Something else.'));
    await forge().comment(pull, 'The branch has commits of others.');
    await forge().comment(pull, 'The branch has commits of others.');
    expect(stage.host.comments.get(1)?.slice(130)).toEqual(['The branch has commits of others.']);
    const comments = `${ROOT}/issues/1/comments`;
    const looks = [`GET ${comments}?per_page=100`, `GET ${comments}?per_page=100&page=2`];
    expect(stage.host.requests).toEqual([...looks, `POST ${comments}`, ...looks]);
    expect(
      stage
        .seen()
        .map(({ operation }) => operation)
        .slice(-5),
    ).toEqual(['comments', 'comments', 'comment', 'comments', 'comments']);
  });
});

describe('whether GitHub can merge a pull request', () => {
  const states: readonly [string, object, object][] = [
    ['conflicts', { mergeable: false, mergeable_state: 'dirty' }, { mergeable: 'conflicting' }],
    ['a branch that is behind', { mergeable: true, mergeable_state: 'behind' }, { mergeable: 'behind' }],
    ['a branch that is blocked', { mergeable: true, mergeable_state: 'blocked' }, {}],
    ['what is being found out', { mergeable: null, mergeable_state: 'unknown' }, { checking: true }],
  ];
  test.each(states)('is read with it: %s', async (_, change, wanted) => {
    await opened();
    Object.assign(stage.host.pulls[0] ?? {}, change);
    const { mergeable, checking } = await current();
    expect({ mergeable, checking }).toEqual({ mergeable: undefined, checking: undefined, ...wanted });
  });

  test('does not report one that is closed', async () => {
    await opened();
    Object.assign(stage.host.pulls[0] ?? {}, { mergeable: null, mergeable_state: 'unknown' });
    stage.host.close(1);
    expect(await current()).not.toHaveProperty('checking');
  });
});

describe('taking back an auto-merge on GitHub', () => {
  const QUERY = 'POST /api/graphql';

  test('happens once, out of the merge queue too, and is done where there is none', async () => {
    const pull = await opened();
    await forge().cancelMerge(pull);
    expect(stage.host.requests).toEqual([QUERY]);

    stage.host.options.mergeState = 'BLOCKED';
    expect(await forge().merge(pull, HEAD_COMMIT, mergeOptions())).toEqual({ kind: 'scheduled' });
    stage.host.queue.add(1);
    stage.host.requests.length = 0;
    await forge().cancelMerge(pull);
    expect(stage.host.requests).toEqual([QUERY, QUERY, QUERY]);
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
    expect(stage.host.queue.size).toBe(0);
    expect(stage.seen().map(({ operation }) => operation)).toContain('cancel');
  });

  test.each([
    ['with a server that knows nothing of merge queues', 'lacks'],
    ['with a token that may not read merge queues', 'forbidden'],
  ] as const)('works %s', async (_, why) => {
    const pull = await opened();
    stage.host.options.mergeState = 'BLOCKED';
    stage.host.options[why] = ['isInMergeQueue', 'isMergeQueueEnabled'];
    expect(await forge().merge(pull, HEAD_COMMIT, mergeOptions())).toEqual({ kind: 'scheduled' });
    await forge().cancelMerge(pull);
    expect(stage.host.pulls[0]?.auto_merge).toBeNull();
  });

  test('is tried again when it ended in between', async () => {
    const pull = await opened();
    stage.host.queue.add(1);
    stage.host.meanwhile(() => {});
    stage.host.meanwhile(() => stage.host.queue.clear());
    const failure = await failureOf(forge().cancelMerge(pull));
    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('cancel the auto-merge of the pull request in acme/fleet');
    await forge().cancelMerge(pull);
  });
});

describe('the status of a commit on GitHub', () => {
  test('has a context of ours, and a description of 140 characters at most', async () => {
    await forge().setStatus(HEAD_COMMIT, { state: 'pending', description: 'Waits for approval.' });
    const url = 'https://turnpike.example.com/p/team/app';
    await forge().setStatus(HEAD_COMMIT, { state: 'failure', description: 'é'.repeat(200), url });

    const context = 'turnpike/promotion';
    expect(stage.host.statuses).toEqual([
      { sha: HEAD_COMMIT, context, state: 'pending', description: 'Waits for approval.' },
      {
        sha: HEAD_COMMIT,
        context,
        state: 'failure',
        description: `${'é'.repeat(139)}…`,
        target_url: url,
      },
    ]);
    expect(stage.host.requests).toEqual(Array(2).fill(`POST ${ROOT}/statuses/${HEAD_COMMIT}`));
    expect(stage.calls()).toEqual(['status 201', 'status 201']);
  });

  test('is tried again where the commit was pushed a moment ago', async () => {
    const failure = await failureOf(forge().setStatus('beef', { state: 'success', description: '' }));
    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('asked to set the status of the commit');
    expect(failure.message).toContain('(No commit found for SHA: beef)');
  });

  test('says which right the token lacks', async () => {
    stage.host.fail({ status: 403, body: { message: 'Resource not accessible by integration' } });
    const failure = await failureOf(forge().setStatus(HEAD_COMMIT, { state: 'success', description: '' }));
    expect(failure.code).toBe('ForgeUnauthorized');
    expect(failure.message).toContain('give the token the right to read and write commit statuses');
  });
});

test('the page that compares two branches of GitHub has their names in its path', () => {
  const page = forge().compareUrl('release/1.x', 'promotion#1');
  expect(page).toBe(`${stage.host.origin}/acme/fleet/compare/release/1.x...promotion%231`);
});
