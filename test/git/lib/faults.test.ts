import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { failureOf } from '../../fakes/failure.ts';
import { hastyOutbound, loopbackOutbound } from '../../fakes/outbound.ts';
import { type ClusterCertificates, createClusterCertificates } from '../../lab/certificates.ts';
import { createTestRepository, type TestRepository } from '../stage/repository.ts';
import { run } from '../stage/run.ts';
import { type GitServer, type Intercept, startGitServer } from '../stage/server.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../stage/support.ts';

const PASSWORD = 'correct-horse';
const TOKEN = 'ghp_secretsecretsecret';

let server: GitServer;
let branches: TestBranches;
let repository: TestRepository;
let url: string;
let count = 0;

beforeAll(async () => {
  server = await startGitServer({ login: `ada:${PASSWORD}` });
});
afterAll(() => server.close());

const credentials = { username: 'ada', password: PASSWORD };

beforeEach(async () => {
  count += 1;
  repository = await createTestRepository(server.directory, `app-${count}.git`, {
    'a.yaml': marked('1.0.0'),
  });
  url = `${server.url}/app-${count}.git`;
  branches = await testBranches();
  server.requests.length = 0;
});
afterEach(async () => {
  server.intercept = undefined;
  await branches.close();
});

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}, to = branches) =>
  to.updateBranch(branchUpdate(url, { credentials, ...changed }));

/** Answers requests whose URL ends like this in the server's place. */
function instead(
  ending: string,
  answer: (real: () => Promise<Response>) => Promise<Response> | Response,
): Intercept {
  return (request, real) => (request.url.endsWith(ending) ? answer(real) : undefined);
}

async function cutInHalf(real: () => Promise<Response>): Promise<Response> {
  const answer = await real();
  const bytes = await answer.arrayBuffer();
  return new Response(bytes.slice(0, bytes.byteLength / 2), { headers: answer.headers });
}

describe('credentials', () => {
  test('are sent with the first request, so that nothing is asked twice', async () => {
    expect((await promote()).kind).toBe('pushed');
    const header = `Basic ${Buffer.from(`ada:${PASSWORD}`).toString('base64')}`;
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(
      server.requests.map(() => header),
    );
    expect(server.requests).toHaveLength(4);
  });

  test('may be a token alone', async () => {
    await failureOf(promote({ credentials: { token: TOKEN } }));
    const header = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
    expect(server.requests[0]?.authorization).toBe(header);
  });

  test('may be a token and a user name', async () => {
    await failureOf(promote({ credentials: { token: TOKEN, username: 'bot' } }));
    const header = `Basic ${Buffer.from(`bot:${TOKEN}`).toString('base64')}`;
    expect(server.requests[0]?.authorization).toBe(header);
  });

  test('that are wrong stop the promotion and are not in the message', async () => {
    server.intercept = () => new Response(`bad token ${TOKEN}`, { status: 401 });
    const error = await failureOf(promote({ credentials: { token: TOKEN } }));
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toContain(url);
    expect(error.message).toContain('bad token ***');
    expect(error.message).not.toContain(TOKEN);
  });

  test('that may only read stop it too, with the words of the server', async () => {
    server.intercept = instead(
      'git-receive-pack',
      () => new Response('Write access not granted.', { status: 403 }),
    );
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toContain('It says: Write access not granted.');
  });

  test('in the URL are refused without a request', async () => {
    const error = await failureOf(
      promote({ credentials: {}, url: url.replace('//', '//ada:correct-horse@') }),
    );
    expect(error).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(error.message).not.toContain(PASSWORD);
    expect(server.requests).toEqual([]);
  });
});

describe('what is not there', () => {
  test('is a repository', async () => {
    const error = await failureOf(promote({ url: `${server.url}/missing.git` }));
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).toContain(`${server.url}/missing.git does not exist`);
  });

  test('is the base branch', async () => {
    const error = await failureOf(promote({ baseBranch: 'trunk' }));
    expect(error).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
    expect(error.message).toBe(`${url} has no branch trunk: create it or change baseBranch.`);
  });

  test('is any branch, in an empty repository', async () => {
    await createTestRepository(server.directory, `empty-${count}.git`, {});
    const error = await failureOf(promote({ url: `${server.url}/empty-${count}.git` }));
    expect(error.code).toBe('GitBranchNotFound');
  });

  test('is a Git server', async () => {
    const html = '<html><title>Fleet</title><a href="/login">Sign in</a></html>';
    server.intercept = () => new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    const page = await failureOf(promote());
    expect(page).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(page.message).toBe(
      `${url} answered with a web page (HTTP 200, text/html) and not as a Git server does: check the URL, and that no proxy in front of the server answers in its place.`,
    );
    server.intercept = () => Response.json({});
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain('did not answer as a Git server does (content type application/json)');
  });
});

describe('a sign-in page', () => {
  const PAGE = '<!DOCTYPE html><html lang="en-US"><head><title>Azure DevOps Services | Sign In</title>';
  const html = (status: number, text = PAGE) =>
    new Response(text, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
  const to = (location: string) => () => new Response(PAGE, { status: 302, headers: { location } });

  test.each<[string, () => Response]>([
    ['by HTTP 203', () => html(203)],
    ['by HTTP 200', () => html(200)],
    ['that asks for a password', () => html(200, '<form><input name="p" type="password"></form>')],
    ['on another host', to('https://app.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to=x')],
    ["on a region's host", to('https://spsprodweu5.vssps.visualstudio.com/_signin?realm=dev.azure.com')],
    ["on the server's own host", to('/_signin?redirect=1')],
    ['of GitLab', to('/users/sign_in')],
    ['of Microsoft', to('https://login.microsoftonline.com/common/oauth2/authorize?client_id=1')],
  ])('%s is a refused token', async (_, answer) => {
    server.intercept = answer;
    const error = await failureOf(promote({ credentials: { token: TOKEN } }));
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toStartWith(`${url} shows a sign-in page in place of the repository (HTTP `);
    expect(error.message).toEndWith(
      '): put a valid token into the Secret that secretRef names, and check the URL.',
    );
    expect(error.message).not.toContain('reply_to');
    expect(error.message).not.toContain(TOKEN);
  });

  test.each(['/git-upload-pack', '/git-receive-pack'])('at …%s is one, too', async (ending) => {
    server.intercept = instead(ending, () => html(203));
    expect(await failureOf(promote())).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    server.intercept = instead(ending, () => html(200));
    expect(await failureOf(promote())).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
  });

  test.each(['/git-upload-pack', '/git-receive-pack'])(
    'is no repository of that name, at …%s neither',
    async (ending) => {
      server.intercept = instead(ending, to(`https://git.example/team/login${ending}`));
      const error = await failureOf(promote());
      expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
      expect(error.message).toContain('redirects to https://git.example/team/login: ');
    },
  );

  test('is no repository of that name', async () => {
    server.intercept = to('https://git.example/team/login/info/refs?service=git-upload-pack');
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).toContain('redirects to https://git.example/team/login: ');
  });
});

describe('a push', () => {
  test('that a hook refuses fails with the words of the hook', async () => {
    const hook = `${repository.path}/hooks/pre-receive`;
    await writeFile(hook, '#!/bin/sh\necho "promotions are frozen until Monday" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(error.message).toContain('pre-receive hook declined');
    expect(error.message).toContain('promotions are frozen until Monday');
    expect(error.message).toContain(`refs/heads/${BRANCH}`);
    expect(await repository.tip(BRANCH)).toBeUndefined();
  });

  test('that the server cannot take is not said to be done', async () => {
    server.intercept = (request, real) =>
      request.method === 'POST' && request.url.endsWith('git-receive-pack') ? cutInHalf(real) : undefined;
    const error = await failureOf(promote());
    expect(['GitUnavailable', 'GitRejected']).toContain(error.code);
    server.intercept = undefined;
    expect((await promote()).kind).toBe('unchanged');
  });
});

describe('a server that is slow or broken', () => {
  test.each([
    [429, { 'retry-after': '17' }, { afterSeconds: 17 }],
    [503, { 'retry-after': '5' }, { afterSeconds: 5 }],
    [500, {}, 'backoff'],
    [502, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 'backoff'],
  ] as const)('answers %p', async (status, headers, retry) => {
    server.intercept = () => new Response('later', { status, headers });
    const error = await failureOf(promote());
    expect({ code: error.code, retry: error.retry }).toEqual({ code: 'GitUnavailable', retry });
    expect(error.message).toContain(`HTTP ${status}`);
  });

  test.each([404, 410])('answers %p, which is a repository that is not there', async (status) => {
    server.intercept = () => new Response('gone', { status });
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).toContain(`HTTP ${status}`);
  });

  test('is given up after a time', async () => {
    const hasty = await testBranches({ outbound: hastyOutbound(loopbackOutbound(), 300) });
    const waiting = Promise.withResolvers<Response>();
    server.intercept = instead('git-upload-pack', () => waiting.promise);
    const error = await failureOf(promote({}, hasty));
    waiting.resolve(new Response());
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain('it gave no answer within 0.3 s');
    await hasty.close();
  });

  test('stops in the middle of a pack, and nothing of it is kept', async () => {
    server.intercept = (request, real) => (request.method === 'POST' ? cutInHalf(real) : undefined);
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain(url);
    server.intercept = undefined;
    expect((await promote()).kind).toBe('pushed');
  });

  test('sends rubbish in place of a pack', async () => {
    server.intercept = (request, real) =>
      request.method !== 'POST'
        ? undefined
        : real().then(async (answer) => {
            const bytes = Buffer.from(await answer.arrayBuffer());
            bytes.fill(0x41, bytes.length - 60, bytes.length - 20);
            return new Response(bytes, { headers: answer.headers });
          });
    expect(await failureOf(promote())).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
  });

  test('is not there', async () => {
    const error = await failureOf(promote({ url: 'http://127.0.0.1:9/app.git' }));
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toBe('127.0.0.1:9 could not be reached: the connection was refused.');
  });

  test('is left at once when the caller gives up', async () => {
    const waiting = Promise.withResolvers<Response>();
    const controller = new AbortController();
    server.intercept = () => {
      controller.abort(new Error('the pipeline was deleted'));
      return waiting.promise;
    };
    await expect(promote({ signal: controller.signal })).rejects.toThrow('the pipeline was deleted');
    waiting.resolve(new Response());
  });

  test('is left at once when the branch updater is closed', async () => {
    const waiting = Promise.withResolvers<Response>();
    const reached = Promise.withResolvers<void>();
    server.intercept = () => {
      reached.resolve();
      return waiting.promise;
    };
    const failure = failureOf(promote());
    await reached.promise;
    await branches.close();
    expect((await failure).message).toBe('Turnpike is stopping.');
    waiting.resolve(new Response());
  });
});

describe('a redirect', () => {
  test('is not followed, and the other host hears nothing', async () => {
    const other = await startGitServer();
    server.intercept = (request) => Response.redirect(request.url.replace(server.url, other.url), 301);
    const error = await failureOf(promote());
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).toContain(`redirects to ${other.url}/app-${count}.git`);
    expect(other.requests).toEqual([]);
    await other.close();
  });
});

describe('a private certificate authority', () => {
  let certificates: ClusterCertificates;
  let secure: GitServer;

  beforeAll(async () => {
    certificates = await createClusterCertificates();
    secure = await startGitServer({ tls: certificates.apiserver });
    await createTestRepository(secure.directory, 'app.git', { 'a.yaml': marked('1.0.0') });
  });
  afterAll(() => secure.close());

  test('is trusted when the Secret names it', async () => {
    const secureUrl = `${secure.url}/app.git`;
    const result = await promote({ url: secureUrl, credentials: { caFile: certificates.ca } });
    expect(result.kind).toBe('pushed');
  });

  test.each([
    ['no', undefined],
    ['another', 'other'],
  ])('is not trusted when the Secret names %s authority', async (_, named) => {
    const other = named && (await createClusterCertificates()).ca;
    const error = await failureOf(
      promote({ url: `${secure.url}/app.git`, credentials: other ? { caFile: other } : {} }),
    );
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain('its certificate is not trusted');
    expect(error.message).toContain('caFile');
  });
});

describe('names', () => {
  test.each([
    '../up',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    '.a',
    'x/.a',
    'a.',
    'a.lock',
    '',
  ])('that Git does not allow are refused without a request: %p', async (name) => {
    for (const wrong of [{ branch: name }, { baseBranch: name }]) {
      expect(await failureOf(promote(wrong))).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    }
    expect(server.requests).toEqual([]);
  });

  test.each(['feature/a', 'release-1.2', 'ü', 'a@b', '#1', 'a{b'])(
    'that Git allows are taken: %p',
    async (name) => {
      expect((await promote({ branch: name })).kind).toBe('pushed');
      expect((await promote({ branch: name })).kind).toBe('unchanged');
      expect(await repository.tip(name)).toBeDefined();
    },
  );

  test('that a server makes up do not become files', async () => {
    const evil = 'refs/heads/../../../evil';
    const symrefs = ` symref=HEAD:${evil} symref=refs/heads/main:${evil} symref=${evil}:refs/heads/main`;
    server.intercept = instead('info/refs?service=git-upload-pack', async (real) => {
      const answer = await real();
      const text = await answer.text();
      const tip = (await repository.tip('main')) ?? '';
      const at = text.indexOf(tip);
      const [first = '', ...others] = text.slice(at).split('\n');
      const lines = [`${first}${symrefs}\n`, `${tip} ${evil}\n`];
      const framed = lines.map((line) => (line.length + 4).toString(16).padStart(4, '0') + line);
      const body = text.slice(0, at - 4) + framed.join('') + others.join('\n');
      return new Response(body, { headers: answer.headers });
    });
    expect((await promote()).kind).toBe('pushed');
    const copies = new Bun.Glob('**/evil').scanSync({ cwd: branches.directory, dot: true });
    expect([...copies]).toEqual([]);
  });

  test('of objects by SHA-256 are not supported, and that is said', async () => {
    const path = `${server.directory}/sha256-${count}.git`;
    await run(['git', 'init', '--quiet', '--bare', '--object-format=sha256', path]);
    const error = await failureOf(promote({ url: `${server.url}/sha256-${count}.git` }));
    expect(error).toMatchObject({ code: 'GitRejected', retry: 'never' });
    expect(error.message).toContain('SHA-256');
  });
});

describe('a host', () => {
  test('that is not allowed is never asked', async () => {
    const strict = await testBranches({ outbound: createOutbound({ allowed: [], insecure: [] }) });
    const error = await failureOf(promote({}, strict));
    expect(error).toMatchObject({ code: 'HostNotAllowed', retry: 'never' });
    expect(server.requests).toEqual([]);
    await strict.close();
  });
});
