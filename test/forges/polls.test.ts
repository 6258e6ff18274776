import { expect, test } from 'bun:test';
import type { ForgeType } from '../../src/api/pipeline.ts';
import type { ForgeRequest } from '../../src/promote/forges/call.ts';
import { createForge } from '../../src/promote/forges/forge.ts';
import { forgeDeps } from '../fakes/forge-deps.ts';

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
