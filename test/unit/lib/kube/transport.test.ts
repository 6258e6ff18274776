import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient, type KubeClient, type RequestRecord } from '../../../../src/lib/kube/index.ts';
import { createProxyFor } from '../../../../src/lib/net/proxy.ts';
import { kubeConfigTo } from '../../../cluster/lib/kube/support.ts';
import { withEnvironment } from '../../../fakes/environment.ts';
import { startFakeProxy } from '../../../fakes/proxy.ts';

/** What an API server does when it is not well: a real one is hard to bring to it. */
const behaviours: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  '/ok': () => Response.json({ hello: 'world' }),
  '/empty': () => new Response(null, { status: 200 }),
  '/hangs': () => new Promise<Response>(() => undefined),
  '/stalls': () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })),
  '/html': () => new Response('<html>'),
  '/moved': () => new Response(null, { status: 302, headers: { location: '/ok' } }),
  '/large': () => new Response(new Uint8Array(5 * 1024 * 1024)),
  '/fails': () => new Response('etcd is away', { status: 500 }),
  '/busy': () => new Response('slowly', { status: 429, headers: { 'retry-after': '9' } }),
  '/missing': () => Response.json({ message: 'no such thing' }, { status: 404 }),
  '/echo': async (request) =>
    Response.json({
      method: request.method,
      url: new URL(request.url).search,
      body: await request.text(),
      type: request.headers.get('content-type'),
    }),
};

describe('the client of the API server', () => {
  let token = 'first';
  let exchanges = 0;
  const records: RequestRecord[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch(request) {
      exchanges += 1;
      if (request.headers.get('authorization') !== `Bearer ${token}`) {
        return Response.json({ message: 'Unauthorized' }, { status: 401 });
      }
      const behave = behaviours[new URL(request.url).pathname];
      return behave?.(request) ?? new Response('404 page not found', { status: 404 });
    },
  });
  const user = { name: 'u', token: 'first' };
  const url = `http://127.0.0.1:${server.port}`;
  let client: KubeClient;
  const get = (path: string) => client.request({ method: 'GET', path, timeoutMs: 300 });
  const fault = (path: string) => get(path).catch((error: unknown) => error);

  beforeEach(() => {
    client?.close();
    client = createKubeClient(kubeConfigTo(url, user), { onRequest: (record) => records.push(record) });
    records.length = 0;
    exchanges = 0;
    token = 'first';
  });

  afterAll(async () => {
    client.close();
    await server.stop(true);
  });

  test('sends and receives JSON', async () => {
    expect(await get('/ok')).toEqual({ hello: 'world' });
    expect(await get('/empty')).toBeUndefined();
    const sent = { method: 'PATCH', path: '/echo', query: { force: 'true' }, body: { a: 1 } };
    expect(await client.request({ ...sent, contentType: 'application/apply-patch+yaml' })).toEqual({
      method: 'PATCH',
      url: '?force=true',
      body: '{"a":1}',
      type: 'application/apply-patch+yaml',
    });
  });

  test.each([
    ['/hangs', 'ApiUnavailable', 'did not answer GET /hangs within 300 ms'],
    ['/stalls', 'ApiUnavailable', 'did not answer GET /stalls within 300 ms'],
    ['/html', 'ApiUnavailable', 'is not JSON'],
    ['/moved', 'ApiRefused', 'GET /moved'],
    ['/large', 'ApiRefused', 'more than 4194304 bytes'],
    ['/fails', 'ApiUnavailable', 'etcd is away'],
    ['/busy', 'ApiUnavailable', 'slowly'],
    ['/missing', 'ApiNotFound', 'no such thing'],
  ])('an answer such as that of %s is %s', async (path, code, sentence) => {
    const error = await fault(path);
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain(sentence);
  });

  test('does not follow redirects', async () => {
    await fault('/moved');
    expect(exchanges).toBe(1);
  });

  test('is available until a fault of the server, and again from the next success on', async () => {
    expect(client.available()).toBe(true);
    await fault('/missing');
    expect(client.available()).toBe(true);
    for (const path of ['/fails', '/hangs', '/html']) {
      await fault(path);
      expect([path, client.available()]).toEqual([path, false]);
      await get('/ok');
      expect(client.available()).toBe(true);
    }
    await fault('/busy');
    expect(client.available()).toBe(true);
  });

  test('that reaches nobody says so', async () => {
    const nobody = createKubeClient(kubeConfigTo('http://127.0.0.1:1', user));
    const request = nobody.request({ method: 'GET', path: '/ok' });
    await expect(request).rejects.toThrow('http://127.0.0.1:1 cannot be reached: ECONNREFUSED');
    expect(nobody.available()).toBe(false);
  });

  test('reports the outcome of each request', async () => {
    await get('/ok');
    await fault('/missing');
    await fault('/hangs');
    const host = `127.0.0.1:${server.port}`;
    expect(records).toMatchObject([
      { method: 'GET', host, code: '200' },
      { method: 'GET', host, code: '404' },
      { method: 'GET', host, code: '<error>' },
    ]);
  });

  test('never shows its token, not even when it is refused', async () => {
    token = 'another';
    const error = await fault('/ok');
    expect(error).toMatchObject({ code: 'ApiUnavailable' });
    expect(String(error)).toContain('does not accept the credentials');
    expect(Bun.inspect(error)).not.toContain('first');
    expect(client.available()).toBe(false);
  });

  test('ends a request with its signal, and all requests when it is closed', async () => {
    const given = new AbortController();
    const one = client.request({ method: 'GET', path: '/hangs', signal: given.signal });
    given.abort();
    await expect(one).rejects.toThrow('was given up');
    expect(client.available()).toBe(true);
    const other = client.request({ method: 'GET', path: '/hangs' });
    client.close();
    await expect(other).rejects.toThrow('is closed');
    await expect(get('/ok')).rejects.toThrow('is closed');
  });

  test('reads a token file again when the server refuses what it held before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'turnpike-token-'));
    const path = join(folder, 'token');
    await writeFile(path, 'first\n');
    const authProvider = { name: 'token-file', config: { path } };
    const byFile = createKubeClient(kubeConfigTo(url, { name: 'u', authProvider }));
    const hello = () => byFile.request({ method: 'GET', path: '/ok' });

    expect(await hello()).toEqual({ hello: 'world' });
    token = 'second';
    await writeFile(path, 'second\n');
    expect(await hello()).toEqual({ hello: 'world' });
    expect(exchanges).toBe(3);
    byFile.close();
    await rm(folder, { recursive: true });
  });

  test('does not wait for a credential plugin longer than the request may take', async () => {
    const exec = { command: 'sleep', args: ['2'] };
    const slow = createKubeClient(kubeConfigTo(url, { name: 'u', exec }));
    const request = slow.request({ method: 'GET', path: '/ok', timeoutMs: 200 });
    await expect(request).rejects.toThrow('within 200 ms');
    slow.close();
  });
});

describe('the way to the API server', () => {
  const FAR = 'http://api.example:6443';
  const user = { name: 'u' };
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json({ is: 'here' }) });
  const port = server.port ?? 0;
  afterAll(() => server.stop(true));

  async function ask(client: KubeClient): Promise<unknown> {
    const answer = await client.request({ method: 'GET', path: '/ok' }).catch(String);
    client.close();
    return answer;
  }

  test('is direct, whatever proxies the environment names for others', async () => {
    const dead = { HTTP_PROXY: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9', NO_PROXY: undefined };
    const near = kubeConfigTo(`http://127.0.0.1:${port}`, user);
    expect(await withEnvironment(dead, () => ask(createKubeClient(near)))).toEqual({ is: 'here' });
  });

  test.each([
    ["the kubeconfig's proxy-url, which NO_PROXY does not change", true],
    ['a proxy of the environment, where the command is for that', false],
  ])('may be %s', async (_, isOwn) => {
    const proxy = await startFakeProxy({ routes: { 'api.example:6443': port } });
    const kubeConfig = kubeConfigTo(FAR, user);
    const [cluster] = kubeConfig.clusters;
    const address = `http://${proxy.host}`;
    if (isOwn && cluster) kubeConfig.clusters = [{ ...cluster, proxyUrl: address }];
    const proxyFor = createProxyFor({ http: isOwn ? '' : address, https: '', except: '' });
    const asked = () => ask(createKubeClient(kubeConfig, { proxyFor }));
    expect(await withEnvironment({ NO_PROXY: 'api.example' }, asked)).toEqual({ is: 'here' });
    expect(proxy.requests).toEqual([`GET ${FAR}/ok`]);
    await proxy.stop();
  });
});
