import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { GITLAB_PROJECT, GITLAB_TOKEN } from '../../fakes/gitlab.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { INPUT, NONE } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('gitlab');
const { forge, opened, current } = stage;

const ROOT = `/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}`;

const HEADERS = { authorization: `Bearer ${GITLAB_TOKEN}`, 'content-type': 'application/json' };

describe('a draft on GitLab', () => {
  test('is marked in its title, which is read without the mark, and stays what a person makes of it', async () => {
    expect(await forge().create({ ...INPUT, draft: true })).toMatchObject({ draft: true, title: 'Promote' });
    expect(stage.host.mergeRequests[0]?.title).toBe('Draft: Promote');
    expect(await forge().update(1, { title: 'Newer', body: 'b' })).toMatchObject({
      draft: true,
      title: 'Newer',
    });
    expect(stage.host.mergeRequests[0]?.title).toBe('Draft: Newer');
    Object.assign(stage.host.mergeRequests[0] ?? {}, { title: 'Newer', draft: false });
    expect(await forge().update(1, { title: 'Newest', body: 'b' })).toMatchObject({ draft: false });
    expect(stage.host.mergeRequests[0]?.title).toBe('Newest');
  });

  test('has a title that is not too long with its mark, in characters', async () => {
    const title = '🚦'.repeat(255);
    const long = { title: 'x'.repeat(256), source_branch: INPUT.head, target_branch: 'main' };
    const asked = { method: 'POST', body: JSON.stringify(long), headers: HEADERS };
    const refused = await fetch(`${stage.host.origin}${ROOT}/merge_requests`, asked);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('is too long')]);

    await forge().create({ ...INPUT, title, draft: true });
    expect(stage.host.mergeRequests[0]?.title).toBe(`Draft: ${'🚦'.repeat(247)}…`);
    await forge().update(1, { title: 'x'.repeat(249), body: 'b' });
    expect(stage.host.mergeRequests[0]?.title).toBe(`Draft: ${'x'.repeat(247)}…`);
    Object.assign(stage.host.mergeRequests[0] ?? {}, { draft: false });
    await forge().update(1, { title, body: 'b' });
    expect(stage.host.mergeRequests[0]?.title).toBe(title);
  });

  test.each(['Draft: T', 'draft:T', '[Draft] T', '(Draft) Draft: T'])('is known by %s', async (title) => {
    await opened();
    Object.assign(stage.host.mergeRequests[0] ?? {}, { title, draft: true });
    expect((await current()).title).toBe('T');
  });
});

describe('the decoration of a merge request on GitLab', () => {
  const wanted = { labels: ['promotion', 'staging'], assignees: ['ann'], reviewers: ['ann', 'bob'] };

  test('is added in one request, after the users were looked up, and no request once it is there', async () => {
    expect(await forge().setMetadata(await opened(), wanted)).toEqual([]);
    expect(stage.host.requests).toEqual(
      [
        '/api/v4/users?username=ann&page=1&per_page=1',
        '/api/v4/users?username=bob&page=1&per_page=1',
        `${ROOT}/merge_requests/1`,
        `${ROOT}/merge_requests/1`,
      ].map((path, index) => `${index === 3 ? 'PUT' : 'GET'} ${path}`),
    );
    expect(stage.host.bodies).toEqual([
      { add_labels: 'promotion,staging', assignee_ids: [11], reviewer_ids: [11, 12] },
    ]);

    const pull = await current();
    expect(pull).toMatchObject(wanted);
    expect(await forge().setMetadata(pull, { ...wanted, assignees: ['ANN'] })).toEqual([]);
    expect(stage.host.requests).toEqual([]);
  });

  test('of labels alone is one request', async () => {
    expect(await forge().setMetadata(await opened(), { ...NONE, labels: ['x'] })).toEqual([]);
    expect(stage.host.requests).toEqual([`PUT ${ROOT}/merge_requests/1`]);
  });

  test('leaves the people that somebody put there meanwhile', async () => {
    const pull = await opened();
    Object.assign(stage.host.mergeRequests[0] ?? {}, { reviewers: [{ id: 12, username: 'bob' }] });
    await forge().setMetadata(pull, { ...NONE, reviewers: ['ann'] });
    expect((await current()).reviewers).toEqual(['bob', 'ann']);
  });

  test('says who was not taken: nobody of that name, or one more than the plan has', async () => {
    stage.host.options.people = 1;
    const people = { labels: ['x'], assignees: ['zoe'], reviewers: ['ann', 'bob'] };
    const problems = await forge().setMetadata(await opened(), people);

    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain(`did not take the assignees zoe in ${GITLAB_PROJECT}: check the names`);
    expect(problems[1]).toContain('did not take the reviewers bob in');
    expect(await current()).toMatchObject({ labels: ['x'], assignees: [], reviewers: ['ann'] });
  });

  test('changes nothing when there is nothing that could be', async () => {
    const problems = await forge().setMetadata(await opened(), { ...NONE, reviewers: ['zoe'] });
    expect(problems).toHaveLength(1);
    expect(stage.host.bodies).toEqual([]);
  });

  test('says what right the token lacks', async () => {
    const pull = await opened();
    stage.host.fail({ status: 403, body: { message: '403 Forbidden' } });
    const [problem] = await forge().setMetadata(pull, { ...NONE, labels: ['x'] });
    expect(problem).toContain('answered 403 (403 Forbidden): give the token the right');
  });

  test.each([
    ['ForgeUnavailable', { status: 502, body: '<html>GitLab is not responding</html>' }],
    ['ForgeRateLimited', { status: 429, headers: { 'retry-after': '30' }, body: 'Retry later' }],
  ] as const)('is tried again as a whole after %s', async (code, fault) => {
    const pull = await opened();
    stage.host.fail(fault);
    expect((await failureOf(forge().setMetadata(pull, wanted))).code).toBe(code);
  });
});

describe('closing a merge request on GitLab', () => {
  test('says why and closes, once', async () => {
    await forge().close(await opened(), 'A newer revision is on its way.');
    expect(stage.host.notes.get(1)).toEqual(['A newer revision is on its way.']);
    const closed = await current();
    expect(closed).toMatchObject({ state: 'closed' });

    await forge().close(closed, 'A newer revision is on its way.');
    expect(stage.host.requests).toEqual([]);
    expect(stage.host.notes.get(1)).toHaveLength(1);
  });

  test('gives GitLab no commands, and says it once when the first attempt got no further', async () => {
    const pull = await opened();
    const reason = 'Superseded by:\n/merge\n  /close\nwell/known';
    await forge().close(pull, reason);
    expect(stage.host.notes.get(1)).toEqual(['Superseded by: `/merge /close well/known`']);
    Object.assign(stage.host.mergeRequests[0] ?? {}, { state: 'opened' });
    await forge().close(pull, reason);
    expect(stage.host.notes.get(1)).toHaveLength(1);
  });

  test('leaves one that is merged', async () => {
    await opened();
    Object.assign(stage.host.mergeRequests[0] ?? {}, { state: 'merged' });
    await forge().close(await current(), 'Why.');
    expect(stage.host.notes.size).toBe(0);
  });
});

test('a comment on a merge request on GitLab is made once', async () => {
  const pull = await opened();
  stage.host.notes.set(1, ['Something else.']);
  await forge().comment(pull, 'The branch has commits of others.');
  await forge().comment(pull, 'The branch has commits of others.');
  expect(stage.host.notes.get(1)).toEqual(['Something else.', 'The branch has commits of others.']);
  expect(stage.host.requests.map((one) => one.split(' ')[0])).toEqual(['GET', 'POST', 'GET']);
});

test.each([
  ['conflicts', { has_conflicts: true, detailed_merge_status: 'not_approved' }, 'conflicting'],
  ['conflicts in one word', { detailed_merge_status: 'conflict' }, 'conflicting'],
  ['a branch that is behind', { detailed_merge_status: 'need_rebase' }, 'behind'],
  ['what is being found out', { detailed_merge_status: 'checking' }, undefined],
  ['conflicts of one that is closed', { has_conflicts: true, state: 'closed' }, undefined],
] as const)('whether GitLab can merge a merge request is read with it: %s', async (_, change, mergeable) => {
  await opened();
  Object.assign(stage.host.mergeRequests[0] ?? {}, change);
  expect((await current()).mergeable).toBe(mergeable);
});

describe('taking back an auto-merge on GitLab', () => {
  const CANCEL = `POST ${ROOT}/merge_requests/1/cancel_merge_when_pipeline_succeeds`;

  test('happens once, and is done where there is none', async () => {
    const pull = await opened();
    Object.assign(stage.host.mergeRequests[0] ?? {}, { merge_when_pipeline_succeeds: true });
    await forge().cancelMerge(pull);
    expect(stage.host.requests).toEqual([CANCEL]);
    expect(stage.host.mergeRequests[0]?.merge_when_pipeline_succeeds).toBe(false);
    await forge().cancelMerge(pull);
    stage.host.fail({ status: 405, body: { message: '405 Method Not Allowed' } });
    await forge().cancelMerge(pull);
    stage.host.mergeRequests.length = 0;
    await forge().cancelMerge(pull);
  });

  test('is tried again where GitLab could not do it', async () => {
    const pull = await opened();
    Object.assign(stage.host.mergeRequests[0] ?? {}, { merge_when_pipeline_succeeds: true });
    stage.host.options.stuck = true;
    const failure = await failureOf(forge().cancelMerge(pull));
    expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(failure.message).toContain('did not cancel the auto-merge of pull request 1');
  });

  test('without the right to it is an error that says so', async () => {
    const pull = await opened();
    stage.host.options.mayMerge = false;
    const failure = await failureOf(forge().cancelMerge(pull));
    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toContain('asked to cancel the auto-merge of the pull request');
  });
});

describe('the status of a commit on GitLab', () => {
  test('is set, may be set again as it is, and goes back from success to pending', async () => {
    const url = 'https://turnpike.example.com/p/team/app';
    for (const state of ['pending', 'pending', 'success', 'success', 'pending', 'failure'] as const) {
      await forge().setStatus(HEAD_COMMIT, { state, description: 'é'.repeat(300), url });
    }
    expect(stage.host.requests).toEqual(Array(6).fill(`POST ${ROOT}/statuses/${HEAD_COMMIT}`));
    expect(stage.host.bodies[0]).toEqual({
      state: 'pending',
      name: 'turnpike/promotion',
      description: `${'é'.repeat(254)}…`,
      target_url: url,
    });
    expect(stage.host.statuses.at(-1)).toMatchObject({ name: 'turnpike/promotion', status: 'failed' });
  });

  test('is without a link that is longer than GitLab takes', async () => {
    const url = `https://gitlab.example.com/${'group/'.repeat(50)}fleet/-/merge_requests/1`;
    const status = { state: 'success', description: 'The gates are open.' } as const;
    const asked = { method: 'POST', body: JSON.stringify({ ...status, target_url: url }), headers: HEADERS };
    const refused = await fetch(`${stage.host.origin}${ROOT}/statuses/${HEAD_COMMIT}`, asked);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('target_url')]);

    await forge().setStatus(HEAD_COMMIT, { ...status, url });
    expect(stage.host.statuses.at(-1)).toMatchObject({ status: 'success' });
    expect(stage.host.bodies.at(-1)).not.toHaveProperty('target_url');
  });

  test('of a commit that is not there says so', async () => {
    const failure = await failureOf(forge().setStatus('beef', { state: 'success', description: '' }));
    expect(failure.code).toBe('ForgeNotFound');
    expect(failure.message).toContain('(404 Commit Not Found)');
  });

  test('that GitLab refuses for another reason is an error', async () => {
    const message = 'Cannot transition status via :enqueue from :running';
    stage.host.fail({ status: 400, body: { message } });
    const failure = await failureOf(forge().setStatus(HEAD_COMMIT, { state: 'pending', description: '' }));
    expect(failure.code).toBe('ForgeRefused');
  });
});

test('the page that compares two branches of GitLab has their names in its path', () => {
  expect(forge().compareUrl('release/1.x', 'promotion#1')).toBe(
    `${stage.host.origin}/${GITLAB_PROJECT}/-/compare/release/1.x...promotion%231`,
  );
});
