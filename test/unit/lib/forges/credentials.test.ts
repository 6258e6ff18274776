import { describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { secretsOf } from '../../../../src/lib/forges/credentials/masked.ts';
import { credentialsFrom } from '../../../../src/lib/forges/index.ts';
import type { ForgeType } from '../../../../src/lib/forges/types.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { longKey } from '../../../fakes/long-key.ts';
import { CERTIFICATES } from '../../../fixtures/pipelines/certificates.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----';
const PEM = `${CERTIFICATES.valid}\n`;

function read(keys: Record<string, string | Uint8Array>, type: ForgeType = 'github') {
  const secret = new Map(
    Object.entries(keys).map(([key, value]) => [
      key,
      typeof value === 'string' ? new TextEncoder().encode(value) : value,
    ]),
  );
  return credentialsFrom(secret, 'Secret team/git', type);
}

function refusal(keys: Record<string, string | Uint8Array>, type?: ForgeType): TurnpikeError {
  try {
    read(keys, type);
  } catch (error) {
    if (error instanceof TurnpikeError) return error;
  }
  throw new Error('nothing was refused');
}

describe('credentials', () => {
  test('are read from a Secret, without the line ends that editors add', () => {
    expect(read({ token: 'abc\n' })).toEqual({ token: 'abc' });
    expect(
      read({ token: ' abc', username: 'git\n', password: 'p w\r\n', caFile: `a CA\n${PEM}\n`, other: 'x' }),
    ).toEqual({
      token: 'abc',
      username: 'git',
      password: 'p w',
      caFile: PEM,
    });
    expect(read({ token: 'abc', 'ca.crt': PEM })).toEqual({ token: 'abc', caFile: PEM });
    expect(read({ token: 'abc', 'ca.crt': PEM, caFile: 'another' })).toEqual({ token: 'abc', caFile: PEM });
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
    const signing = { key: KEY, passphrase: 'hunter2' };
    const secrets = secretsOf({ token: 'abc', signing });
    expect(secrets).toEqual(['abc', 'hunter2']);
  });

  const REFUSED: readonly [string, Record<string, string | Uint8Array>, RegExp][] = [
    ['no token', { username: 'git', password: 'hunter2' }, /^Secret team\/git has no key token: add a token/],
    ['an empty token', { token: ' \n' }, /has no key token/],
    ['a token of two lines', { token: 'hunter2\nhunter2' }, /key token with spaces, line breaks/],
    ['a token that is no ASCII', { token: 'hunter2ö' }, /key token with spaces, line breaks/],
    ['bytes', { token: new Uint8Array([0xff, 0xfe]) }, /key token that is not text/],
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
      /has a blank key signing-key: add a private/,
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

describe('a bearer token', () => {
  test('is for the API too, where there is no token', () => {
    expect(read({ bearerToken: 'b\n' })).toEqual({ token: 'b', bearerToken: 'b' });
    expect(read({ bearerToken: 'b', token: 't' })).toEqual({ token: 't', bearerToken: 'b' });
  });

  test('wins over a user and a password, and leaves a key for SSH its passphrase', () => {
    expect(read({ bearerToken: 'b', username: 'jane', password: 'p' })).toEqual({
      token: 'b',
      bearerToken: 'b',
    });
    expect(read({ bearerToken: 'b', identity: 'KEY', password: 'p' })).toEqual({
      token: 'b',
      bearerToken: 'b',
      identity: 'KEY\n',
      password: 'p',
    });
  });

  test('is one word, and not shown where it is none', () => {
    const { message } = refusal({ bearerToken: 'hunter2 hunter2' });
    expect(message).toStartWith('Secret team/git has a key bearerToken with spaces');
    expect(message).not.toContain('hunter2');
  });
});

describe('what must not appear in messages', () => {
  test('is all that a Secret holds, and all forms that it is sent in', () => {
    const clientCertificate = { cert: 'public', key: 'the private key' };
    const proxy = 'http://me:p%40ss@proxy.example.com:3128/';
    const secrets = secretsOf({ token: 't', bearerToken: 'b', clientCertificate, proxy });
    const basic = Buffer.from('me:p@ss').toString('base64');
    expect(secrets).toEqual(['t', 'b', 'the private key', proxy, 'p%40ss', 'p@ss', basic]);
  });

  test('is in no log either, should credentials ever get there as a whole', () => {
    const { log, lines } = createFakeLog();
    const clientCertificate = { cert: 'public', key: 'hunter2' };
    const proxy = 'http://me:hunter2@proxy.example.com:3128/';
    const credentials = {
      token: 'hunter2',
      bearerToken: 'hunter2',
      password: 'hunter2',
      clientCertificate,
      proxy,
    };
    log.info(credentials, 'said');
    log.info({ credentials }, 'said');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('hunter2');
  });
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const PKCS8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const APP = { githubAppID: '7\n', githubAppInstallationID: '8', githubAppPrivateKey: PKCS1 };

describe('the keys of a GitHub App', () => {
  test('are read as Flux has them, be the private key in PKCS#1 or PKCS#8', () => {
    const app = { id: '7', installation: { id: 8 }, privateKey: PKCS8 };
    expect(read(APP)).toEqual({ app });
    expect(read({ ...APP, githubAppPrivateKey: PKCS8.replaceAll('\n', '\r\n') })).toEqual({ app });
    const { githubAppInstallationID: _, ...rest } = APP;
    expect(
      read({ ...rest, githubAppInstallationOwner: 'acme', githubAppBaseURL: 'https://h/api/v3' }),
    ).toEqual({
      app: { ...app, installation: { owner: 'acme' }, baseUrl: 'https://h/api/v3' },
    });
  });

  test('win over a token and a user', () => {
    const both = read({ ...APP, token: 'abc', username: 'jane', identity: 'KEY', password: 'p' });

    expect(both).toEqual({ app: expect.anything(), identity: 'KEY\n', password: 'p' });
  });

  const ELLIPTIC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const NO_APPS: readonly [string, Record<string, string>, RegExp][] = [
    ['no ID', { githubAppID: '' }, /^Secret team\/git has keys of a GitHub App but no key githubAppID: add/],
    ['no private key', { githubAppPrivateKey: ' ' }, /but no key githubAppPrivateKey: add/],
    ['no installation', { githubAppInstallationID: '' }, /but neither githubAppInstallationID nor githubApp/],
    [
      'two installations',
      { githubAppInstallationOwner: 'acme' },
      /has both keys githubAppInstallationID and/,
    ],
    [
      'a name as ID',
      { githubAppID: 'hunter2' },
      /key githubAppID that is not a number: use the app's App ID/,
    ],
    [
      'a negative ID',
      { githubAppInstallationID: '-8hunter2' },
      /key githubAppInstallationID that is not a number/,
    ],
    [
      'a path as owner',
      { githubAppInstallationID: '', githubAppInstallationOwner: '../hunter2' },
      /key githubAppInstallationOwner that is not the name of an organization or user/,
    ],
    [
      'a private key that is none',
      { githubAppPrivateKey: 'hunter2' },
      /githubAppPrivateKey that is not an RSA key/,
    ],
    [
      'half a private key',
      { githubAppPrivateKey: `${PKCS1.slice(0, 300)}hunter2` },
      /githubAppPrivateKey that is not an RSA key in PEM/,
    ],
    [
      'a private key of another kind',
      { githubAppPrivateKey: ELLIPTIC.export({ type: 'pkcs8', format: 'pem' }).toString() },
      /githubAppPrivateKey that is not an RSA key in PEM/,
    ],
    [
      'a private key that holds up everybody who waits',
      { githubAppPrivateKey: longKey(16_384) },
      /githubAppPrivateKey with more than 8192 bits/,
    ],
    [
      'a private key with a passphrase',
      {
        githubAppPrivateKey: privateKey
          .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })
          .toString(),
      },
      /githubAppPrivateKey that is not an RSA key in PEM without a passphrase/,
    ],
  ];
  test.each(NO_APPS)('are refused with %s, the key named and the value not shown', (_, change, sentence) => {
    const error = refusal({ ...APP, ...change });

    expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain('hunter2');
  });

  test.each(['gitea', 'gitlab', 'bitbucket-server', 'azure-devops'] as const)('are refused on %s', (type) => {
    expect(refusal({ ...APP, token: 'abc' }, type).message).toMatch(
      /has keys of a GitHub App, which serves forges of type github alone: remove them/,
    );
  });
});
