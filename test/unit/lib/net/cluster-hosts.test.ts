import { describe, expect, test } from 'bun:test';
import {
  type ClusterHosts,
  type ClusterUrl,
  clusterUrlProblem,
  forbiddenAmong,
  isLoopbackServer,
  isQuotable,
} from '../../../../src/lib/net/cluster-hosts.ts';

const OPEN: ClusterHosts = { allowed: [], insecure: [], allowLoopback: false };
const LOOPBACK = { allowLoopback: true };

type Row = readonly [
  hosts: Partial<ClusterHosts>,
  what: ClusterUrl,
  url: string,
  problem: string | undefined,
];

const FORBIDDEN = 'at a loopback, link-local or metadata address';
const UNLISTED = 'which is not one of the hosts in --cluster-hosts';

describe('the URL of a kubeconfig', () => {
  const rows: readonly Row[] = [
    [{}, 'server', 'https://leaf.example.com:6443', undefined],
    [{}, 'server', 'https://10.0.0.1/k8s/clusters/c-1', undefined],
    [{}, 'proxy-url', 'http://proxy.example.com:3128', undefined],
    [{}, 'server', 'http://leaf.example.com', 'not reached by https'],
    [{}, 'server', 'https://localhost:6443', FORBIDDEN],
    [{}, 'server', 'https://api.localhost.', FORBIDDEN],
    [{}, 'server', 'https://0x7f.1', FORBIDDEN],
    [{}, 'server', 'https://metadata.google.internal', FORBIDDEN],
    [{}, 'proxy-url', 'http://[::1]:3128', FORBIDDEN],
    [{}, 'proxy-url', 'socks5://proxy.example.com', 'not reached by https'],
    [{ allowed: ['*.example.com'] }, 'server', 'https://leaf.example.com:6443', undefined],
    [{ allowed: ['*.example.com'] }, 'server', 'https://leaf.example.net:6443', UNLISTED],
    [{ allowed: ['leaf.example.com:6443'] }, 'server', 'https://leaf.example.com', UNLISTED],
    [{ allowed: ['leaf.example.com:443'] }, 'server', 'https://leaf.example.com', undefined],
    [{ allowed: ['example.com'] }, 'server', 'https://api.example.com', UNLISTED],
    [{ allowed: ['leaf.example.com'] }, 'proxy-url', 'http://proxy.example.com:3128', UNLISTED],
    [{ allowed: ['proxy.example.com:80'] }, 'proxy-url', 'http://proxy.example.com', undefined],
    [{ allowed: ['127.0.0.1'] }, 'server', 'https://127.0.0.1:6443', FORBIDDEN],
    [LOOPBACK, 'server', 'http://127.0.0.1:6443', undefined],
    [LOOPBACK, 'server', 'https://localhost:6443', undefined],
    [LOOPBACK, 'server', 'https://169.254.169.254', FORBIDDEN],
    [LOOPBACK, 'server', 'http://leaf.example.com', 'not reached by https'],
    [{ ...LOOPBACK, allowed: ['leaf.example.com'] }, 'server', 'https://127.0.0.1:6443', UNLISTED],
    [{ insecure: ['127.0.0.1:6443'] }, 'server', 'http://127.0.0.1:6443', undefined],
    [{ insecure: ['127.0.0.1:6443'] }, 'server', 'https://127.0.0.1:6444', FORBIDDEN],
    [{ insecure: ['a.example'], allowed: ['b.example'] }, 'server', 'http://a.example', UNLISTED],
  ];
  test.each(rows)('with %j: %s %s: %s', (hosts, what, url, problem) => {
    const found = clusterUrlProblem(what, url, { ...OPEN, ...hosts });
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
});

describe('the addresses of a name', () => {
  const url = new URL('https://leaf.example.com:6443');
  test.each([
    [{}, ['10.0.0.1', '2001:db8::1'], undefined],
    [{}, ['10.0.0.1', '127.0.0.1'], '127.0.0.1'],
    [{}, ['::ffff:169.254.169.254'], '::ffff:169.254.169.254'],
    [LOOPBACK, ['127.0.0.1', '::1'], undefined],
    [LOOPBACK, ['127.0.0.1', '169.254.169.254'], '169.254.169.254'],
    [{ insecure: ['leaf.example.com:6443'] }, ['127.0.0.1'], undefined],
    [{ insecure: ['leaf.example.com:443'] }, ['127.0.0.1'], '127.0.0.1'],
  ])('with %j: among %j none may be %s', (hosts, addresses, forbidden) => {
    expect(forbiddenAmong(addresses, url, { ...OPEN, ...hosts })).toBe(forbidden);
  });

  test.each([
    [{}, ['10.0.0.1'], true],
    [LOOPBACK, ['127.0.0.1'], false],
    [{ ...LOOPBACK, insecure: ['leaf.example.com'] }, ['127.0.0.1'], true],
    [{ ...LOOPBACK, insecure: ['leaf.example.com:443'] }, ['127.0.0.1'], false],
  ])('with %j: what is said at %j is quoted: %s', (hosts, addresses, quoted) => {
    expect(isQuotable(addresses, url, { ...OPEN, ...hosts })).toBe(quoted);
  });
});

test.each([
  ['https://127.0.0.1:34567', true],
  ['https://localhost:6443', true],
  ['https://[::1]', true],
  ['https://10.96.0.1:443', false],
  ['nonsense', false],
])('our own API server at %s is at loopback: %p', (server, expected) => {
  expect(isLoopbackServer(server)).toBe(expected);
});
