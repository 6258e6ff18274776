import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../src/api/errors.ts';
import { secretsOf } from '../../src/promote/forges/shared.ts';
import { credentialsFrom } from '../../src/promote/pull-request.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----';
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

function read(keys: Record<string, string | Uint8Array>) {
  const secret = new Map(
    Object.entries(keys).map(([key, value]) => [
      key,
      typeof value === 'string' ? new TextEncoder().encode(value) : value,
    ]),
  );
  return credentialsFrom(secret, 'Secret team/git');
}

function refusal(keys: Record<string, string | Uint8Array>): TurnpikeError {
  try {
    read(keys);
  } catch (error) {
    if (error instanceof TurnpikeError) return error;
  }
  throw new Error('nothing was refused');
}

describe('credentials', () => {
  test('are read from a Secret, without the line ends that editors add', () => {
    expect(read({ token: 'abc\n' })).toEqual({ token: 'abc' });
    expect(
      read({ token: ' abc', username: 'git\n', password: 'p w\r\n', caFile: `${PEM}\n`, other: 'x' }),
    ).toEqual({
      token: 'abc',
      username: 'git',
      password: 'p w',
      caFile: PEM,
    });
    expect(read({ token: 'abc', username: 'git', password: '' })).toEqual({ token: 'abc', username: 'git' });
  });

  test("for SSH are a key, the known hosts, and the key's passphrase", () => {
    const keys = { token: 'abc', identity: 'KEY\n\n', known_hosts: 'host ssh-ed25519 AA==\n', password: 'p' };
    expect(read(keys)).toEqual({
      token: 'abc',
      password: 'p',
      identity: 'KEY\n',
      knownHosts: 'host ssh-ed25519 AA==',
    });
  });

  test('hold what commits are signed with', () => {
    expect(read({ token: 'abc', 'signing-key': `\n${KEY}\n` })).toEqual({
      token: 'abc',
      signing: { key: KEY },
    });
    expect(read({ token: 'abc', 'signing-key': KEY, 'signing-passphrase': ' p w\n' })).toEqual({
      token: 'abc',
      signing: { key: KEY, passphrase: 'p w' },
    });
  });

  test('keep the passphrase of the signing key out of messages', () => {
    const secrets = secretsOf(read({ token: 'abc', 'signing-key': KEY, 'signing-passphrase': 'hunter2' }));
    expect(secrets).toEqual(['abc', 'hunter2']);
  });

  const REFUSED: readonly [string, Record<string, string | Uint8Array>, RegExp][] = [
    ['no token', { username: 'git', password: 'hunter2' }, /^Secret team\/git has no key token: put a token/],
    ['an empty token', { token: ' \n' }, /has no key token/],
    ['a token of two lines', { token: 'hunter2\nhunter2' }, /key token with blanks, line ends/],
    ['a token that is no ASCII', { token: 'hunter2ö' }, /key token with blanks, line ends/],
    ['bytes', { token: new Uint8Array([0xff, 0xfe]) }, /key token that is no text/],
    ['too much', { token: 'hunter2'.repeat(100_000) }, /key token of more than 262144 bytes/],
    ['a password alone', { token: 'a', password: 'hunter2' }, /key password but no username/],
    [
      'a caFile that is none',
      { token: 'a', caFile: '/etc/ssl/hunter2.pem' },
      /caFile that holds no certificate/,
    ],
    [
      'a blank signing key',
      { token: 'a', 'signing-key': ' \n' },
      /has a blank key signing-key: put a private/,
    ],
    [
      'a public signing key',
      { token: 'a', 'signing-key': 'ssh-rsa hunter2' },
      /public key under signing-key/,
    ],
    [
      'a signing key that is none',
      { token: 'a', 'signing-key': 'hunter2' },
      /no private key under signing-key/,
    ],
    [
      'a passphrase of no signing key',
      { token: 'a', 'signing-passphrase': 'hunter2' },
      /has the key signing-passphrase but no signing-key/,
    ],
  ];
  for (const [name, keys, sentence] of REFUSED) {
    test(`are refused with ${name}, the key named and the value not shown`, () => {
      const error = refusal(keys);

      expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
      expect(error.message).toMatch(sentence);
      expect(error.message).not.toContain('hunter2');
    });
  }
});
