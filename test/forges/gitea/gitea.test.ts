import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Forge } from '../../../src/lib/forges/port.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import type { ForgeRequest } from '../../../src/lib/forges/request/types.ts';
import { promotionBody } from '../../../src/promote/pull-request/texts.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { promotionRequest } from '../../fakes/promotion.ts';
import type { Gitea } from '../../lab/gitea/forge.ts';
import { sharedLab } from '../../lab/shared.ts';

const SLOW = 120_000;
const name = `forge-${crypto.randomUUID().slice(0, 8)}`;
let gitea: Gitea;
let url: string;
const seen: ForgeRequest[] = [];

function forge(options: { readonly url?: string; readonly token?: string } = {}): Forge {
  const credentials = { token: options.token ?? gitea.token };
  const deps = forgeDeps({ onForgeRequest: (request) => seen.push(request) });
  return createForge('gitea', options.url ?? url, credentials, deps);
}

function calls(): string[] {
  return seen.splice(0).map(({ operation, code }) => `${operation} ${code}`);
}

/** Any request below the repository's API. */
function api(method: string, path: string, body?: object): Promise<unknown> {
  return gitea.api(method, `/repos/${gitea.user}/${name}${path}`, body);
}

async function addBranch(branch: string): Promise<void> {
  await gitea.commit(name, branch, { [`${crypto.randomUUID()}.txt`]: branch }, 'Change');
}

async function opened(head: string): Promise<number> {
  await addBranch(head);
  const pull = await forge().create({ head, base: 'main', title: `Promote ${head}`, body: 'text' });
  if (pull === 'exists') throw new Error(`${head} has a pull request already`);
  return pull.number;
}

/** What Gitea makes of Markdown in a comment. */
async function rendered(markdown: string): Promise<string> {
  const answer = await fetch(`${gitea.url}/api/v1/markdown`, {
    method: 'POST',
    headers: { authorization: `token ${gitea.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ Text: markdown, Mode: 'comment', Context: `${gitea.user}/${name}` }),
  });
  return answer.text();
}

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  url = await gitea.createRepository(name, { 'README.md': 'A repository.\n' });
}, 600_000);
afterAll(async () => {
  if (url) await api('DELETE', '');
}, SLOW);

describe('Gitea', () => {
  test(
    'opens, finds, reads and changes a pull request',
    async () => {
      const head = 'promotion-team-app-staging';
      await addBranch(head);
      const input = { head, base: 'main', title: 'Promote', body: 'text' };
      calls();

      const created = await forge().create(input);
      if (created === 'exists') throw new Error('it exists');
      const found = await forge().find(head, 'main');
      const updated = await forge().update(created.number, { title: 'Newer', body: 'newer' });
      const read = await forge().get(created.number);

      expect(created).toMatchObject({ ...input, state: 'open' });
      expect(created.url).toEndWith(`/${name}/pulls/${created.number}`);
      expect(found).toEqual(created);
      expect(updated).toEqual({ ...created, title: 'Newer', body: 'newer' });
      expect(read).toEqual(updated);
      expect(calls()).toEqual(['create 201', 'find 200', 'get 200', 'update 201', 'get 200']);
      expect(await forge().create(input)).toBe('exists');
    },
    SLOW,
  );

  test(
    'knows merged, closed and unknown pull requests, and opens the next one of a branch',
    async () => {
      const merged = await opened('merged');
      await gitea.merge(name, merged);
      const closed = await opened('closed');
      await api('PATCH', `/pulls/${closed}`, { state: 'closed' });

      expect((await forge().get(merged))?.state).toBe('merged');
      expect((await forge().get(closed))?.state).toBe('closed');
      expect(await forge().get(99_999)).toBeUndefined();
      expect(await forge().find('merged', 'main')).toBeUndefined();
      expect(await forge().find('closed', 'main')).toBeUndefined();
      const next = await forge().create({ head: 'closed', base: 'main', title: 'T', body: '' });
      expect(next).toMatchObject({ state: 'open', body: '' });
      expect(await forge().find('closed', 'main')).toEqual(next === 'exists' ? undefined : next);
    },
    SLOW,
  );

  test(
    'knows a merged pull request by its branch after the branch is deleted',
    async () => {
      const number = await opened('gone');
      await gitea.merge(name, number);
      await api('DELETE', '/branches/gone');

      expect(await forge().get(number)).toMatchObject({ state: 'merged', head: 'gone' });
      expect(await opened('gone')).toBeGreaterThan(number);
    },
    SLOW,
  );

  test(
    'moves a pull request to another base branch',
    async () => {
      await api('POST', '/branches', { new_branch_name: 'release/1.x', old_branch_name: 'main' });
      const number = await opened('moved');

      const moved = await forge().update(number, { title: 'T', body: 'b', base: 'release/1.x' });

      expect(moved).toMatchObject({ base: 'release/1.x', state: 'open' });
      expect(await forge().find('moved', 'release/1.x')).toEqual(moved);
      expect(await forge().find('moved', 'main')).toBeUndefined();
    },
    SLOW,
  );

  test(
    'says who can do what about a wrong token, repository or branch',
    async () => {
      const input = { head: 'nowhere', base: 'main', title: 'T', body: 'b' };
      const token = await failureOf(forge({ token: 'x'.repeat(40) }).create(input));
      const missing = await failureOf(forge({ url: `${gitea.url}/${gitea.user}/none` }).create(input));
      const branch = await failureOf(forge().create(input));

      expect(token).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
      expect(missing).toMatchObject({ code: 'ForgeNotFound', retry: 'never' });
      expect(missing.message).toContain(`asked to open the pull request in ${gitea.user}/none, answered 404`);
      expect(branch.message).toContain('answered 404');
      expect(token.message).not.toContain('xxxx');
    },
    SLOW,
  );

  test(
    'gives no user of the forge a notification and no issue a reference for what an event says',
    async () => {
      const issue = (await api('POST', '/issues', { title: 'An issue' })) as { number: number };
      const user = `@${gitea.user}`;
      const text = `${user} \`${user}\` | ${user} |\n\n${user} fixes #${issue.number} <img src=x> ${gitea.url}/x`;
      const request = promotionRequest({
        revision: `1 fixes #${issue.number}`,
        runs: text,
        approvedBy: text,
        source: { environment: text, deployedAt: text, message: text },
      });
      const body = promotionBody(request, [{ file: text, line: 1, from: text, to: text }], [text]);
      await addBranch('nasty');

      const pull = await forge().create({ head: 'nasty', base: 'main', title: 'Nasty', body });
      const html = await rendered(body);
      const references = async () => {
        const timeline = await api('GET', `/issues/${issue.number}/timeline`);
        return Array.isArray(timeline) ? timeline.length : 0;
      };

      expect(pull).toMatchObject({ state: 'open' });
      expect(html).toContain('<table>');
      expect(html.replace(/<code>[^<]*<\/code>/g, '')).not.toMatch(/@|<a |<img|#\d/);
      expect(await references()).toBe(0);
      // The same text as it came would have made one.
      await addBranch('raw');
      await forge().create({ head: 'raw', base: 'main', title: 'Raw', body: text });
      expect(await references()).toBe(1);
    },
    SLOW,
  );
});

test('an answer that is too large is not read to its end', async () => {
  const large = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response('x'.repeat(9_000_000)),
  });

  const failure = await failureOf(forge({ url: `http://127.0.0.1:${large.port}/a/b` }).get(1));
  await large.stop(true);

  expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
  expect(failure.message).toEndWith('/api/v1/repos/a/b/pulls/1 answered with more than 8388608 bytes.');
});

test('a forge below a path is asked below that path', async () => {
  const paths: string[] = [];
  const proxy = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      paths.push(new URL(request.url).pathname);
      return Response.json([]);
    },
  });

  await forge({ url: `http://127.0.0.1:${proxy.port}/code/git/acme/fleet` }).find('a', 'main');
  await proxy.stop(true);

  expect(paths).toEqual(['/code/git/api/v1/repos/acme/fleet/pulls']);
});
