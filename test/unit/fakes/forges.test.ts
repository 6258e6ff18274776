import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { BITBUCKET_TOKEN, startFakeBitbucket } from '../../fakes/bitbucket.ts';
import { GITLAB_PROJECT, GITLAB_TOKEN, startFakeGitLab } from '../../fakes/gitlab.ts';
import type { JsonServer } from '../../fakes/json-server.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';

/** What the stand-ins refuse, as the services do or more strictly. */

type Row = readonly [what: string, method: string, path: string, body?: unknown];

const BRANCHES = { source_branch: 'promotion', target_branch: 'main' };
const REFS = { fromRef: { id: 'refs/heads/promotion' }, toRef: { id: 'refs/heads/main' } };

const GITLAB: readonly Row[] = [
  ['an unknown parameter of a query', 'GET', '/merge_requests?head=promotion'],
  ['a parameter that is none of its values', 'GET', '/merge_requests?state=open'],
  ['a page that is too large', 'GET', '/merge_requests/1/pipelines?per_page=101'],
  ['a merge request without a title', 'POST', '/merge_requests', BRANCHES],
  ['an unknown field', 'POST', '/merge_requests', { ...BRANCHES, title: 'T', draft: true }],
  ['a field of another type', 'PUT', '/merge_requests/1', { reviewer_ids: ['ann'] }],
  ['a change of nothing', 'PUT', '/merge_requests/1', {}],
  ['a merge by a method', 'PUT', '/merge_requests/1/merge', { merge_method: 'squash' }],
  ['a status of another name', 'POST', `/statuses/${HEAD_COMMIT}`, { state: 'failure' }],
  [
    'a body where there is none',
    'POST',
    '/merge_requests/1/cancel_merge_when_pipeline_succeeds',
    { sha: '1' },
  ],
  ['an operation that is not used', 'DELETE', '/merge_requests/1'],
];

const BITBUCKET: readonly Row[] = [
  ['an unknown parameter of a query', 'GET', '/pull-requests?head=promotion'],
  ['a branch without its whole name', 'GET', '/pull-requests?at=promotion'],
  ['a pull request without a title', 'POST', '/pull-requests', REFS],
  ['an unknown field', 'POST', '/pull-requests', { ...REFS, title: 'T', labels: [] }],
  ['a title that is too long', 'POST', '/pull-requests', { ...REFS, title: 'x'.repeat(256) }],
  ['a change without its version', 'PUT', '/pull-requests/1', { title: 'T' }],
  ['a merge by a field of another name', 'POST', '/pull-requests/1/merge', { strategy: 'squash' }],
  ['a build without a page', 'POST', `/commits/${HEAD_COMMIT}/builds`, { key: 'k', state: 'FAILED' }],
  ['an operation that is not used', 'DELETE', '/pull-requests/1'],
];

describe.each([
  ['GitLab', startFakeGitLab, GITLAB_TOKEN, `/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}`, GITLAB],
  [
    'Bitbucket',
    startFakeBitbucket,
    BITBUCKET_TOKEN,
    '/bitbucket/rest/api/1.0/projects/ACME/repos/fleet',
    BITBUCKET,
  ],
] as const)('the stand-in for %s', (_, start, token, root, rows) => {
  let server: JsonServer;
  beforeAll(() => {
    server = start();
  });
  afterAll(() => server.stop());

  function ask(method: string, path: string, body?: unknown, type = 'application/json') {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${server.origin}${root}${path}`, { method, headers, ...sent });
  }

  test.each(rows.map(([what, ...asked]) => [what, asked] as const))('refuses %s', async (_what, asked) => {
    const [method, path, body] = asked;
    const refused = await ask(method, path, body);
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { error: string }).error).toStartWith(`${method} /`);
  });

  test('refuses what is no JSON', async () => {
    const [, , path] = rows.find(([, method]) => method === 'POST') ?? [];
    expect((await ask('POST', path ?? '', {}, 'application/x-www-form-urlencoded')).status).toBe(415);
  });
});

test('the stand-in for GitLab squashes nothing where the project forbids it', async () => {
  const gitlab = startFakeGitLab();
  gitlab.branches.add('promotion');
  gitlab.options.squash = 'never';
  const ask = (method: string, path: string, body: object) =>
    fetch(`${gitlab.origin}/api/v4/projects/${encodeURIComponent(GITLAB_PROJECT)}${path}`, {
      method,
      headers: { authorization: `Bearer ${GITLAB_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await ask('POST', '/merge_requests', { ...BRANCHES, title: 'T' });
  const refused = await ask('PUT', '/merge_requests/1/merge', { squash: true });
  expect([refused.status, gitlab.mergeRequests[0]?.state]).toEqual([422, 'opened']);
  await gitlab.stop();
});
