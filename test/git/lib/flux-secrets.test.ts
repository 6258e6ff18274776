import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import {
  credentialsFrom,
  forGit,
  gitCredentialsFrom,
  type PartSecrets,
} from '../../../src/lib/forges/credentials/credentials.ts';
import type { ForgeType } from '../../../src/lib/forges/types.ts';
import { createOutbound, type OutboundDeps } from '../../../src/lib/net/outbound.ts';
import { failureOf } from '../../fakes/failure.ts';
import { type FakeProxy, startFakeProxy } from '../../fakes/proxy.ts';
import {
  type ClusterCertificates,
  createClientCertificate,
  createClusterCertificates,
} from '../../lab/certificates.ts';
import { createTestRepository, type TestRepository } from '../stage/repository.ts';
import { type GitServer, type GitServerOptions, startGitServer } from '../stage/server.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../stage/support.ts';

/** Secrets as Flux has them, against Git servers that take nothing else. */

const TOKEN = 'BBDC-0123456789';

let certificates: ClusterCertificates;
let clients: Awaited<ReturnType<typeof createClientCertificate>>;
let others: Awaited<ReturnType<typeof createClientCertificate>>;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  certificates = await createClusterCertificates(['git.example']);
  clients = await createClientCertificate('clients');
  others = await createClientCertificate('others');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function secret(keys: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(keys).map(([key, value]) => [key, new TextEncoder().encode(value)]));
}

interface Stage {
  readonly server: GitServer;
  readonly repository: TestRepository;
  readonly branches: TestBranches;
  readonly url: string;
}

async function stageOf(options: GitServerOptions, deps: OutboundDeps = {}): Promise<Stage> {
  const server = await startGitServer(options);
  const repository = await createTestRepository(server.directory, 'app.git', { 'a.yaml': marked('1.0.0') });
  const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1'] }, deps);
  const branches = await testBranches({ outbound });
  open.push(server, branches);
  return { server, repository, branches, url: `${server.url}/app.git` };
}

function pushed({ branches, url }: Stage, credentials: ReturnType<typeof gitCredentialsFrom>) {
  return branches.updateBranch(branchUpdate(url, { credentials }));
}

const part = (keys: Readonly<Record<string, string>>) => ({
  values: secret(keys),
  where: 'Secret team/part',
});
const git = (keys: Readonly<Record<string, string>>, parts: PartSecrets = {}) =>
  gitCredentialsFrom(secret(keys), 'Secret team/git', parts);

function ofForge(keys: Readonly<Record<string, string>>, type: ForgeType) {
  const credentials = credentialsFrom(secret(keys), 'Secret team/git', type);
  if ('app' in credentials) throw new Error('it is an app');
  return credentials;
}

describe('a Git server that takes bearer tokens alone', () => {
  test('refuses the token as the password of anyone, in words that do not hold it', async () => {
    const stage = await stageOf({ bearer: TOKEN });
    for (const user of ['x-token-auth', 'x-access-token', 'jane']) {
      const error = await failureOf(pushed(stage, { username: user, password: TOKEN }));
      expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
      expect(error.message).not.toContain(TOKEN);
    }
  });

  test('is pushed to with the bearerToken of a Secret of Flux, which wins over a user and a password', async () => {
    const stage = await stageOf({ bearer: TOKEN });
    const credentials = git({ bearerToken: `${TOKEN}\n`, username: 'jane', password: 'hunter2' });
    expect((await pushed(stage, credentials)).kind).toBe('pushed');
    expect(await stage.repository.read(BRANCH, 'a.yaml')).toBe(marked('2.0.0'));
    expect(new Set(stage.server.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${TOKEN}`]),
    );
  });

  test('is pushed to with the token of a project or repository of Bitbucket Data Center', async () => {
    const stage = await stageOf({ bearer: TOKEN });
    const credentials = forGit(ofForge({ token: TOKEN }, 'bitbucket-server'), { takesBearer: true });
    expect((await pushed(stage, credentials)).kind).toBe('pushed');
  });

  test('is of no use for a person with a password, whom Bitbucket takes by it', async () => {
    const credentials = ofForge({ token: TOKEN, username: 'jane', password: 'hunter2' }, 'bitbucket-server');
    expect(forGit(credentials, { takesBearer: true })).toBe(credentials);
    const stage = await stageOf({ login: 'jane:hunter2' });
    expect((await pushed(stage, credentials)).kind).toBe('pushed');
  });

  test('does not show the bearer token where it sends it back', async () => {
    const stage = await stageOf({});
    stage.server.intercept = (request) =>
      new Response(`no: ${request.headers.get('authorization')}`, { status: 403 });
    const error = await failureOf(pushed(stage, git({ bearerToken: TOKEN })));
    expect(error.message).toContain('It says: no: Bearer ***');
  });
});

describe('a Git server that asks its callers for a certificate', () => {
  const tls = () => ({ tls: certificates.apiserver, clients: clients.ca });
  const pair = () => ({ 'tls.crt': clients.client.cert, 'tls.key': clients.client.key });

  test('lets nobody in without one, nor with one of another authority', async () => {
    const stage = await stageOf(tls());
    const ca = { token: 't', 'ca.crt': certificates.ca };
    const error = await failureOf(pushed(stage, git(ca)));
    expect(error).toMatchObject({ code: 'GitUnavailable' });
    expect(error.message).toContain(
      'a client certificate, which goes into tls.crt and tls.key of the Secret',
    );
    const foreign = { 'tls.crt': others.client.cert, 'tls.key': others.client.key };
    expect(await failureOf(pushed(stage, git({ ...ca, ...foreign })))).toMatchObject({
      code: 'GitUnavailable',
    });
    expect(stage.server.requests).toEqual([]);
  });

  test('is pushed to with tls.crt, tls.key and ca.crt of the Secret', async () => {
    const stage = await stageOf(tls());
    const credentials = git({ token: 't', ...pair(), 'ca.crt': certificates.ca });
    expect((await pushed(stage, credentials)).kind).toBe('pushed');
    // One connection after another has it, and none is shared with those who have none.
    expect((await pushed(stage, credentials)).kind).toBe('unchanged');
    const without = git({ token: 't', 'ca.crt': certificates.ca });
    expect(await failureOf(pushed(stage, without))).toMatchObject({ code: 'GitUnavailable' });
  });

  test('is pushed to with the older names certFile, keyFile and caFile', async () => {
    const stage = await stageOf(tls());
    const older = { certFile: clients.client.cert, keyFile: clients.client.key, caFile: certificates.ca };
    expect((await pushed(stage, git({ token: 't', ...older }))).kind).toBe('pushed');
  });

  test('is pushed to with a Secret of its own for TLS, as certSecretRef names it', async () => {
    const stage = await stageOf(tls());
    const parts = { tls: part({ ...pair(), 'ca.crt': certificates.ca }) };
    expect((await pushed(stage, git({ token: 't' }, parts))).kind).toBe('pushed');
  });

  test('is reached through a proxy of the Secret that proxySecretRef names', async () => {
    const port = (stage: Stage) => Number(new URL(stage.server.url).port);
    const stage = await stageOf(tls());
    const proxy = await startFakeProxy({ routes: { 'git.example:443': port(stage) }, login: 'me:p@ss:w/rd' });
    open.push({ close: proxy.stop });
    const address = `http://${proxy.host}`;
    const parts = {
      tls: part({ ...pair(), 'ca.crt': certificates.ca }),
      proxy: part({ address, username: 'me', password: 'p@ss:w/rd' }),
    };
    const credentials = git({ token: 't' }, parts);
    expect((await pushed({ ...stage, url: 'https://git.example/app.git' }, credentials)).kind).toBe('pushed');
    expect(new Set(proxy.requests)).toEqual(new Set(['CONNECT git.example:443']));
  });
});

describe('a proxy that a Pipeline names', () => {
  let proxy: FakeProxy;

  async function proxied(deps: OutboundDeps = {}, insecure = ['127.0.0.1']) {
    const server = await startGitServer({ tls: certificates.apiserver });
    const routes = { 'git.example:443': Number(new URL(server.url).port) };
    proxy = await startFakeProxy({ routes, login: 'me:hunter2' });
    open.push(server, { close: () => proxy.stop() });
    const outbound = createOutbound({ allowed: [], insecure }, deps);
    const send = (address: string, url = 'https://git.example/a') =>
      outbound.send({ url, proxy: new URL(address), ca: certificates.ca, timeoutMs: 5_000, purpose: 'git' });
    server.intercept = () => new Response('here');
    return { server, send, there: `http://me:hunter2@${proxy.host}` };
  }

  test("is taken in the place of the environment's, whatever NO_PROXY says", async () => {
    const { send, there } = await proxied({ proxyFor: () => new URL('http://127.0.0.1:9') });
    expect(await (await send(there)).text()).toBe('here');
    expect(proxy.requests).toEqual(['CONNECT git.example:443']);
  });

  test('that refuses the login says which keys are wrong, and not what they hold', async () => {
    const { send } = await proxied();
    const error = await failureOf(send(`http://me:wrong-one@${proxy.host}`));
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toBe(
      `git.example could not be reached through the proxy ${proxy.host}: the proxy asks for a user and a password (HTTP 407): put valid ones into the keys username and password of the Secret that proxySecretRef names.`,
    );
    expect(Bun.inspect(error)).not.toContain('wrong-one');
  });

  test('opens no way for others that trust another authority, nor to a host of another name', async () => {
    const { send, server } = await proxied();
    const port = Number(new URL(server.url).port);
    const tunnel = await startFakeProxy({ routes: { 'git.example:443': port, 'else.example:443': port } });
    open.push({ close: tunnel.stop });
    const address = `http://${tunnel.host}`;
    expect((await send(address)).status).toBe(200);
    const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1'] });
    const request = { url: 'https://git.example/a', proxy: new URL(address) };
    for (const ca of [{}, { ca: clients.ca }]) {
      const error = await failureOf(outbound.send({ ...request, ...ca }));
      expect(error.message).toContain('its certificate is not trusted');
    }
    expect((await failureOf(send(address, 'https://else.example/a'))).message).toContain(
      'its certificate is for other names',
    );
  });

  test('by https has to have a certificate of an authority that is trusted', async () => {
    const server = await startGitServer({ tls: certificates.apiserver });
    server.intercept = () => new Response('here');
    const routes = { 'git.example:443': Number(new URL(server.url).port) };
    proxy = await startFakeProxy({ routes, tls: certificates.apiserver });
    open.push(server, { close: () => proxy.stop() });
    const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1'] });
    const request = { url: 'https://git.example/a', proxy: new URL(`https://${proxy.host}`) };
    expect(await (await outbound.send({ ...request, ca: certificates.ca })).text()).toBe('here');
    const error = await failureOf(outbound.send(request));
    expect(error.message).toContain('its certificate is not trusted');
    expect(proxy.requests).toEqual(['CONNECT git.example:443']);
  });

  test.each([
    ['a loopback address', 'http://127.0.0.1:3128'],
    ['a metadata address', 'http://169.254.169.254'],
    ['a name of loopback', 'https://localhost:3128'],
  ])('at %s is not connected to', async (_, address) => {
    const { send } = await proxied({}, ['git.example']);
    const error = await failureOf(send(address));
    expect(error).toMatchObject({ code: 'HostNotAllowed', retry: 'never' });
    expect(error.message).toStartWith('The proxy that proxySecretRef names is not used: ');
    expect(proxy.requests).toEqual([]);
  });

  test('whose name leads to a forbidden address is not connected to', async () => {
    const lookup = async () => ['169.254.169.254'];
    const { send } = await proxied({ lookup }, []);
    const error = await failureOf(send('http://proxy.example:3128'));
    expect(error).toMatchObject({ code: 'HostNotAllowed', retry: 'never' });
    expect(error.message).toContain('proxy.example resolves to 169.254.169.254');
  });

  test('is connected to at the address that was looked at, and named by its name', async () => {
    // Of the documentation's network (RFC 5737), where nothing answers.
    const outbound = createOutbound({ allowed: [], insecure: [] }, { lookup: async () => ['192.0.2.1'] });
    const request = { url: 'https://git.example/a', proxy: new URL('http://proxy.example:3128') };
    const error = await failureOf(outbound.send({ ...request, timeoutMs: 200 }));
    expect(error.message).toStartWith(
      'git.example could not be reached through the proxy proxy.example:3128: ',
    );
    // That would be so if its name had been looked up once more.
    expect(error.message).not.toContain('DNS');
  });

  test('does not lead to hosts that are not allowed', async () => {
    const { send, there } = await proxied();
    for (const url of ['https://169.254.169.254/a', 'https://localhost/a', 'http://git.example/a']) {
      expect(await failureOf(send(there, url))).toMatchObject({ code: 'HostNotAllowed' });
    }
    expect(proxy.requests).toEqual([]);
  });

  test('is one of --git-hosts, where there are any', async () => {
    const outbound = createOutbound({ allowed: ['git.example'], insecure: [] });
    const request = { url: 'https://git.example/a', proxy: new URL('http://proxy.example:3128') };
    expect((await failureOf(outbound.send(request))).message).toBe(
      'The proxy that proxySecretRef names is not used: proxy.example:3128 is not one of the hosts in --git-hosts.',
    );
  });

  test('is sent nothing of what others have fetched of the repository', async () => {
    const stage = await stageOf({ tls: certificates.apiserver });
    const credentials = git({ token: 't', 'ca.crt': certificates.ca });
    expect((await pushed(stage, credentials)).kind).toBe('pushed');
    const { host, port } = new URL(stage.server.url);
    proxy = await startFakeProxy({ routes: { [host]: Number(port) } });
    open.push({ close: () => proxy.stop() });
    stage.server.requests.length = 0;
    const proxied = { ...credentials, proxy: `http://${proxy.host}/` };
    const update = branchUpdate(stage.url, { credentials: proxied, branch: 'promotion-other' });
    expect((await stage.branches.updateBranch(update)).kind).toBe('pushed');
    // It had to show the commit whole, though there is a copy of it.
    expect(stage.server.requests.map(({ line }) => line)).toContain('POST /app.git/git-upload-pack');
  });
});
