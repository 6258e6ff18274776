import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createOutbound, type Outbound } from '../../../src/lib/net/outbound.ts';
import { createProxyFor, type ProxyVariables } from '../../../src/lib/net/proxy.ts';
import { withEnvironment } from '../../fakes/environment.ts';
import { failureOf } from '../../fakes/failure.ts';
import { type FakeProxy, startFakeProxy } from '../../fakes/proxy.ts';
import { type ClusterCertificates, createClusterCertificates } from '../../lab/certificates.ts';
import { createTestRepository } from '../stage/repository.ts';
import { type GitServer, startGitServer } from '../stage/server.ts';
import { BRANCH, branchUpdate, marked, testBranches } from '../stage/support.ts';

const HOST = 'forge.example';
const LOGIN = 'me:hunter2';
const URL_HERE = `https://${HOST}/app.git`;

let certificates: ClusterCertificates;
let server: GitServer;
let proxy: FakeProxy;

beforeAll(async () => {
  certificates = await createClusterCertificates([HOST]);
});

beforeEach(async () => {
  server = await startGitServer({ tls: certificates.apiserver });
  const port = Number(new URL(server.url).port);
  proxy = await startFakeProxy({ routes: { [`${HOST}:443`]: port }, login: LOGIN });
});
afterEach(async () => {
  await proxy.stop();
  await server.close();
});

/** The real outbound client behind the proxy. Names are looked up nowhere: a lookup fails the test. */
function outboundWith(variables: Partial<ProxyVariables> = {}, insecure: readonly string[] = []): Outbound {
  const https = `http://${LOGIN}@${proxy.host}`;
  const proxyFor = createProxyFor({ http: '', https, except: '', ...variables });
  const lookup = (name: string) => Promise.reject(new Error(`${name} is looked up here`));
  return createOutbound({ allowed: [], insecure }, { proxyFor, lookup });
}

const send = (outbound: Outbound, url = URL_HERE) =>
  outbound.send({ url, ca: certificates.ca, timeoutMs: 5_000 });

describe('a proxy', () => {
  test('carries fetch and push of Git, to a host with a private certificate authority', async () => {
    const repository = await createTestRepository(server.directory, 'app.git', { 'a.yaml': marked('1.0.0') });
    const branches = await testBranches({ outbound: outboundWith() });
    const credentials = { token: 'a token', caFile: certificates.ca };
    const promote = (revision: string) =>
      branches.updateBranch(branchUpdate(URL_HERE, { credentials, revision }));
    expect((await promote('2.0.0')).kind).toBe('pushed');
    expect((await promote('3.0.0')).kind).toBe('pushed');
    expect((await promote('3.0.0')).kind).toBe('unchanged');
    await branches.close();
    expect(await repository.read(BRANCH, 'a.yaml')).toBe(marked('3.0.0'));
    const posted = (service: string) =>
      server.requests.filter(({ line }) => line === `POST /app.git/${service}`);
    expect(posted('git-upload-pack').length).toBeGreaterThan(0);
    expect(posted('git-receive-pack')).toHaveLength(2);
    expect(proxy.requests.length).toBeGreaterThan(0);
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${HOST}:443`]));
  });

  test("checks the forge's certificate all the same", async () => {
    const error = await failureOf(outboundWith().send({ url: URL_HERE }));
    expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(error.message).toContain(`${HOST} could not be reached through the proxy ${proxy.host}: `);
    expect(error.message).toContain('certificate is not trusted');
  });

  test('hears neither of the token nor of what is said by https', async () => {
    const authorization = 'token secret';
    server.intercept = (request) => new Response(request.headers.get('authorization'));
    const answer = await outboundWith().send({
      url: URL_HERE,
      headers: { authorization },
      ca: certificates.ca,
    });
    expect(await answer.text()).toBe(authorization);
    expect(proxy.requests).toEqual([`CONNECT ${HOST}:443`]);
    expect(proxy.headers.join()).not.toContain(authorization);
  });

  test('is left aside for hosts of NO_PROXY, and for loopback', async () => {
    server.intercept = () => new Response('here');
    const around = await failureOf(send(outboundWith({ except: `.other.example,${HOST}` })));
    expect(around.message).toBe(`${HOST} could not be reached: ${HOST} is looked up here`);
    const { host } = new URL(server.url);
    expect(await (await send(outboundWith({}, [host]), server.url)).text()).toBe('here');
    expect(proxy.requests).toEqual([]);
  });

  test('of the environment is none of ours unless it was handed in', async () => {
    server.intercept = () => new Response('here');
    const { host } = new URL(server.url);
    const direct = createOutbound({ allowed: [], insecure: [host] });
    const environment = { HTTPS_PROXY: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' };
    const answer = await withEnvironment(environment, () => send(direct, server.url));
    expect(await answer.text()).toBe('here');
    server.intercept = () => new Response('there');
    const through = await withEnvironment({ NO_PROXY: HOST }, () => send(outboundWith()));
    expect(await through.text()).toBe('there');
    expect(proxy.requests).toHaveLength(1);
  });

  test.each(['https://169.254.169.254/a', 'https://[::1]/a', 'https://metadata.google.internal/a'])(
    'is not asked for %s',
    async (url) => {
      expect((await failureOf(send(outboundWith(), url))).code).toBe('HostNotAllowed');
      expect(proxy.requests).toEqual([]);
    },
  );

  test('is not asked for hosts that are not listed', async () => {
    const proxyFor = createProxyFor({ http: '', https: `http://${proxy.host}`, except: '' });
    const strict = createOutbound({ allowed: ['git.example'], insecure: [] }, { proxyFor });
    expect((await failureOf(send(strict))).code).toBe('HostNotAllowed');
    expect(proxy.requests).toEqual([]);
  });

  test('does not carry Git over SSH', async () => {
    const { port } = new URL(server.url);
    const url = `ssh://git@127.0.0.1:${port}/app.git`;
    (await outboundWith({}, [`127.0.0.1:${port}`]).dial(url)).destroy();
    expect((await failureOf(outboundWith().dial(`ssh://git@${HOST}/app.git`))).message).toContain(
      'is looked up here',
    );
    expect(proxy.requests).toEqual([]);
  });
});

describe('a proxy that does not serve', () => {
  /** The errors of an outbound client behind a proxy, by both ways through it. */
  async function sentences(address: string, login: string): Promise<string[]> {
    const proxyUrl = `http://${login}@${address}`;
    const outbound = outboundWith({ http: proxyUrl, https: proxyUrl }, [`${HOST}:80`]);
    const errors = [
      await failureOf(send(outbound)),
      await failureOf(send(outbound, `http://${HOST}/app.git`)),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
      expect(Bun.inspect(error)).not.toContain('hunter2');
      expect(Bun.inspect(error)).not.toContain(Buffer.from(login).toString('base64'));
    }
    return errors.map(({ message }) => message);
  }

  const through = (address: string) => `${HOST} could not be reached through the proxy ${address}: `;

  test('because it is down is named', async () => {
    const sentence = `${through('127.0.0.1:9')}the proxy refused the connection.`;
    expect(await sentences('127.0.0.1:9', LOGIN)).toEqual([sentence, sentence]);
  });

  test('because nobody knows its name is named', async () => {
    const sentence = `${through('proxy.invalid:3128')}DNS does not know the name of the proxy.`;
    expect(await sentences('proxy.invalid:3128', LOGIN)).toEqual([sentence, sentence]);
  });

  test('because it wants another password says where that belongs', async () => {
    const advice = (variable: string) =>
      `${through(proxy.host)}the proxy asks for a user and a password (HTTP 407): put valid ones into ${variable}, as http://USER:PASSWORD@HOST:PORT.`;
    const expected = [advice('HTTPS_PROXY'), advice('HTTP_PROXY')];
    expect(await sentences(proxy.host, 'me:not-hunter2')).toEqual(expected);
  });

  test('because it does not reach the forge says with which status', async () => {
    const error = await failureOf(send(outboundWith(), 'https://unknown.example/a'));
    const expected = `unknown.example could not be reached through the proxy ${proxy.host}: the proxy answered with HTTP 502.`;
    expect(error.message).toBe(expected);
  });

  test('because it never answers is given up', async () => {
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const address = `127.0.0.1:${silent.port}`;
    const outbound = outboundWith({ https: `http://${LOGIN}@${address}` });
    const error = await failureOf(outbound.send({ url: URL_HERE, timeoutMs: 300, purpose: 'git' }));
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toBe(`${through(address)}it gave no answer within 0.3 s.`);
    silent.stop(true);
  });
});
