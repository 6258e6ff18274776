import { describe, expect, test } from 'bun:test';
import {
  type HostPolicy,
  hostProblem,
  isForbiddenAddress,
  urlProblem,
} from '../../../../src/lib/net/hosts.ts';

const OPEN: HostPolicy = { allowed: [], insecure: [] };
const policy = (allowed: readonly string[], insecure: readonly string[] = []): HostPolicy => ({
  allowed,
  insecure,
});

describe('a forbidden address', () => {
  test.each([
    ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '224.0.0.1'],
    ...['239.1.1.1', '255.255.255.255', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...['2130706433', '0x7f000001', '0x7f.1', '017700000001', '0177.0.0.1', '127.1', '127.0.1', '0'],
    ...['::1', '::', '[::1]', '0:0:0:0:0:0:0:1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'ff02::1', 'FE80::1'],
    ...['fd00:ec2::254', 'fd20:ce::254', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254'],
    ...[
      '::127.0.0.1',
      '::ffff:0:127.0.0.1',
      '64:ff9b::169.254.169.254',
      '64:ff9b:1::7f00:1',
      '2002:7f00:1::1',
    ],
  ])('is %s', (ip) => {
    expect(isForbiddenAddress(ip)).toBe(true);
  });

  test.each([
    ...[
      '10.0.0.1',
      '172.16.3.4',
      '192.168.1.1',
      '100.64.0.1',
      '100.100.100.201',
      '8.8.8.8',
      '126.255.255.255',
    ],
    ...['128.0.0.1', '169.253.1.1', '169.255.1.1', '223.255.255.255', '192.0.0.191', '1.1.1.1'],
    ...[
      'fd00::1',
      '2001:db8::1',
      'fc00::1',
      '::ffff:10.0.0.1',
      '64:ff9b::808:808',
      '2002:808:808::1',
      'fec0::1',
    ],
    ...[
      '2606:4700::1111',
      'localhost',
      'github.com',
      'cafe',
      'beef.example',
      '',
      'not an address',
      '1.2.3.4.5',
      ':',
    ],
  ])('is not %p', (ip) => {
    expect(isForbiddenAddress(ip)).toBe(false);
  });
});

describe('a repository URL', () => {
  test.each([
    'https://github.com/acme/apps',
    'https://github.com/acme/apps.git',
    'https://git.acme.example:8443/a/b/c/d.git/',
    'https://10.1.2.3/acme/apps',
    'https://[2001:db8::1]:3000/acme/apps',
    'https://xn--bcher-kva.example/a',
    'ssh://git@git.example/acme/apps.git',
    'ssh://git.example:7999/acme/apps.git',
    'ssh://git@[2001:db8::1]:2222/a',
  ])('may be %s', (url) => {
    expect(urlProblem(url, OPEN)).toBeUndefined();
  });

  test.each([
    ['', 'not the URL'],
    ['github.com/acme/apps', 'not the URL'],
    ['git@github.com:acme/apps.git', 'not the URL'],
    ['https://', 'not the URL'],
    ['file:///etc/passwd', 'not the URL'],
    ['ftp://git.example/a', 'not the URL'],
    ['ssh://git:hunter2@git.example/a', 'user or password'],
    ['ssh://git@127.0.0.1/a', 'loopback'],
    ['ssh://git@0x7f.1/a', 'loopback'],
    ['ssh://git@LOCALHOST./a', 'loopback'],
    ['ssh://git@[::1]:22/a', 'loopback'],
    ['ssh://git@%31%32%37.0.0.1/a', 'names no host'],
    ['https://git.example:65536/a', 'port'],
    ['http://git.example/acme/apps', 'uses http'],
    ['https://user@git.example/a', 'user or password'],
    ['https://user:hunter2@git.example/a', 'user or password'],
    ['https://:hunter2@git.example/a', 'user or password'],
    ['https://git.example/a?token=hunter2', 'query or a fragment'],
    ['https://git.example/a?', 'query or a fragment'],
    ['https://git.example/a#b', 'query or a fragment'],
    ['https://git.example', 'not the URL'],
    ['https://git.example//', 'not the URL'],
    ['https://git.example/a b', 'blanks'],
    ['https://git.example/a\n', 'blanks'],
    ['https://git.example\\@evil.example/a', 'backslashes'],
    ['https://git.example/\u0000', 'blanks'],
    [`https://git.example/${'a'.repeat(2048)}`, 'longer than 2048'],
    ['https://localhost/a', 'loopback'],
    ['https://LOCALHOST./a', 'loopback'],
    ['https://forge.localhost/a', 'loopback'],
    ['https://127.0.0.1/a', 'loopback'],
    ['https://2130706433/a', 'loopback'],
    ['https://0x7f.1/a', 'loopback'],
    ['https://0177.0.0.1:3000/a', 'loopback'],
    ['https://[::1]/a', 'loopback'],
    ['https://[::ffff:127.0.0.1]/a', 'loopback'],
    ['https://169.254.169.254/latest', 'metadata'],
    ['https://metadata.google.internal/x', 'metadata'],
    ['https://①②⑦.0.0.1/a', 'beyond ASCII'],
  ])('may not be %p', (url, problem) => {
    const sentence = urlProblem(url, OPEN) ?? '';
    expect(sentence).toContain(problem);
    expect(sentence).not.toContain('hunter2');
    expect(sentence).toEndWith('.');
  });
});

describe('--git-hosts', () => {
  test.each([
    [['github.com'], 'https://github.com/a', true],
    [['github.com'], 'https://GitHub.com./a', true],
    [['GitHub.COM'], 'https://github.com/a', true],
    [['github.com'], 'https://github.com:8443/a', true],
    [['github.com'], 'https://api.github.com/a', true],
    [['github.com'], 'https://api.evilgithub.com/a', false],
    [['github.com'], 'https://evilgithub.com/a', false],
    [['github.com'], 'https://github.com.evil.example/a', false],
    [['github.com'], 'https://gist.github.com/a', false],
    [['git.example:8443'], 'https://git.example:8443/a', true],
    [['git.example:8443'], 'https://git.example/a', false],
    [['git.example:443'], 'https://git.example/a', true],
    [['*.example'], 'https://git.example/a', true],
    [['*.example'], 'https://a.b.example/a', true],
    [['*.example'], 'https://example/a', false],
    [['*.example'], 'https://gitexample/a', false],
    [['*.example:3000'], 'https://git.example:3000/a', true],
    [['[2001:db8::1]:3000'], 'https://[2001:db8::1]:3000/a', true],
    [['2001:db8::1'], 'https://[2001:db8::1]/a', true],
    [['10.0.0.1'], 'https://10.0.0.2/a', false],
    [['127.0.0.1'], 'https://127.0.0.1/a', false],
    [['one.example', 'two.example'], 'https://two.example/a', true],
  ])('%p: %s is allowed: %p', (allowed, url, expected) => {
    expect(urlProblem(url, policy(allowed)) === undefined).toBe(expected);
  });

  test('says which host is not listed', () => {
    expect(urlProblem('https://b.example/a', policy(['a.example']))).toBe(
      'b.example is not one of the hosts in --git-hosts.',
    );
  });
});

describe('--insecure-git-hosts', () => {
  test.each([
    [['127.0.0.1:3000'], 'http://127.0.0.1:3000/a', true],
    [['127.0.0.1:3000'], 'https://127.0.0.1:3000/a', true],
    [['127.0.0.1:3000'], 'http://127.0.0.1:3001/a', false],
    [['127.0.0.1'], 'http://127.0.0.1:3001/a', true],
    [['127.0.0.1:80'], 'http://127.0.0.1/a', true],
    [['git.example'], 'http://git.example/a', true],
    [['localhost:3000'], 'http://localhost:3000/a', true],
    [['[::1]:3000'], 'http://[::1]:3000/a', true],
    [['git.example'], 'ssh://git.example/a', true],
    [['git.example:22'], 'ssh://git@git.example/a', true],
    [['git.example:443'], 'ssh://git@git.example/a', false],
    [['git.example'], 'http://user:hunter2@git.example/a', false],
  ])('%p: %s is allowed: %p', (insecure, url, expected) => {
    expect(urlProblem(url, policy(['other.example'], insecure)) === undefined).toBe(expected);
  });
});

describe('the port of an ssh URL', () => {
  const usual = [undefined, 22, 222, 443, 2222, 7999, 10022, 23231, 29418] as const;
  test.each([...usual])('may be %p', (port) => {
    expect(urlProblem(`ssh://git@10.0.0.5${port ? `:${port}` : ''}/a/b`, OPEN)).toBeUndefined();
  });

  test.each([1, 80, 2379, 5432, 6379, 8080, 10250, 65535])('may not be %i', (port) => {
    expect(urlProblem(`ssh://git@10.0.0.5:${port}/a/b`, OPEN)).toBe(
      `10.0.0.5:${port} is not at a usual port of SSH (22, 222, 443, 2222, 7999, 10022, 23231, 29418): list 10.0.0.5:${port} in --git-hosts, beside all other hosts that are used.`,
    );
  });

  test.each([
    [['git.example:2200'], [], true],
    [['*.example', ' git.example:2200 '], [], true],
    [['*.example:2200'], [], true],
    [['git.example'], [], false],
    [['git.example', 'other.example:2200'], [], false],
    [['git.example:443'], [], false],
    [[], ['git.example:2200'], true],
    [[], ['git.example'], true],
    [[], ['git.example:22'], false],
  ])('may be 2200 with --git-hosts %j and --insecure-git-hosts %j: %p', (allowed, insecure, expected) => {
    const hosts = policy(allowed, insecure);
    expect(urlProblem('ssh://git@git.example:2200/a/b', hosts) === undefined).toBe(expected);
  });

  test('may be any by https', () => {
    expect(urlProblem('https://git.example:6379/a/b', OPEN)).toBeUndefined();
  });
});

describe('a request about to be sent', () => {
  test('may have a query, and is held to the same hosts', () => {
    expect(
      hostProblem(new URL('https://api.github.com/repos?page=2'), policy(['github.com'])),
    ).toBeUndefined();
    expect(hostProblem(new URL('https://169.254.169.254/?x'), OPEN)).toContain('metadata');
  });
});
