import { describe, expect, test } from 'bun:test';
import {
  canonicalAddress,
  isAddress,
  isForbiddenAddress,
  isInNetwork,
  isLoopbackAddress,
  withoutBrackets,
} from '../../../../src/lib/net/addresses.ts';
import { mediaType } from '../../../../src/lib/net/outbound/media-type.ts';

describe('IPv4 inside IPv6', () => {
  const forms = [
    '::X',
    '::ffff:X',
    '::ffff:0:X',
    '64:ff9b::X',
    '64:ff9b:1::X',
    '64:ff9b:1:abcd::X',
    '64:ff9b:1:2:3:4:X',
  ];

  test.each(forms)('is judged by the IPv4 address where it is written as %s', (form) => {
    for (const inside of ['127.0.0.1', '7f00:1', '169.254.169.254', 'a9fe:a9fe', '168.63.129.16']) {
      expect(isForbiddenAddress(form.replace('X', inside))).toBe(true);
    }
    for (const inside of ['10.0.0.1', 'a00:1', '8.8.8.8']) {
      expect(isForbiddenAddress(form.replace('X', inside))).toBe(false);
    }
  });

  test('is judged behind the prefix of 6to4, and not in networks that are like it', () => {
    expect(isForbiddenAddress('2002:a9fe:a9fe:1::1')).toBe(true);
    expect(isForbiddenAddress('2003:a9fe:a9fe:1::1')).toBe(false);
    expect(isForbiddenAddress('64:ff9b:2::7f00:1')).toBe(false);
    // Teredo (RFC 4380) hides the address of a client, which no relay sends to from here.
    expect(isForbiddenAddress('2001:0:7f00:1::80ff:fffe')).toBe(false);
  });

  test('is loopback where it is mapped alone', () => {
    expect(isLoopbackAddress('::ffff:127.1.2.3')).toBe(true);
    expect(isLoopbackAddress('::127.1.2.3')).toBe(false);
  });
});

test.each([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '10.1.2.3', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['10.1.2.3', '0.0.0.0/0', true],
  ['10.1.2.3', '::/0', false],
  ['::ffff:10.1.2.3', '10.0.0.0/8', false],
  ['::ffff:10.1.2.3', '::ffff:0:0/96', true],
  ['fd00::1', 'fd00::/8', true],
  ['fd00::1', 'fd00::1/128', true],
  ['fd00::1', 'fd00::/129', false],
  ['10.1.2.3', '10.0.0.0/33', false],
  ['10.1.2.3', '10.0.0.0/', false],
  ['10.1.2.3', '10.0.0.0/8/8', false],
  ['10.1.2.3', '*', false],
  ['fe80::1%eth0', 'fe80::/10', false],
  ['host', '10.0.0.0/8', false],
] as const)('%p in %p: %p', (address, network, is) => {
  expect(isInNetwork(address, network)).toBe(is);
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['010.1.2.3', undefined],
  ['10.1.2', undefined],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::ffff:a01:203', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['64:ff9b:1:abcd::10.1.2.3', '64:ff9b:1:abcd::a01:203'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['::', '::'],
  ['fe80::1%eth0', undefined],
  ['host', undefined],
])('%p is spelled %p', (text, spelled) => {
  expect(canonicalAddress(text)).toBe(spelled);
  expect(isAddress(text)).toBe(spelled !== undefined);
});

test('a host has no brackets for DNS and sockets', () => {
  expect(withoutBrackets(new URL('https://[2001:db8::1]:3000/a').hostname)).toBe('2001:db8::1');
  expect(withoutBrackets('git.example')).toBe('git.example');
});

test.each([
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['text/html', 'text/html'],
  [undefined, undefined],
])('the type of a body by %p is %p', (header, type) => {
  expect(mediaType(new Response(null, header ? { headers: { 'content-type': header } } : {}))).toBe(type);
});
