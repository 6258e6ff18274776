import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:net';
import { stringify } from 'yaml';
import { createHostCheck, type HostCheck } from '../../../src/lib/kube/client/host-check.ts';
import { createRoute } from '../../../src/lib/kube/client/route.ts';
import { createKubeClient, type KubeClient } from '../../../src/lib/kube/client/transport.ts';
import type { ClusterHosts } from '../../../src/lib/net/cluster-hosts.ts';
import { type Lookup, remembered } from '../../../src/lib/net/lookup.ts';
import { remoteKubeConfig } from '../../../src/observe/clusters/kubeconfig.ts';
import { failureOf } from '../../fakes/failure.ts';
import { type FakeProxy, startFakeProxy } from '../../fakes/proxy.ts';
import { type ClusterCertificates, createClusterCertificates } from '../../lab/certificates.ts';
import { toBase64 } from '../../lab/kubeconfig.ts';

/** Where the kubeconfig of another cluster leads. All of this happens at loopback, whatever names there are. */

const NAME = 'leaf.example.com';
const POD: ClusterHosts = { allowed: [], insecure: [], allowLoopback: false };
const LOOPBACK: ClusterHosts = { ...POD, allowLoopback: true };

let certificates: ClusterCertificates;
let server: ReturnType<typeof startServer>;
/** What the API server was asked: who asked, and by which name of the server. */
const asked: string[] = [];
const behaviours: Record<string, () => Response> = {
  '/version': () => Response.json({ major: '1' }),
};
const ended: (() => unknown)[] = [];

function startServer() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: {
      cert: certificates.apiserver.cert,
      key: certificates.apiserver.key,
      ca: certificates.ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    fetch(request) {
      asked.push(`${request.headers.get('host')} ${new URL(request.url).pathname}`);
      return behaviours[new URL(request.url).pathname]?.() ?? new Response('', { status: 404 });
    },
  });
}

beforeAll(async () => {
  certificates = await createClusterCertificates([NAME]);
  server = startServer();
});

afterAll(() => server.stop(true));

afterEach(async () => {
  for (const end of ended.splice(0)) await end();
  asked.length = 0;
});

interface Kubeconfig {
  readonly server: string;
  readonly more?: Readonly<Record<string, string>>;
}

function clientOf(kubeconfig: Kubeconfig, hosts: ClusterHosts, checkHost: HostCheck): KubeClient {
  const text = stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [
      {
        name: 'k',
        cluster: {
          server: kubeconfig.server,
          'certificate-authority-data': toBase64(certificates.ca),
          ...kubeconfig.more,
        },
      },
    ],
    users: [
      {
        name: 'u',
        user: {
          token: 'the-token-of-the-user',
          'client-certificate-data': toBase64(certificates.admin.cert),
          'client-key-data': toBase64(certificates.admin.key),
        },
      },
    ],
  });
  const client = createKubeClient(remoteKubeConfig(text, { where: 'Secret apps/leaf', hosts }), {
    checkHost,
  });
  ended.push(() => client.close());
  return client;
}

function lookupOf(names: Readonly<Record<string, readonly string[]>>, seen: string[] = []): Lookup {
  return async (host) => {
    seen.push(host);
    const found = names[host];
    if (found) return found;
    throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  };
}

function connect(kubeconfig: Kubeconfig, hosts: ClusterHosts, lookup: Lookup): KubeClient {
  return clientOf(kubeconfig, hosts, createHostCheck(hosts, lookup));
}

const version = (client: KubeClient, path = '/version') =>
  client.request({ method: 'GET', path, timeoutMs: 2_000 });

/** A port at loopback that says what it was sent. */
async function startPort(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const listener: Server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).on('data', () => socket.end('HTTP/1.1 500 no\r\n\r\n'));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  ended.push(() => listener.close());
  const address = listener.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: () => connections,
  };
}

async function startProxy(): Promise<FakeProxy> {
  const proxy = await startFakeProxy({ routes: { [`${NAME}:6443`]: server.port ?? 0 } });
  ended.push(proxy.stop);
  return proxy;
}

describe('the name of an API server that leads to an address of ours', () => {
  test('is not connected to, whatever tls-server-name and CA its kubeconfig has', async () => {
    const kubeconfig = { server: `https://tenant.example:${server.port}`, more: { 'tls-server-name': NAME } };
    const client = connect(kubeconfig, POD, lookupOf({ 'tenant.example': ['10.0.0.1', '127.0.0.1'] }));
    expect(await failureOf(version(client))).toMatchObject({
      code: 'HostNotAllowed',
      message:
        'The API server of the kubeconfig is not connected to: tenant.example resolves to 127.0.0.1, a loopback, link-local or metadata address, where no other cluster is.',
    });
    expect([asked, client.available()]).toEqual([[], false]);
  });

  test('is not connected to behind a proxy either', async () => {
    const proxy = await startProxy();
    const hosts = { ...POD, insecure: [proxy.host] };
    const kubeconfig = {
      server: 'https://tenant.example:6443',
      more: { 'proxy-url': `http://${proxy.host}` },
    };
    const client = connect(kubeconfig, hosts, lookupOf({ 'tenant.example': ['169.254.169.254'] }));
    expect((await failureOf(version(client))).message).toContain(
      'tenant.example resolves to 169.254.169.254',
    );
    expect(proxy.requests).toEqual([]);
  });
});

describe('the name of a proxy that leads to an address of ours', () => {
  test.each(['http', 'https'])('is sent nothing by %s', async (scheme) => {
    const { port, connections } = await startPort();
    const more = { 'proxy-url': `${scheme}://tenant.example:${port}` };
    const lookup = lookupOf({ 'tenant.example': ['127.0.0.1'], [NAME]: ['10.0.0.1'] });
    const client = connect({ server: `https://${NAME}:6443`, more }, POD, lookup);
    expect(await failureOf(version(client))).toMatchObject({ code: 'HostNotAllowed' });
    expect(connections()).toBe(0);
  });
});

describe('the address that was checked', () => {
  test('is the one that is connected to, under the name of the host', async () => {
    const seen: string[] = [];
    const lookup = lookupOf({ [NAME]: ['127.0.0.1'] }, seen);
    const client = connect({ server: `https://${NAME}:${server.port}/` }, LOOPBACK, lookup);
    expect(await version(client)).toEqual({ major: '1' });
    expect([asked, seen]).toEqual([[`${NAME}:${server.port} /version`], [NAME]]);
  });

  test('has to show a certificate for the name, not for itself', async () => {
    const lookup = lookupOf({ 'other.example': ['127.0.0.1'] });
    const at = `https://other.example:${server.port}`;
    const error = await failureOf(version(connect({ server: at }, LOOPBACK, lookup)));
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const more = { 'tls-server-name': NAME };
    expect(await version(connect({ server: at, more }, LOOPBACK, lookup))).toEqual({ major: '1' });
  });

  test('is followed by the next one where nobody listens', async () => {
    const lookup = lookupOf({ [NAME]: ['127.0.0.2', '127.0.0.1'] });
    const client = connect({ server: `https://${NAME}:${server.port}` }, LOOPBACK, lookup);
    expect(await version(client)).toEqual({ major: '1' });
  });

  test('may be that of a proxy, which looks up the server by itself', async () => {
    const proxy = await startProxy();
    const port = new URL(`http://${proxy.host}`).port;
    const more = { 'proxy-url': `http://proxy.example:${port}` };
    const lookup = lookupOf({ 'proxy.example': ['127.0.0.1'] });
    const client = connect({ server: `https://${NAME}:6443`, more }, LOOPBACK, lookup);
    expect(await version(client)).toEqual({ major: '1' });
    expect(proxy.requests).toEqual([`CONNECT ${NAME}:6443`]);
    const refused = connect({ server: 'https://unknown.example:6443', more }, LOOPBACK, lookup);
    expect((await failureOf(version(refused))).message).toEndWith('the proxy answered with HTTP 502.');
  });

  test('that failed is tried after the others', async () => {
    const checkHost: HostCheck = async () => ({
      addresses: ['10.0.0.1', '10.0.0.2', '2001:db8::1'],
      isQuotable: true,
    });
    const route = createRoute({ server: `https://${NAME}:6443/a`, proxy: undefined, checkHost });
    const order = async () => (await route.endpoints()).map(({ base }) => base);
    const [first, second, third] = await route.endpoints();
    if (!first || !second || !third) throw new Error('there are fewer endpoints than addresses');
    expect(await order()).toEqual([
      'https://10.0.0.1:6443/a',
      'https://10.0.0.2:6443/a',
      'https://[2001:db8::1]:6443/a',
    ]);
    route.failed(first);
    expect((await order())[0]).toBe(second.base);
    route.failed(second);
    expect((await order())[0]).toBe(third.base);
    route.failed(third);
    expect((await order())[0]).toBe(first.base);
  });

  test('is one of eight at most', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `10.0.1.${index}`);
    const checked = await createHostCheck(POD, lookupOf({ [NAME]: many }))(
      'server',
      new URL(`https://${NAME}`),
    );
    expect(checked.addresses).toEqual(many.slice(0, 8));
  });

  test('is waited for no longer than the request may last', async () => {
    const never: Lookup = () => new Promise(() => undefined);
    const client = connect({ server: `https://${NAME}` }, POD, never);
    const error = await failureOf(client.request({ method: 'GET', path: '/version', timeoutMs: 100 }));
    expect(error.message).toContain('did not answer GET /version within 100 ms');
  });

  test('is asked for once by many requests', async () => {
    const seen: string[] = [];
    const lookup = remembered(lookupOf({ [NAME]: ['127.0.0.1'] }, seen));
    const client = connect({ server: `https://${NAME}:${server.port}` }, LOOPBACK, lookup);
    await Promise.all(Array.from({ length: 8 }, () => version(client)));
    await version(client);
    expect([seen, asked.length]).toEqual([[NAME], 9]);
    await failureOf(version(connect({ server: 'https://unknown.example' }, LOOPBACK, lookup)));
    await failureOf(version(connect({ server: 'https://unknown.example' }, LOOPBACK, lookup)));
    expect(seen).toEqual([NAME, 'unknown.example', 'unknown.example']);
  });

  test('is unknown where DNS does not know the name', async () => {
    const error = await failureOf(version(connect({ server: `https://${NAME}` }, POD, lookupOf({}))));
    expect(error.message).toBe(`The API server https://${NAME} cannot be reached: ENOTFOUND.`);
  });
});

describe('what an API server says', () => {
  const LONG = 'x'.repeat(2_000);
  const answer = (status: number, body: object) => () => Response.json(body, { status });
  const hostile = answer(403, {
    reason: 'Forbidden',
    message: `internal\u202e words\u0007\n the-token-of-the-user \u200b${LONG}`,
  });
  const at = { '127.0.0.1': ['127.0.0.1'], [NAME]: ['127.0.0.1'] };

  async function said(hosts: ClusterHosts, behave: () => Response, checkHost?: HostCheck): Promise<string> {
    behaviours['/asked'] = behave;
    const kubeconfig = { server: `https://${NAME}:${server.port}` };
    const client = clientOf(kubeconfig, hosts, checkHost ?? createHostCheck(hosts, lookupOf(at)));
    return (await failureOf(version(client, '/asked'))).message;
  }

  test('at an address of ours is not quoted', async () => {
    expect(await said(LOOPBACK, hostile)).toBe(
      'The API server forbids it, until an RBAC rule allows it: GET /asked: HTTP 403',
    );
    const other = answer(418, { reason: 'Because', message: 'internal words' });
    expect(await said(LOOPBACK, other)).toBe('The API server refuses it: GET /asked: HTTP 418');
  });

  test('at an address of ours is quoted where --insecure-git-hosts names it', async () => {
    const hosts = { ...LOOPBACK, insecure: [`${NAME}:${server.port}`] };
    expect(await said(hosts, hostile)).toContain('GET /asked: internal words *** xxx');
  });

  test('elsewhere is quoted on one line of 500 characters without what is not to be seen', async () => {
    const elsewhere: HostCheck = async () => ({ addresses: ['127.0.0.1'], isQuotable: true });
    const [, quoted = ''] = (await said(LOOPBACK, hostile, elsewhere)).split('GET /asked: ');
    expect(quoted).toStartWith('internal words *** xxx');
    expect([quoted.length, /[\p{Cc}\p{Cf}]/u.test(quoted)]).toEqual([500, false]);
  });
});
