import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Forge } from '../../src/lib/forges/port.ts';
import { createForge } from '../../src/lib/forges/registry.ts';
import type { ForgeRequest } from '../../src/lib/forges/request/types.ts';
import type { ForgeType } from '../../src/lib/forges/types.ts';
import { forgeDeps } from '../fakes/forge-deps.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../fakes/github.ts';
import { INPUT, openPull } from './pulls.ts';

const CREDENTIALS = { token: 'secret-token' };

/** What each forge answers for an open pull request, as its own tests have it. */
const FORGES: readonly [ForgeType, string, object][] = [
  [
    'gitea',
    '/acme/fleet',
    {
      number: 7,
      html_url: 'https://forge/acme/fleet/pulls/7',
      state: 'open',
      title: 'Promote',
      base: { label: 'main' },
      head: { label: 'promotion' },
    },
  ],
  [
    'gitlab',
    '/acme/fleet',
    {
      iid: 7,
      web_url: 'https://forge/acme/fleet/-/merge_requests/7',
      state: 'opened',
      title: 'Promote',
      source_branch: 'promotion',
      target_branch: 'main',
    },
  ],
  [
    'bitbucket-server',
    '/scm/acme/fleet.git',
    {
      id: 7,
      version: 1,
      state: 'OPEN',
      title: 'Promote',
      fromRef: { id: 'refs/heads/promotion' },
      toRef: { id: 'refs/heads/main' },
    },
  ],
  [
    'azure-devops',
    '/acme/platform/_git/fleet',
    {
      pullRequestId: 7,
      status: 'active',
      title: 'Promote',
      sourceRefName: 'refs/heads/promotion',
      targetRefName: 'refs/heads/main',
    },
  ],
];

for (const [type, path, pull] of FORGES) {
  test.each([
    ['asks only for what has changed where the forge gives entity tags', true, 'get 304'],
    ['asks for all of it where the forge gives none', false, 'get 200'],
  ])(`a poll of ${type} %s`, async (_, isTagged, second) => {
    const tag = isTagged ? 'W/"one"' : undefined;
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        const condition = request.headers.get('if-none-match');
        if (condition !== null && condition === tag) return new Response(null, { status: 304 });
        return Response.json(pull, { headers: tag === undefined ? {} : { etag: tag } });
      },
    });
    const seen: ForgeRequest[] = [];
    const deps = forgeDeps({ onForgeRequest: (request) => seen.push(request) });
    const forge = createForge(type, `http://127.0.0.1:${server.port}${path}`, CREDENTIALS, deps);

    const first = await forge.get(7);
    expect(first).toMatchObject({ number: 7, state: 'open', head: 'promotion', base: 'main' });
    expect(await forge.get(7)).toEqual(first);
    await server.stop(true);

    expect(seen.map(({ operation, code }) => `${operation} ${code}`)).toEqual(['get 200', second]);
  });
}

describe('what a poll knows of a pull request of GitHub', () => {
  const ROOT = '/api/v3/repos/acme/fleet/pulls';
  const MINUTE = 60_000;
  let time = 0;
  let github: FakeGitHub;
  let codes: string[];
  let forge: Forge;

  beforeEach(async () => {
    github = startFakeGitHub();
    codes = [];
    const onForgeRequest = ({ operation, code }: ForgeRequest) => codes.push(`${operation} ${code}`);
    const deps = forgeDeps({ now: () => new Date(Date.UTC(2026, 10, 21) + time), onForgeRequest });
    forge = createForge('github', `${github.origin}/acme/fleet`, { token: FAKE_TOKEN }, deps);
    for (const head of ['one', 'two']) {
      github.branches.add(head);
      await openPull(forge, { ...INPUT, head });
    }
    for (const number of [1, 2]) await forge.get(number);
    codes.length = 0;
  });
  afterEach(() => github.stop());

  /** The base moves into conflict with the first, which changes no entity tag. */
  function conflict(): void {
    Object.assign(github.pulls[0] ?? {}, { mergeable: false, mergeable_state: 'dirty' });
  }

  test('is used for half an hour at most, for a conflict changes no entity tag', async () => {
    conflict();
    time += 29 * MINUTE;
    expect(await forge.get(1)).not.toHaveProperty('mergeable');
    time += MINUTE;
    expect(await forge.get(1)).toMatchObject({ mergeable: 'conflicting' });
    expect(await forge.get(1)).toMatchObject({ mergeable: 'conflicting' });
    expect(codes).toEqual(['get 304', 'get 200', 'get 304']);
  });

  test('is not used when another one was merged into the same base', async () => {
    conflict();
    github.merge(2);
    expect(await forge.get(2)).toMatchObject({ state: 'merged' });
    expect(await forge.get(1)).toMatchObject({ mergeable: 'conflicting' });
    expect(codes).toEqual(['get 200', 'get 200']);
    time += 1;
    await forge.get(1);
    time += 1;
    await forge.get(1);
    expect(codes.slice(-1)).toEqual(['get 304']);
  });

  test('is not used while GitHub finds out whether it can be merged', async () => {
    Object.assign(github.pulls[0] ?? {}, { mergeable: null, mergeable_state: 'unknown', title: 'Newer' });
    expect(await forge.get(1)).toMatchObject({ checking: true });
    conflict();
    expect(await forge.get(1)).toMatchObject({ mergeable: 'conflicting' });
    expect(codes).toEqual(['get 200', 'get 200']);
    expect(github.requests.at(-1)).toBe(`GET ${ROOT}/1`);
  });
});
