import { describe, expect, test } from 'bun:test';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { ANN_ID, BOB_ID, OWN_ID } from '../../fakes/azure/state.ts';
import { AZURE_TOKEN } from '../../fakes/azure.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { INPUT, NONE } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('azure-devops');
const { opened, current } = stage;
const forge = (url?: string) => stage.forge({ url });

const ROOT = '/acme/Platform%20Team/_apis/git/repositories/fleet';
const REPOSITORY = 'https://dev.azure.com/acme/Platform%20Team/_git/fleet';
const END = '?api-version=7.0';

test('a draft on Azure is opened as one, and stays what a person makes of it', async () => {
  expect(await forge().create({ ...INPUT, draft: true })).toMatchObject({ draft: true, title: 'Promote' });
  expect(await forge().update(1, { title: 'Newer', body: 'b' })).toMatchObject({ draft: true });
  Object.assign(stage.host.pulls[0] ?? {}, { isDraft: false });
  expect(await forge().update(1, { title: 'Newest', body: 'b' })).toMatchObject({ draft: false });
});

describe('the decoration of a pull request on Azure', () => {
  test('is labels and reviewers, by id or name, and no request once they are there', async () => {
    const wanted = { ...NONE, labels: ['promotion', 'staging'], reviewers: [ANN_ID, 'bob@example.com'] };
    expect(await forge().setMetadata(await opened(), wanted)).toEqual([]);
    expect(stage.host.requests).toEqual([
      `POST ${ROOT}/pullrequests/1/labels${END}`,
      `POST ${ROOT}/pullrequests/1/labels${END}`,
      `POST ${ROOT}/pullrequests/1/reviewers${END}`,
      'GET /acme/_apis/identities?searchFilter=General&filterValue=bob%40example.com&api-version=7.0',
      `POST ${ROOT}/pullrequests/1/reviewers${END}`,
    ]);

    const pull = await current();
    expect(pull.labels).toEqual(['promotion', 'staging']);
    expect(pull.reviewers).toEqual([ANN_ID, 'ann@example.com', BOB_ID, 'bob@example.com']);
    const other = { ...NONE, labels: ['Staging'], reviewers: ['ANN@example.com', BOB_ID] };
    expect(await forge().setMetadata(pull, other)).toEqual([]);
    expect(stage.host.requests).toEqual([]);
  });

  test('takes no vote back of who is there under another name', async () => {
    const pull = await opened();
    await forge().setMetadata(pull, { ...NONE, reviewers: [BOB_ID] });
    await forge().setMetadata(await current(), { ...NONE, reviewers: ['bob'] });
    expect(stage.host.requests.map((request) => request.split(' ')[0])).toEqual(['GET']);
  });

  test('has no assignees, and says who was not taken: unknown, or more than one of that name', async () => {
    stage.host.identities.set('00000000-0000-4000-8000-000000000001', 'ann@example.org');
    const unknown = '00000000-0000-4000-8000-000000000009';
    const wanted = { ...NONE, assignees: ['ann'], reviewers: [unknown, BOB_ID, 'zoe', 'ann'] };
    const problems = await forge().setMetadata(await opened(), wanted);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toBe('Azure DevOps has no assignees of pull requests: take ann out of the Pipeline.');
    expect(problems[1]).toContain(`did not take the reviewers ${unknown} in`);
    expect(problems[2]).toContain('did not take the reviewers zoe, ann in');
    expect((await current()).reviewers).toEqual([BOB_ID, 'bob@example.com']);
  });

  test('says what is missing to look names up, and takes those who are known by their ids', async () => {
    stage.host.options.mayReadIdentities = false;
    const wanted = { ...NONE, reviewers: ['ann@example.com', BOB_ID] };
    const problems = await forge().setMetadata(await opened(), wanted);
    expect(problems).toEqual([
      'Azure DevOps at dev.azure.com does not show the user ann@example.com to this token (403): give the token the right to read identities, or name reviewers by their ids.',
    ]);
    expect((await current()).reviewers).toEqual([BOB_ID, 'bob@example.com']);
  });

  test.each([
    ['https://acme.visualstudio.com/Team/_git/fleet', 'https://acme.vssps.visualstudio.com/_apis/identities'],
    ['https://tfs.example.com/tfs/Main/Team/_git/fleet', 'https://tfs.example.com/tfs/Main/_apis/identities'],
  ])('looks the reviewers of %s up where they are kept', async (url, identities) => {
    const asked: string[] = [];
    const outbound = {
      ...loopbackOutbound(),
      send: async (request: { readonly url: string }) => {
        asked.push(request.url.split('?')[0] ?? '');
        return Response.json({ value: [], count: 0 });
      },
    };
    const one = createForge('azure-devops', url, { token: AZURE_TOKEN }, forgeDeps({ outbound }));
    await one.setMetadata(await opened(), { ...NONE, reviewers: ['ann'] });
    expect(asked).toEqual([identities]);
  });

  test('is tried again after a failure that passes', async () => {
    const pull = await opened();
    stage.host.fail({ status: 503, body: '' });
    const failure = await failureOf(forge().setMetadata(pull, { ...NONE, labels: ['x'] }));
    expect(failure.code).toBe('ForgeUnavailable');
  });
});

describe('closing a pull request on Azure', () => {
  test('says why and abandons it, once', async () => {
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
    stage.host.comments.set(1, ['Why.']);
    await forge().close(pull, 'Why.');
    expect(stage.host.comments.get(1)).toHaveLength(1);
    expect(await current()).toMatchObject({ state: 'closed' });
  });

  test('leaves one that is merged', async () => {
    await opened();
    Object.assign(stage.host.pulls[0] ?? {}, { status: 'completed' });
    await forge().close(await current(), 'Why.');
    expect(stage.host.comments.size).toBe(0);
  });
});

test('closing a pull request on Azure is done when it was completed a moment ago', async () => {
  const pull = await opened();
  Object.assign(stage.host.pulls[0] ?? {}, { status: 'completed' });
  await forge().close(pull, 'Why.');
  expect(await current()).toMatchObject({ state: 'merged' });
});

test('a comment on a pull request on Azure is made once', async () => {
  const pull = await opened();
  stage.host.comments.set(1, ['Something else.']);
  await forge().comment(pull, 'The branch has commits of others.');
  await forge().comment(pull, 'The branch has commits of others.');
  expect(stage.host.comments.get(1)).toEqual(['Something else.', 'The branch has commits of others.']);
  expect(stage.host.requests.map((one) => one.split(' ')[0])).toEqual(['GET', 'POST', 'GET']);
});

test.each([
  ['conflicts', { mergeStatus: 'conflicts' }, 'conflicting'],
  ['what is being found out', { mergeStatus: 'queued' }, undefined],
  ['conflicts of one that is abandoned', { mergeStatus: 'conflicts', status: 'abandoned' }, undefined],
] as const)('whether Azure can merge a pull request is read with it: %s', async (_, change, mergeable) => {
  await opened();
  Object.assign(stage.host.pulls[0] ?? {}, change);
  expect((await current()).mergeable).toBe(mergeable);
});

describe('taking back an auto-complete on Azure', () => {
  test('happens once, and is done where there is none, or nothing to complete', async () => {
    const pull = await opened();
    const type = { id: 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd', displayName: 'Minimum number of reviewers' };
    stage.host.options.policies.push({ type, isBlocking: true, status: 'running' });
    Object.assign(stage.host.pulls[0] ?? {}, { autoCompleteSetBy: { id: OWN_ID } });
    await forge().cancelMerge(pull);
    expect(stage.host.requests).toEqual([`PATCH ${ROOT}/pullrequests/1${END}`]);
    expect(stage.host.pulls[0]?.autoCompleteSetBy).toBeUndefined();
    await forge().cancelMerge(pull);
    Object.assign(stage.host.pulls[0] ?? {}, { status: 'completed' });
    await forge().cancelMerge(pull);
    stage.host.pulls.length = 0;
    await forge().cancelMerge(pull);
  });

  test('without the right to it is an error that says so', async () => {
    const pull = await opened();
    stage.host.fail({ status: 403, body: { message: 'TF401027: You need the Git contribute permission.' } });
    const failure = await failureOf(forge().cancelMerge(pull));
    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
  });
});

describe('the status of a commit on Azure', () => {
  const context = { genre: 'turnpike', name: 'promotion' };

  test('is set on the commit', async () => {
    const url = 'https://turnpike.example.com/p/team/app';
    await forge().setStatus(HEAD_COMMIT, { state: 'failure', description: 'é'.repeat(300), url });
    expect(stage.host.statuses.get(HEAD_COMMIT)).toEqual([
      { id: 1, state: 'failed', context, description: `${'é'.repeat(254)}…`, targetUrl: url },
    ]);
    expect(stage.host.requests).toEqual([`POST ${ROOT}/commits/${HEAD_COMMIT}/statuses${END}`]);
  });

  test('is set on the push of the pull request too, where policies look for it', async () => {
    const pull = await opened();
    stage.host.iterations.unshift('0'.repeat(40));
    const status = { state: 'success', description: 'Ready.', pullRequest: pull.number } as const;
    await forge().setStatus(HEAD_COMMIT, status);
    const expected = { id: 1, state: 'succeeded', context, description: 'Ready.' };
    expect(stage.host.statuses.get(HEAD_COMMIT)).toEqual([expected]);
    expect(stage.host.statuses.get('1')).toEqual([{ ...expected, iterationId: 2 }]);
    // No push brought this commit.
    await forge().setStatus('2'.repeat(40), status);
    expect(stage.host.statuses.get('1')).toHaveLength(1);
  });
});

test('the page that compares two branches of Azure has their names in its query', () => {
  expect(forge().compareUrl('release/1.x', 'promotion#1')).toBe(
    `${REPOSITORY}/branchCompare?baseVersion=GBrelease%2F1.x&targetVersion=GBpromotion%231&_a=files`,
  );
});
