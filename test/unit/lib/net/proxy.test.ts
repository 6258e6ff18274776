import { describe, expect, test } from 'bun:test';
import { proxyVariables } from '../../../../src/cli/serve/flags.ts';
import { createProxyFor } from '../../../../src/lib/net/proxy.ts';

const HTTP = 'http://proxy.example:3128';
const HTTPS = 'http://me:hunter2@secure.example:3129';

function hostFor(url: string, except = ''): string | undefined {
  return createProxyFor({ http: HTTP, https: HTTPS, except })(new URL(url))?.host;
}

describe('the proxy of a request', () => {
  test.each([
    ['https://github.com/a', 'secure.example:3129'],
    ['http://git.example/a', 'proxy.example:3128'],
    ['https://10.0.0.1/a', 'secure.example:3129'],
    ['https://localhost.example/a', 'secure.example:3129'],
    ['ssh://git@github.com/a', undefined],
    ['https://localhost/a', undefined],
    ['https://LOCALHOST.:3000/a', undefined],
    ['https://forge.localhost/a', undefined],
    ['https://127.0.0.1:3000/a', undefined],
    ['https://0x7f.1/a', undefined],
    ['https://[::1]/a', undefined],
    ['https://[::ffff:127.0.0.2]/a', undefined],
  ])('to %s is %p', (url, expected) => {
    expect(hostFor(url)).toBe(expected);
  });

  test('has its user and password', () => {
    const proxy = createProxyFor({ http: '', https: HTTPS, except: '' })(new URL('https://a.example/'));
    expect(proxy?.href).toBe('http://me:hunter2@secure.example:3129/');
  });

  test('is none where none is set', () => {
    const proxyFor = createProxyFor({ http: '', https: ' ', except: '' });
    expect(proxyFor(new URL('https://github.com/a'))).toBeUndefined();
    expect(proxyFor(new URL('http://github.com/a'))).toBeUndefined();
  });

  test.each([
    ['proxy', 'http://proxy/'],
    ['proxy:3128', 'http://proxy:3128/'],
    ['me:secret@proxy:3128', 'http://me:secret@proxy:3128/'],
    ['https://proxy', 'https://proxy/'],
    [' http://[fd00::1]:3128 ', 'http://[fd00::1]:3128/'],
  ])('may be written as %p', (https, expected) => {
    expect(createProxyFor({ http: '', https, except: '' })(new URL('https://a.example/'))?.href).toBe(
      expected,
    );
  });

  test.each([
    ['socks5://me:hunter2@proxy:1080', 'HTTPS_PROXY names a proxy of the scheme socks5'],
    ['http://me:hunter2#@proxy', 'HTTPS_PROXY is not the address of a proxy'],
    ['http://proxy:99999', 'HTTPS_PROXY is not the address of a proxy'],
    ['://', 'HTTPS_PROXY is not the address of a proxy'],
  ])('is refused when it is %p, without the password', (https, expected) => {
    const make = () => createProxyFor({ http: '', https, except: '' });
    expect(make).toThrow(expected);
    expect(make).not.toThrow('hunter2');
    expect(make).toThrow('write it as http://[USER:PASSWORD@]HOST:PORT');
  });

  test.each(['hunter2', 'secure.example'])('is refused without %s when its port is none', (text) => {
    const make = () => createProxyFor({ http: HTTPS.replace('3129', '3129x'), https: '', except: '' });
    expect(make).toThrow('HTTP_PROXY is not the address');
    expect(make).not.toThrow(text);
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['git.example', 'https://git.example/a', true],
    ['git.example', 'https://GIT.example./a', true],
    ['Git.Example.', 'https://git.example:8443/a', true],
    ['git.example', 'https://deep.git.example/a', true],
    ['git.example', 'https://widgit.example/a', false],
    ['.git.example', 'https://deep.git.example/a', true],
    ['.git.example', 'https://git.example/a', false],
    ['*.git.example', 'https://very.deep.git.example/a', true],
    ['*.git.example', 'https://git.example/a', false],
    ['git.example:8443', 'https://git.example:8443/a', true],
    ['git.example:8443', 'https://git.example/a', false],
    ['git.example:443', 'https://git.example/a', true],
    ['git.example:80', 'http://git.example/a', true],
    ['.example:8443', 'https://git.example:8443/a', true],
    ['10.1.2.3', 'https://10.1.2.3/a', true],
    ['10.1.2.3', 'https://10.1.2.30/a', false],
    ['10.1.2.3:443', 'https://10.1.2.3/a', true],
    ['10.1.2.3:444', 'https://10.1.2.3/a', false],
    ['10.0.0.0/8', 'https://10.1.2.3/a', true],
    ['10.0.0.0/8', 'https://11.1.2.3/a', false],
    ['10.1.2.128/25', 'https://10.1.2.127/a', false],
    ['10.1.2.128/25', 'https://10.1.2.129/a', true],
    ['0.0.0.0/0', 'https://git.example/a', false],
    ['10.0.0.0/33', 'https://10.0.0.0/a', false],
    ['10.0.0.0/x', 'https://10.0.0.0/a', false],
    ['10.0.0.0/8/8', 'https://10.0.0.0/a', false],
    ['2001:db8::/32', 'https://[2001:db8::1]/a', true],
    ['2001:db8::/32', 'https://[2001:db9::1]/a', false],
    ['2001:DB8::1', 'https://[2001:db8:0::1]:8443/a', true],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]:8443/a', true],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]/a', false],
    ['.3', 'https://10.1.2.3/a', false],
    ['*', 'https://anything.example/a', true],
    ['*', 'https://10.1.2.3/a', true],
    ['other.example, git.example ', 'https://git.example/a', true],
    [',,', 'https://git.example/a', false],
    [':443,.,*.', 'https://git.example/a', false],
  ])('%p: %s goes around the proxy: %p', (except, url, expected) => {
    expect(hostFor(url, except) === undefined).toBe(expected);
  });
});

describe('the environment', () => {
  test.each([
    [{}, { http: '', https: '', except: '' }],
    [
      { HTTP_PROXY: 'a', HTTPS_PROXY: 'b', NO_PROXY: 'c' },
      { http: 'a', https: 'b', except: 'c' },
    ],
    [
      { http_proxy: 'a', https_proxy: 'b', no_proxy: 'c' },
      { http: 'a', https: 'b', except: 'c' },
    ],
    [
      { HTTPS_PROXY: 'upper', https_proxy: 'lower', NO_PROXY: '', no_proxy: 'lower' },
      { http: '', https: 'upper', except: 'lower' },
    ],
    [
      { ALL_PROXY: 'a', all_proxy: 'a' },
      { http: '', https: '', except: '' },
    ],
  ])('%p is read as %p', (environment, expected) => {
    expect(proxyVariables(environment)).toEqual(expected);
  });
});
