import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import type { PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { credentialsFrom } from '../../../src/lib/forges/index.ts';
import type { Outbound } from '../../../src/lib/net/outbound.ts';
import type { PullRequestPromoter } from '../../../src/promote/pull-request/port.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { attemptTime } from '../../fakes/attempt-time.ts';
import { type FakeBranches, fakeBranches } from '../../fakes/branches.ts';
import { failureOf } from '../../fakes/failure.ts';
import { noWaits } from '../../fakes/forge-deps.ts';
import { fakeApp, GRANTED } from '../../fakes/github/app.ts';
import { commitOf } from '../../fakes/github/branches.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../../fakes/github.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { loopbackOutbound, routedOutbound } from '../../fakes/outbound.ts';
import { carriedOut, promotionRequest, taskRequest } from '../../fakes/promotion.ts';

const APP = fakeApp();
const KEYS = {
  githubAppID: APP.id,
  githubAppInstallationID: String(APP.installation),
  githubAppPrivateKey: APP.privateKey,
};
/** GitHub Enterprise Server's own app says so. */
const keysAt = (origin: string) => ({ ...KEYS, githubAppBaseURL: `${origin}/api/v3` });
const TOKEN = `POST /api/v3/app/installations/${APP.installation}/access_tokens`;
const CREATE = 'POST /api/v3/repos/acme/fleet/pulls';
const BRANCH = 'promotion-team-app-staging';
const MINUTE = 60_000;

let github: FakeGitHub;
let branches: FakeBranches;
let promoter: PullRequestPromoter;
let passed: number;
let logged: ReturnType<typeof createFakeLog>;
let operations: string[];
/** What went over the wire as `Authorization`. */
let sent: string[];
let isEchoing: boolean;

/** A forge, or what is in front of it, may put into its answer what it was asked with. */
function watched(inner: Outbound): Outbound {
  return {
    ...inner,
    async send(request) {
      const authorization = request.headers?.authorization ?? '';
      sent.push(authorization);
      return isEchoing
        ? Response.json({ message: `no ${authorization}` }, { status: 422 })
        : inner.send(request);
    },
  };
}

function secretOf(keys: Readonly<Record<string, string>>) {
  const values = Object.entries(keys).map(([key, value]) => [key, new TextEncoder().encode(value)] as const);
  return credentialsFrom(new Map(values), 'Secret team/git', 'github');
}

function settings(repository = 'fleet'): PullRequestStrategy {
  const url = `${github.origin}/acme/${repository}`;
  return { type: 'github', url, baseBranch: 'main', secretRef: { name: 'git' } };
}

function promote(keys: Readonly<Record<string, string>> = {}, signal?: AbortSignal) {
  const secret = secretOf({ ...keysAt(github.origin), ...keys });
  return carriedOut(promoter.prepare(promotionRequest(), settings(), secret, signal && attemptTime(signal)));
}

/** The requests for tokens since the last call. */
function tokenRequests(): string[] {
  return github.requests.splice(0).filter((line) => !line.includes('/repos/'));
}

function promoterWith(branches: FakeBranches, outbound: Outbound): PullRequestPromoter {
  return createPullRequestPromoter({
    branches,
    outbound,
    log: logged.log,
    now: () => new Date(Date.now() + passed),
    onForgeRequest: ({ operation, code }) => operations.push(`${operation} ${code}`),
    waits: noWaits(),
  });
}

beforeEach(() => {
  github = startFakeGitHub('/api/v3', { app: APP });
  APP.granted = GRANTED;
  APP.unknown = [];
  APP.asked.length = 0;
  passed = 0;
  operations = [];
  sent = [];
  isEchoing = false;
  logged = createFakeLog();
  branches = fakeBranches(({ branch }) => {
    github.branches.add(branch);
    return { kind: 'pushed', commit: 'c0ffee', changes: [], problems: [] };
  });
  promoter = promoterWith(branches, watched(loopbackOutbound()));
});
afterEach(() => github.stop());

describe('a GitHub App', () => {
  test.each(['pkcs1', 'pkcs8'] as const)('gets a token with a private key in %s', async (format) => {
    await promote({ githubAppPrivateKey: fakeApp(format).privateKey });

    expect(github.requests).toEqual([TOKEN, CREATE]);
    expect(operations).toEqual(['token 201', 'create 201']);
  });

  test('gives Git the token as the password of no named user', async () => {
    await promote({ username: 'jane', password: 'hers', token: FAKE_TOKEN });

    const [, made] = github.tokens;
    expect(branches.updates[0]?.credentials).toMatchObject({ token: made ?? '' });
    expect(branches.updates[0]?.credentials).not.toHaveProperty('username');
    expect(branches.updates[0]?.credentials).not.toHaveProperty('password');
  });

  test('serves the API when Git goes over SSH', async () => {
    const cloud = startFakeGitHub('', { app: APP });
    const sshSecret = secretOf({ ...KEYS, identity: 'KEY', password: 'passphrase', known_hosts: 'host key' });
    const sshBranches = fakeBranches(({ branch }) => {
      cloud.branches.add(branch);
      return { kind: 'pushed', commit: 'c0ffee', changes: [], problems: [] };
    });
    const outbound = routedOutbound(loopbackOutbound(), 'https://api.github.com', cloud.origin);
    const url = 'ssh://git@github.com/acme/fleet.git';
    const result = await carriedOut(
      promoterWith(sshBranches, outbound).prepare(promotionRequest(), { ...settings(), url }, sshSecret),
    );
    await cloud.stop();

    expect(result).toMatchObject({ kind: 'pull-request' });
    const expected = { identity: 'KEY\n', password: 'passphrase', knownHosts: 'host key' };
    expect(sshBranches.updates[0]?.credentials).toMatchObject(expected);
  });

  test('asks once for all promotions that begin together, and again shortly before the token expires', async () => {
    await Promise.all([promote(), promote(), promote()]);
    expect(tokenRequests()).toEqual([TOKEN]);
    passed = 45 * MINUTE;
    await promote();
    expect(tokenRequests()).toEqual([]);
    passed = 51 * MINUTE;
    await Promise.all([promote(), promote()]);
    expect(tokenRequests()).toEqual([TOKEN]);
  });

  test.each([
    ['an organization', 'acme', ['GET /api/v3/orgs/acme/installation', TOKEN]],
    ['a user', 'jane', ['GET /api/v3/orgs/jane/installation', 'GET /api/v3/users/jane/installation', TOKEN]],
  ])('finds the installation of %s', async (_, owner, requests) => {
    await promote({ githubAppInstallationID: '', githubAppInstallationOwner: owner });

    expect(tokenRequests()).toEqual(requests);
  });

  test('gives its token to nobody who has another private key', async () => {
    await promote();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const otherKey = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

    const failure = await failureOf(promote({ githubAppPrivateKey: otherKey }));

    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toContain(
      'check that githubAppID and githubAppPrivateKey belong together, and the clock of the cluster',
    );
  });

  test('asks for a new token when GitHub refuses the one that it has', async () => {
    await promote();
    github.tokens.clear();
    expect(await failureOf(promote())).toMatchObject({ code: 'ForgeUnauthorized' });
    tokenRequests();

    expect(await promote()).toMatchObject({ kind: 'pull-request' });
    expect(tokenRequests()).toEqual([TOKEN]);
  });

  test('merges by its token, and with a new one where that is refused between two requests', async () => {
    await promote();
    const commit = commitOf(BRANCH);
    const [pull] = github.pulls;
    const pullRequest = { number: 1, url: pull?.html_url ?? '', commit };
    const request = taskRequest({ kind: 'merge', mayWait: true }, pullRequest, { settings: settings() });
    const merge = () => promoter.runTask(request, secretOf(keysAt(github.origin)));
    tokenRequests();
    github.meanwhile(() => {});
    github.meanwhile(() => github.tokens.clear());
    expect((await failureOf(merge())).code).toBe('ForgeUnauthorized');
    expect(github.pulls[0]?.merged).toBe(false);
    expect(tokenRequests()).toEqual(['POST /api/graphql']);

    expect(await merge()).toEqual({ kind: 'done' });
    expect(github.pulls[0]?.merged).toBe(true);
    expect(tokenRequests()).toEqual([TOKEN, 'POST /api/graphql']);
  });

  test('that is not installed there gets an error that says so', async () => {
    const failure = await failureOf(promote({ githubAppInstallationID: '12' }));

    expect(failure).toMatchObject({ code: 'ForgeNotFound', retry: 'never' });
    expect(failure.message).toMatch(
      /asked to give a token to the GitHub App in installation 12, answered 404 \(Not Found\): check githubAppInstallationID/,
    );
    expect(branches.updates).toEqual([]);
  });

  test('is tried again when GitHub cannot give a token now', async () => {
    github.fail({ status: 502, body: 'Bad gateway' });

    expect(await failureOf(promote())).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(await promote()).toMatchObject({ kind: 'pull-request' });
  });

  test('stops with the reason of the signal, and the others get their token', async () => {
    const stopping = new AbortController();
    const stopped = promote({}, stopping.signal);
    const other = promote();
    stopping.abort(new Error('the program stops'));

    await expect(stopped).rejects.toThrow('the program stops');
    expect(await other).toMatchObject({ kind: 'pull-request' });
    expect(tokenRequests()).toEqual([TOKEN]);
  });

  test('leaves no key or token in the log, even when GitHub sends it back', async () => {
    isEchoing = true;
    const refused = await failureOf(promote());
    isEchoing = false;
    await promote();

    expect(refused.message).toContain('answered 422 (no bearer ***)');
    const said = `${logged.lines.join('')}${refused.message}`;
    const secrets = [
      ...sent.map((header) => header.split(' ')[1] ?? ''),
      APP.privateKey.split('\n')[1] ?? '',
    ];
    expect(secrets.map((secret) => secret.length > 20 && !said.includes(secret))).toEqual(
      Array(5).fill(true),
    );
  });

  const BASES: readonly [string, string][] = [
    ["the API's address", 'ORIGIN/api/v3'],
    ["the API's address with a slash", 'ORIGIN/api/v3/'],
    ['the address of the server', 'ORIGIN'],
  ];
  test.each(BASES)('may name %s, %s', async (_, base) => {
    const githubAppBaseURL = base.replace('ORIGIN', github.origin);

    expect(await promote({ githubAppBaseURL })).toMatchObject({ kind: 'pull-request' });
  });

  const OTHER_BASES: readonly [string, string][] = [
    ['another server', 'https://github.example.com/api/v3'],
    ['another port', 'http://127.0.0.1:1/api/v3'],
    ['no address', 'hunter2'],
  ];
  test.each(OTHER_BASES)('is refused when it names %s, %s, as the place of its API', async (_, base) => {
    const failure = await failureOf(promote({ githubAppBaseURL: base }));

    expect(failure).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    const sentence = `The key githubAppBaseURL of the Secret is not the API of the repository's forge, ${github.origin}/api/v3:`;
    expect(failure.message).toContain(sentence);
    expect(failure.message).not.toContain(base);
    expect(github.requests).toEqual([]);
  });

  test('of a Secret that names no API is sent to GitHub alone', async () => {
    const failure = await failureOf(
      carriedOut(promoter.prepare(promotionRequest(), settings(), secretOf(KEYS), undefined)),
    );

    expect(failure).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    const { host } = new URL(github.origin);
    expect(failure.message).toContain(
      `no githubAppBaseURL, which makes it an app of github.com or ghe.com, and the repository is at ${host}: put https://${host}/api/v3 into that key`,
    );
    expect(github.requests).toEqual([]);
    expect(sent).toEqual([]);
  });

  test.each([
    ['https://github.com', 'https://api.github.com'],
    ['https://acme.ghe.com', 'https://api.acme.ghe.com'],
  ])('of a Secret that names no API serves %s by %s', async (host, api) => {
    const cloud = startFakeGitHub('', { app: APP });
    const cloudBranches = fakeBranches(({ branch }) => {
      cloud.branches.add(branch);
      return { kind: 'pushed', commit: 'c0ffee', changes: [], problems: [] };
    });
    const outbound = routedOutbound(loopbackOutbound(), api, cloud.origin);
    const url = `${host}/acme/fleet`;
    const cloudPromoter = promoterWith(cloudBranches, outbound);
    const result = await carriedOut(
      cloudPromoter.prepare(promotionRequest(), { ...settings(), url }, secretOf(KEYS)),
    );
    await cloud.stop();

    expect(result).toMatchObject({ kind: 'pull-request' });
  });
});

describe('the token of a GitHub App', () => {
  const PLAIN = { contents: 'write', pull_requests: 'write', statuses: 'write' };
  const RIGHTS = { ...PLAIN, merge_queues: 'write' };

  test('is asked for one repository and for no more rights than are needed', async () => {
    await promote();

    expect(APP.asked).toEqual([{ repositories: ['fleet'], permissions: RIGHTS }]);
  });

  test('does without merge queues where the installation has no right to them', async () => {
    const { merge_queues: _, ...granted } = GRANTED;
    APP.granted = granted;
    await promote();

    expect(operations).toEqual(['token 422', 'token 201', 'create 201']);
    expect(APP.asked.map((asked) => (asked as { permissions: object }).permissions)).toEqual([RIGHTS, PLAIN]);
  });

  test('does without merge queues where an older Enterprise Server does not know that right', async () => {
    APP.unknown = ['merge_queues'];
    await promote();

    expect(operations).toEqual(['token 422', 'token 201', 'create 201']);
  });

  test('of one repository serves no other', async () => {
    await promote();
    const secret = secretOf(keysAt(github.origin));
    // The stand-in has one repository alone; the token comes first.
    await failureOf(carriedOut(promoter.prepare(promotionRequest(), settings('other'), secret)));
    await promote();

    expect(APP.asked).toEqual([
      { repositories: ['fleet'], permissions: RIGHTS },
      { repositories: ['other'], permissions: RIGHTS },
    ]);
    const used = sent.filter((header) => header.startsWith('token '));
    expect(new Set(used).size).toBe(2);
  });

  test('that the installation has no right to is refused with the right that it lacks', async () => {
    const { statuses: _, ...granted } = GRANTED;
    APP.granted = { ...granted, contents: 'read' };
    const failure = await failureOf(promote());

    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(failure.message).toEndWith(
      'gives no token of installation 815 for the repository fleet (The permissions requested are not granted to this installation.): give the app Contents and Commit statuses in its settings, read and write, and accept the change where it is installed.',
    );
    expect(branches.updates).toEqual([]);
  });

  test('for a repository that the installation does not reach is refused with its name', async () => {
    const secret = secretOf(keysAt(github.origin));
    const failure = await failureOf(
      carriedOut(promoter.prepare(promotionRequest(), settings('secret'), secret)),
    );

    expect(failure).toMatchObject({ code: 'ForgeNotFound', retry: 'never' });
    expect(failure.message).toEndWith(
      'give the installation of the app access to the repository secret, or correct the URL.',
    );
  });
});
