import { describe, expect, test } from 'bun:test';
import { createTrustedProxies, parseNetworks, sourceOf } from '../../../src/http/server/source.ts';

const PROXIES = ['10.0.0.7', '10.1.0.0/16', '2001:db8:1::/48'];

function callerOf(source: string, header: string | undefined, networks: readonly string[] = PROXIES): string {
  const headers = header === undefined ? undefined : { 'x-forwarded-for': header };
  const request = new Request('http://localhost/', headers && { headers });
  return createTrustedProxies(parseNetworks(networks)).callerOf(source, request);
}

describe('who calls', () => {
  test.each([
    ['without proxies', '10.0.0.7', '192.0.2.1', '10.0.0.7', []],
    ['from elsewhere than a proxy', '10.0.0.8', '192.0.2.1', '10.0.0.8', undefined],
    ['without the header', '10.0.0.7', undefined, '10.0.0.7', undefined],
    ['with an empty header', '10.0.0.7', '', '10.0.0.7', undefined],
    ['through a proxy', '10.0.0.7', '192.0.2.1', '192.0.2.1', undefined],
    ['through a proxy of a network', '10.1.200.3', '192.0.2.1', '192.0.2.1', undefined],
    ['through a proxy with IPv6', '2001:db8:1::9', '2001:DB8:0:0::1', '2001:db8::1', undefined],
    ['through two proxies', '10.0.0.7', '192.0.2.1, 10.1.0.1', '192.0.2.1', undefined],
    ['with what the caller invents', '10.0.0.7', '10.1.0.1, 8.8.8.8, 192.0.2.1', '192.0.2.1', undefined],
    ['with what is no address before it', '10.0.0.7', "'; DROP TABLE, 192.0.2.1", '192.0.2.1', undefined],
    ['from a proxy itself', '10.0.0.7', '10.1.0.9, 10.1.0.1', '10.1.0.9', undefined],
    ['with a port', '10.0.0.7', '192.0.2.1:4711', '192.0.2.1', undefined],
    ['with a port and IPv6', '10.0.0.7', '[2001:db8::1]:4711', '2001:db8::1', undefined],
    ['with IPv4 in IPv6', '10.0.0.7', '::ffff:192.0.2.1', '192.0.2.1', undefined],
    ['with a name', '10.0.0.7', 'localhost', '10.0.0.7', undefined],
    ['with "unknown"', '10.0.0.7', '192.0.2.1, unknown', '10.0.0.7', undefined],
    ['with an empty entry', '10.0.0.7', '192.0.2.1,', '10.0.0.7', undefined],
    ['with an octal number', '10.0.0.7', '192.0.2.010', '10.0.0.7', undefined],
    ['with a number too large', '10.0.0.7', '192.0.2.256', '10.0.0.7', undefined],
    ['with a single number', '10.0.0.7', '3221225985', '10.0.0.7', undefined],
    ['with a zone', '10.0.0.7', 'fe80::1%eth0', '10.0.0.7', undefined],
    ['after a long invention', '10.0.0.7', `${'8.8.8.8, '.repeat(5000)}192.0.2.1`, '192.0.2.1', undefined],
    ['after too many proxies', '10.0.0.7', `192.0.2.1${', 10.1.0.1'.repeat(200)}`, '10.0.0.7', undefined],
    [
      'after as many proxies as are read',
      '10.0.0.7',
      `192.0.2.1${' '.repeat(5)}${', 10.1.0.1'.repeat(101)}`,
      '192.0.2.1',
      undefined,
    ],
    [
      'after what is cut to another address',
      '10.0.0.7',
      `192.0.2.1${' '.repeat(7)}${', 10.1.0.1'.repeat(101)}`,
      '10.0.0.7',
      undefined,
    ],
    ['in one endless entry', '10.0.0.7', '1'.repeat(60_000), '10.0.0.7', undefined],
  ] as const)('%s', (_, source, header, caller, networks) => {
    expect(callerOf(source, header, networks)).toBe(caller);
  });

  test('is a proxy where its network is named, and nowhere else', () => {
    const { includes } = createTrustedProxies(PROXIES);
    expect(['10.0.0.7', '10.1.200.3', '10.0.0.8'].map(includes)).toEqual([true, true, false]);
    expect(createTrustedProxies([]).includes('10.0.0.7')).toBe(false);
  });

  test('is one address however the connection spells it', () => {
    expect(sourceOf('::ffff:10.0.0.7')).toBe('10.0.0.7');
    expect(sourceOf('::ffff:a00:7')).toBe('10.0.0.7');
    expect(sourceOf('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
    expect(sourceOf('')).toBe('');
  });
});

describe('--trusted-proxies', () => {
  test('takes addresses and networks', () => {
    expect(parseNetworks(['10.0.0.7', '10.0.0.0/8', '2001:DB8::/32', '::1'])).toEqual([
      '10.0.0.7',
      '10.0.0.0/8',
      '2001:db8::/32',
      '::1',
    ]);
  });

  test.each(['ingress', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::/129'])(
    'refuses %s',
    (text) => {
      expect(() => parseNetworks([text])).toThrow(`"${text}" is not an address or network: write 10.0.0.7`);
    },
  );
});
