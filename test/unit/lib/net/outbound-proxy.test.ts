import { describe, expect, test } from 'bun:test';
import { atCheckedAddress, refuseProxy } from '../../../../src/lib/net/outbound/proxy.ts';
import { failureOf } from '../../../fakes/failure.ts';

const POLICY = { allowed: [], insecure: ['proxy.lab:3128'] };

function reached(address: string, addresses: readonly string[] = []) {
  const asked: string[] = [];
  const lookup = async (host: string) => {
    asked.push(host);
    return addresses;
  };
  const url = atCheckedAddress({ url: new URL(address), isOwn: true }, POLICY, lookup);
  return { asked, href: url.then(({ href }) => href) };
}

describe('a proxy that a Pipeline names', () => {
  test.each([
    ['at the address of its name', 'http://me:p%40@proxy.example:3128', 'http://me:p%40@198.51.100.7:3128/'],
    ['by its name where it shows a certificate for it', 'https://proxy.example', 'https://proxy.example/'],
  ])('is connected to %s', async (_, address, href) => {
    const proxy = reached(address, ['198.51.100.7', '198.51.100.8']);
    expect(await proxy.href).toBe(href);
    expect(proxy.asked).toEqual(['proxy.example']);
  });

  test('is connected to at an address of IPv6, too', async () => {
    expect(await reached('http://proxy.example:3128', ['2001:db8::7']).href).toBe(
      'http://[2001:db8::7]:3128/',
    );
  });

  test.each(['http://198.51.100.7:3128/', 'http://[2001:db8::7]/', 'http://proxy.lab:3128/'])(
    'is not looked up where that tells nothing: %s',
    async (address) => {
      const proxy = reached(address);
      expect(await proxy.href).toBe(address);
      expect(proxy.asked).toEqual([]);
    },
  );

  test.each(['http', 'https'])('by %s is refused where one of its addresses is forbidden', async (scheme) => {
    for (const forbidden of ['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', '64:ff9b::a9fe:a9fe']) {
      const { href } = reached(`${scheme}://proxy.example:3128`, ['198.51.100.7', forbidden]);
      const error = await failureOf(href);
      expect(error).toMatchObject({ code: 'HostNotAllowed', retry: 'never' });
      expect(error.message).toContain(`proxy.example resolves to ${forbidden}`);
    }
  });

  test.each([
    'http://127.1:3128',
    'http://0x7f000001:3128',
    'http://localhost.:3128',
    'http://[::ffff:169.254.169.254]',
    'https://metadata.google.internal',
  ])('is refused however its host is written: %s', (address) => {
    const url = new URL(address);
    expect(() => refuseProxy({ url, isOwn: true }, POLICY)).toThrow('a loopback, link-local or metadata');
    expect(() => refuseProxy({ url, isOwn: false }, POLICY)).not.toThrow();
  });
});
