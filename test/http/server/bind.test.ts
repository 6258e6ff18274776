import { afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { listenOn, parseAddress } from '../../../src/http/server/bind.ts';
import { CONNECTIONS } from '../../../src/http/server/connections.ts';
import { type Server, type ServerOptions, startServer } from '../../../src/http/server/server.ts';
import { createTrustedProxies } from '../../../src/http/server/source.ts';
import { createFakeLog } from '../../fakes/log.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(0)));
});

function start(options: Partial<ServerOptions> = {}) {
  const { log } = createFakeLog();
  const fetch: ServerOptions['fetch'] = (_, { source }) => new Response(source);
  const server = startServer({ name: 'hook', address: ':0', fetch, log, ...options });
  servers.push(server);
  const { port } = parseAddress(server.address);
  const ask = async (host: string, headers = {}) =>
    (await request(`http://${host}:${port}/`, headers)).text();
  return { server, port, ask };
}

const request = (url: string, headers: Record<string, string>) =>
  fetch(url, { headers: { connection: 'close', ...headers } });

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

describe('a listener at :port', () => {
  test('is reached by IPv4, whose callers have the addresses of IPv4', async () => {
    const { ask } = start();
    expect(await ask('127.0.0.1')).toBe('127.0.0.1');
  });

  test.skipIf(!hasIpv6)('is reached by IPv6 at the same port', async () => {
    const { ask, server } = start();
    expect(server.address).toStartWith('[::]:');
    expect([await ask('[::1]'), await ask('127.0.0.1')]).toEqual(['::1', '127.0.0.1']);
  });

  test('believes proxies that are named by their addresses of IPv4', async () => {
    const { ask } = start({ proxies: createTrustedProxies(['127.0.0.0/8']) });
    expect(await ask('127.0.0.1', { 'x-forwarded-for': '192.0.2.7' })).toBe('192.0.2.7');
    expect(await ask('127.0.0.1', { 'x-forwarded-for': '::ffff:192.0.2.7' })).toBe('192.0.2.7');
  });

  test('counts the connections of a caller by its address of IPv4', async () => {
    const { port } = start({ connections: { ...CONNECTIONS, source: 1 } });
    const [first, second] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    first.on('error', () => {});
    await new Promise<void>((resolve) => second.on('error', () => {}).on('close', () => resolve()));
    first.destroy();
  });
});

describe('the address to listen on', () => {
  const at = (address: string, start: (hostname: string) => void) =>
    listenOn(parseAddress(address).hostname, (hostname) => {
      start(hostname);
      return { port: 80 };
    }).address;
  const failing = (code: string) => (hostname: string) => {
    if (hostname === '::') throw Object.assign(new Error('no'), { code });
  };

  test.each([
    [':80', '[::]:80'],
    ['[::1]:80', '[::1]:80'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['0.0.0.0:80', '0.0.0.0:80'],
    ['localhost:80', 'localhost:80'],
  ])('of %s is %s', (address, listening) => {
    expect(at(address, () => {})).toBe(listening);
  });

  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL', ''])('is of IPv4 alone without IPv6 (%s)', (code) => {
    expect(at(':80', failing(code))).toBe('0.0.0.0:80');
  });

  test.each(['EADDRINUSE', 'EACCES'])('is not had when it is refused (%s)', (code) => {
    expect(() => at(':80', failing(code))).toThrow('no');
  });

  test('has 65535 as its highest port', () => {
    expect(parseAddress(':65535')).toEqual({ hostname: undefined, port: 65_535 });
  });

  test.each(['80', '', 'a:b:80', ':65536', ':99999', '::1:80'])('is not %p', (address) => {
    expect(() => parseAddress(address)).toThrow('write host:port or :port');
  });
});
