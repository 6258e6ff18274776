import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as openpgp from 'openpgp';
import type { SigningKey } from '../../../../src/lib/git/sign/key.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { createKeyring, EMAIL, type Keyring, PASSPHRASE } from '../../stage/keys.ts';
import { withoutMainKey } from '../../stage/openpgp.ts';
import { createTestRepository, type TestRepository } from '../../stage/repository.ts';
import { type GitServer, startGitServer } from '../../stage/server.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../../stage/support.ts';

const SLOW = 120_000;

let server: GitServer;
let keyring: Keyring;
let branches: TestBranches;
let repository: TestRepository;

beforeAll(async () => {
  server = await startGitServer();
  keyring = await createKeyring();
  branches = await testBranches();
  repository = await createTestRepository(server.directory, 'app.git', { 'a.yaml': marked('1.0.0') });
});
afterAll(async () => {
  await branches?.close();
  await keyring?.close();
  await server?.close();
});

const PEM = ['-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----'] as const;

/** A key whose bytes were changed. */
async function damaged(make: Promise<SigningKey>, change: (bytes: Buffer) => Buffer): Promise<SigningKey> {
  const { key, ...rest } = await make;
  const bytes = Buffer.from(key.trim().split('\n').slice(1, -1).join(''), 'base64');
  return { ...rest, key: [PEM[0], change(bytes).toString('base64'), PEM[1]].join('\n') };
}

async function opened(make: Promise<SigningKey>, passphrase?: string): Promise<SigningKey> {
  const { key } = await make;
  return { key, ...(passphrase !== undefined && { passphrase }) };
}

const keyText = (label: string) =>
  `-----BEGIN ${label}-----\nMIIBVAIBADANBgkqhkiG9w0BAQEF\n-----END ${label}-----`;

type Options = Omit<Parameters<typeof openpgp.generateKey>[0], 'userIDs' | 'format'>;

function generate(options: Options = {}) {
  return openpgp.generateKey({ type: 'ecc', ...options, userIDs: [{ email: EMAIL }], format: 'object' });
}

async function openPgp(
  options: Options = {},
  change: (key: openpgp.PrivateKey) => void = () => undefined,
): Promise<SigningKey> {
  const { privateKey } = await generate(options);
  change(privateKey);
  return { key: privateKey.armor() };
}

async function revoked(): Promise<SigningKey> {
  const { privateKey: key, revocationCertificate } = await generate();
  return { key: (await openpgp.revokeKey({ key, revocationCertificate })).privateKey };
}

const withTenThousandBits = ({ keyPacket }: openpgp.PrivateKey) =>
  Object.assign(keyPacket.publicParams, { n: new Uint8Array(1250).fill(0xff) });

const ssh = (options: string, passphrase?: string) => keyring.ssh(options, passphrase);
const SHORT_RSA = { type: 'rsa', rsaBits: 1024, config: { minRSABits: 1024 } } as const;
const EXPIRED = { date: new Date('2020-01-01'), keyExpirationTime: 3600 };
const LOCKED = { passphrase: PASSPHRASE };
const ARGON2: Options = {
  ...LOCKED,
  config: { s2kType: openpgp.enums.s2k.argon2, aeadProtect: true, maxArgon2MemoryExponent: 30 },
};

const UNREADABLE = /signing-key .* cannot be read: use a private key /;
const PUBLIC = /signing-key .* is a public key: use the private one/;
const NO_PASSPHRASE = /signing-key .* has a passphrase: put it under signing-passphrase/;
const WRONG_PASSPHRASE = /signing-key .* is not opened by its signing-passphrase/;

const REFUSED: readonly [string, RegExp, () => Promise<SigningKey>][] = [
  ['that is none', UNREADABLE, async () => ({ key: 'hunter2' })],
  ['of DSA', UNREADABLE, async () => ({ key: keyText('DSA PRIVATE KEY') })],
  ['in PKCS#8 that is broken off', UNREADABLE, async () => ({ key: keyText('PRIVATE KEY') })],
  [
    'in PKCS#8 that is locked in an older way',
    /is encrypted in an unsupported way: write it anew with "openssl pkcs8 -topk8 -v2 aes-256-cbc/,
    () => keyring.openssl({ options: '-algorithm ed25519', lock: '-v1 PBE-SHA1-3DES' }, PASSPHRASE),
  ],
  ['in PKCS#8 without its passphrase', NO_PASSPHRASE, () => opened(ssh('-t rsa -m PKCS8', PASSPHRASE))],
  [
    'in PKCS#8 with a wrong one',
    WRONG_PASSPHRASE,
    () => opened(ssh('-t ecdsa -m PKCS8', PASSPHRASE), 'hunter2'),
  ],
  ['that is broken off', UNREADABLE, () => damaged(ssh('-t ed25519'), (bytes) => bytes.subarray(0, 90))],
  [
    'whose halves are no pair',
    UNREADABLE,
    // Of the second of the two public halves.
    () => damaged(ssh('-t ed25519'), (bytes) => bytes.fill(7, 130, 140)),
  ],
  ['too long to be one', /has more than 65536 bytes/, async () => ({ key: `${PEM[0]}\n${'A'.repeat(7e4)}` })],
  ['that is public', PUBLIC, async () => ({ key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA x@y' })],
  ['without its passphrase', NO_PASSPHRASE, () => opened(ssh('-t ed25519', PASSPHRASE))],
  ['with a wrong passphrase', WRONG_PASSPHRASE, () => opened(ssh('-t ed25519', PASSPHRASE), 'hunter2')],
  ['in PEM without its passphrase', NO_PASSPHRASE, () => opened(ssh('-t ecdsa -m PEM', PASSPHRASE))],
  ['in PEM with a wrong one', WRONG_PASSPHRASE, () => opened(ssh('-t ecdsa -m PEM', PASSPHRASE), 'hunter2')],
  [
    'that takes days to open',
    /takes 4294967295 rounds to open, and 64 are the limit: write it anew with "ssh-keygen -p -a 16/,
    // Behind the magic, the names of cipher and derivation, and the salt.
    () => damaged(ssh('-t ed25519', PASSPHRASE), (bytes) => bytes.fill(0xff, 63, 67)),
  ],
  ['of OpenPGP that is public', PUBLIC, async () => ({ key: (await generate()).publicKey.armor() })],
  [
    'of OpenPGP that is broken off',
    UNREADABLE,
    async () => ({ key: (await openPgp()).key.replace(/\n.*\n=/, '\n=') }),
  ],
  ['of OpenPGP without its passphrase', NO_PASSPHRASE, () => openPgp(LOCKED)],
  ['of OpenPGP with a wrong one', WRONG_PASSPHRASE, () => opened(openPgp(LOCKED), 'hunter2')],
  [
    'of OpenPGP that asks for memory',
    /encrypted in an unsupported way/,
    () => opened(openPgp(ARGON2), PASSPHRASE),
  ],
  ['of OpenPGP that has expired', /signing-key .* has expired/, () => openPgp(EXPIRED)],
  ['of OpenPGP that is revoked', /signing-key .* is revoked/, revoked],
  ['of OpenPGP that is short', /has no part that may sign now/, () => openPgp(SHORT_RSA)],
  [
    'of OpenPGP that is long',
    /has 10000 bits, and 8192 are the limit/,
    () => openPgp(SHORT_RSA, withTenThousandBits),
  ],
  [
    'of OpenPGP whose secret is elsewhere',
    /does not hold the secret part that signs: export it with/,
    () => openPgp({}, withoutMainKey),
  ],
];

test.each(REFUSED)(
  'a signing key %s is refused, its value is not shown and nothing is pushed',
  async (_, sentence, make) => {
    const signing = await make();
    const update = branchUpdate(`${server.url}/app.git`, { signing, now: new Date() });
    const error = await failureOf(branches.updateBranch(update));
    expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    expect(error.message).toMatch(sentence);
    expect(error.cause).toBeUndefined();
    const values = signing.key.split('\n').filter((line) => line.length > 6 && !line.startsWith('-----'));
    for (const value of [...values, PASSPHRASE, 'hunter2']) expect(error.message).not.toContain(value);
    expect(await repository.tip(BRANCH)).toBeUndefined();
  },
  SLOW,
);
