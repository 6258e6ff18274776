import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { INPUT, NONE } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('bitbucket-server');
const { forge, opened, current } = stage;

const ROOT = '/bitbucket/rest/api/1.0/projects/ACME/repos/fleet';

test('a draft on Bitbucket is opened as one, and stays what a person makes of it', async () => {
  expect(await forge().create({ ...INPUT, draft: true })).toMatchObject({ draft: true, title: 'Promote' });
  expect(await forge().update(1, { title: 'Newer', body: 'b' })).toMatchObject({ draft: true });
  Object.assign(stage.host.pulls[0] ?? {}, { draft: false });
  expect(await forge().update(1, { title: 'Newest', body: 'b' })).toMatchObject({ draft: false });
});

test('nothing is said of drafts to a Bitbucket that has none', async () => {
  await forge().create(INPUT);
  const { draft: _, ...older } = structuredClone(stage.host.pulls[0] ?? { draft: false });
  stage.host.fail({ status: 200, body: older });
  await forge().update(1, { title: 'Newer', body: 'b' });
  expect(stage.host.bodies.at(-1)).not.toHaveProperty('draft');
});

describe('the decoration of a pull request on Bitbucket', () => {
  test('is reviewers, with one request for each, and no request once they are there', async () => {
    const wanted = { ...NONE, reviewers: ['ann', 'bob'] };
    expect(await forge().setMetadata(await opened(), wanted)).toEqual([]);
    expect(stage.host.requests).toEqual(Array(2).fill(`POST ${ROOT}/pull-requests/1/participants`));

    const pull = await current();
    expect(pull.reviewers).toEqual(['ann', 'bob']);
    expect(await forge().setMetadata(pull, { ...NONE, reviewers: ['Ann'] })).toEqual([]);
    expect(stage.host.requests).toEqual([]);
  });

  test('is kept when the text changes', async () => {
    await forge().setMetadata(await opened(), { ...NONE, reviewers: ['ann'] });
    expect((await forge().update(1, { title: 'Newer', body: 'b' })).reviewers).toEqual(['ann']);
  });

  test('has no labels and no assignees', async () => {
    const problems = await forge().setMetadata(await opened(), {
      labels: ['promotion', 'staging'],
      assignees: ['ann'],
      reviewers: ['bob'],
    });
    expect(problems).toEqual([
      'Bitbucket has no labels of pull requests: take promotion, staging out of the Pipeline.',
      'Bitbucket has no assignees of pull requests: take ann out of the Pipeline.',
    ]);
    expect((await current()).reviewers).toEqual(['bob']);
  });

  test('says who was not taken: nobody of that name, or the author', async () => {
    const wanted = { ...NONE, reviewers: ['zoe', 'turnpike', 'bob'] };
    const problems = await forge().setMetadata(await opened(), wanted);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('did not take the reviewers zoe in ACME/fleet: check the names');
    expect(problems[1]).toContain('did not take the reviewers turnpike');
    expect((await current()).reviewers).toEqual(['bob']);
  });

  test('is tried again after a failure that passes', async () => {
    const pull = await opened();
    stage.host.fail({ status: 503, body: '' });
    const failure = await failureOf(forge().setMetadata(pull, { ...NONE, reviewers: ['bob'] }));
    expect(failure.code).toBe('ForgeUnavailable');
  });
});

describe('closing a pull request on Bitbucket', () => {
  test('says why with the request that declines it, once', async () => {
    await forge().close(await opened(), 'A newer revision is on its way.');
    expect(stage.host.requests).toEqual([
      `GET ${ROOT}/pull-requests/1`,
      `POST ${ROOT}/pull-requests/1/decline?version=0`,
    ]);
    expect(stage.host.comments.get(1)).toEqual(['A newer revision is on its way.']);
    const closed = await current();
    expect(closed).toMatchObject({ state: 'closed' });

    await forge().close(closed, 'A newer revision is on its way.');
    expect(stage.host.requests).toEqual([]);
  });

  test('is tried again when somebody changed it in between', async () => {
    const pull = await opened();
    stage.host.fail({ status: 200, body: structuredClone(stage.host.pulls[0]) });
    Object.assign(stage.host.pulls[0] ?? {}, { version: 3 });
    const failure = await failureOf(forge().close(pull, 'Why.'));
    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('out-of-date information');
  });

  test('leaves one that is merged', async () => {
    await opened();
    Object.assign(stage.host.pulls[0] ?? {}, { state: 'MERGED' });
    await forge().close(await current(), 'Why.');
    expect(stage.host.comments.size).toBe(0);
  });
});

test('a pull request on Bitbucket whose branch is another one by now is not closed', async () => {
  const pull = await opened();
  await forge().close({ ...pull, head: 'another' }, 'Why.');
  expect(stage.host.requests).toEqual([`GET ${ROOT}/pull-requests/1`]);
});

test('a comment on a pull request on Bitbucket is made once', async () => {
  const pull = await opened();
  stage.host.comments.set(1, ['Something else.']);
  await forge().comment(pull, 'The branch has commits of others.');
  await forge().comment(pull, 'The branch has commits of others.');
  expect(stage.host.comments.get(1)).toEqual(['Something else.', 'The branch has commits of others.']);
  const looks = `GET ${ROOT}/pull-requests/1/activities?limit=100`;
  expect(stage.host.requests).toEqual([looks, `POST ${ROOT}/pull-requests/1/comments`, looks]);
});

test.each([
  ['conflicts', 'OPEN', { outcome: 'CONFLICTED', current: true }, 'conflicting'],
  [
    'conflicts with a base that has moved since',
    'OPEN',
    { outcome: 'CONFLICTED', current: false },
    undefined,
  ],
  ['what is being found out', 'OPEN', { outcome: 'UNKNOWN', current: false }, undefined],
  ['conflicts of one that is declined', 'DECLINED', { outcome: 'CONFLICTED', current: true }, undefined],
] as const)(
  'whether Bitbucket can merge a pull request is read with it: %s',
  async (_, state, mergeResult, mergeable) => {
    await opened();
    Object.assign(stage.host.pulls[0] ?? {}, { state, properties: { mergeResult } });
    expect((await current()).mergeable).toBe(mergeable);
  },
);

test.each([
  ['one that waits', () => stage.host.options.scheduled.push(1)],
  ['none', () => {}],
  [
    'one of a pull request that is merged',
    () => Object.assign(stage.host.pulls[0] ?? {}, { state: 'MERGED' }),
  ],
  ['none of a server that knows none', () => Object.assign(stage.host.options, { autoMerge: 'unknown' })],
  ['none where the pull request is gone', () => stage.host.pulls.splice(0)],
] as const)('an auto-merge on Bitbucket is taken back: %s', async (_, prepare) => {
  const pull = await opened();
  prepare();
  await forge().cancelMerge(pull);
  expect(stage.host.requests).toEqual([`DELETE ${ROOT}/pull-requests/1/auto-merge`]);
  expect(stage.host.options.scheduled).toEqual([]);
});

describe('the status of a commit on Bitbucket', () => {
  test('is a build, which is the same one when it is set again', async () => {
    await forge().setStatus(HEAD_COMMIT, { state: 'pending', description: 'é'.repeat(300) });
    const url = 'https://turnpike.example.com/p/team/app';
    expect([...(stage.host.builds.get(HEAD_COMMIT)?.values() ?? [])]).toEqual([
      expect.objectContaining({
        key: 'turnpike/promotion',
        parent: 'turnpike/promotion',
        state: 'INPROGRESS',
        description: `${'é'.repeat(254)}…`,
        url: `${stage.host.origin}/bitbucket/projects/ACME/repos/fleet/commits/${HEAD_COMMIT}`,
      }),
    ]);
    for (const [state, shown] of [
      ['success', 'SUCCESSFUL'],
      ['failure', 'FAILED'],
    ] as const) {
      await forge().setStatus(HEAD_COMMIT, { state, description: '', url });
      expect([...(stage.host.builds.get(HEAD_COMMIT)?.values() ?? [])]).toMatchObject([
        { state: shown, url },
      ]);
    }
    expect(stage.host.requests).toEqual(Array(3).fill(`POST ${ROOT}/commits/${HEAD_COMMIT}/builds`));
  });

  test('has the page of the commit where the link is longer than Bitbucket takes', async () => {
    const url = `https://bitbucket.example.com/${'x'.repeat(450)}`;
    await forge().setStatus(HEAD_COMMIT, { state: 'success', description: '', url });
    const [build] = stage.host.builds.get(HEAD_COMMIT)?.values() ?? [];
    expect(build?.url).toEndWith(`/repos/fleet/commits/${HEAD_COMMIT}`);
  });

  test('says why it is refused', async () => {
    stage.host.fail({
      status: 401,
      body: { errors: [{ context: null, message: 'You are not permitted to access this resource' }] },
    });
    const failure = await failureOf(forge().setStatus(HEAD_COMMIT, { state: 'pending', description: '' }));
    expect(failure.code).toBe('ForgeUnauthorized');
    expect(failure.message).toContain('asked to set the status of the commit in ACME/fleet');
  });
});

test('the page that compares two branches of Bitbucket has their names in its query', () => {
  expect(forge().compareUrl('release/1.x', 'promotion#1')).toBe(
    `${stage.host.origin}/bitbucket/projects/ACME/repos/fleet/compare/diff?targetBranch=refs%2Fheads%2Frelease%2F1.x&sourceBranch=refs%2Fheads%2Fpromotion%231`,
  );
});
