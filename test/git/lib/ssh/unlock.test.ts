import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTurns } from '../../../../src/lib/async/turn.ts';
import { readPrivateKey } from '../../../../src/lib/git/ssh/private-key.ts';
import { pemText } from '../../../../src/lib/text/pem.ts';
import { opensslKey } from '../../stage/openssl.ts';
import { run } from '../../stage/run.ts';

/** Keys with a passphrase, as ssh-keygen and openssl make them. */

const ROUNDS = 3;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-unlock-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function generate(name: string, ...options: string[]): Promise<string> {
  const file = join(directory, name);
  const process = Bun.spawn(
    ['ssh-keygen', '-q', '-N', 'right', '-a', String(ROUNDS), '-f', file, ...options],
    { stdout: 'ignore', stderr: 'inherit' },
  );
  expect(await process.exited).toBe(0);
  return readFile(file, 'utf8');
}

describe('a private key with a passphrase', () => {
  test.each([
    'aes256-ctr',
    'aes192-ctr',
    'aes128-ctr',
    'aes256-cbc',
    'aes192-cbc',
    'aes128-cbc',
    'aes256-gcm@openssh.com',
    'aes128-gcm@openssh.com',
  ])('is opened by it and by no other one, with %s', async (cipher) => {
    const text = await generate(cipher, '-t', 'ed25519', '-Z', cipher);
    const read = await readPrivateKey(text, 'right');
    expect(read).toMatchObject({ kind: 'read', key: { type: 'ssh-ed25519' } });
    expect(await readPrivateKey(text, 'wrong')).toEqual({ kind: 'locked' });
    expect(await readPrivateKey(text, '')).toEqual({ kind: 'locked' });
    expect(await readPrivateKey(text, undefined)).toEqual({ kind: 'locked' });
  });

  test.each([
    ['rsa', '2048', 'ssh-rsa'],
    ['ecdsa', '521', 'ecdsa-sha2-nistp521'],
  ] as const)('is opened, of type %s', async (type, bits, name) => {
    const text = await generate(type, '-t', type, '-b', bits);
    expect(await readPrivateKey(text, 'right')).toMatchObject({ kind: 'read', key: { type: name } });
  });

  test('takes a turn for each round', async () => {
    const turn = createTurns().job();
    let turns = 0;
    const text = await generate('turns', '-t', 'ed25519', '-Z', 'aes256-ctr');
    await readPrivateKey(text, 'right', () => {
      turns += 1;
      return turn();
    });
    // The key and what it starts from have 48 bytes, and a block of the derivation has 32.
    expect(turns).toBe(2 * ROUNDS);
  });
});

const ED25519 = { options: '-algorithm ed25519' };
const TOO_SLOW = { rounds: 1_000_001, limit: 1_000_000 };

describe('a private key in PKCS#8 with a passphrase', () => {
  test.each([
    'aes-256-cbc',
    'aes-192-cbc',
    'aes-128-cbc',
    'des3',
    'aes-256-cbc -v2prf hmacWithSHA1',
    'aes-256-cbc -v2prf hmacWithSHA224',
    'aes-256-cbc -v2prf hmacWithSHA384',
    'aes-256-cbc -v2prf hmacWithSHA512',
    'aes-256-cbc -iter 1000000',
  ])('is opened by it and by no other one, with %s', async (cipher) => {
    const { privateKey } = await opensslKey(newFile(), { ...ED25519, lock: `-v2 ${cipher}` }, 'right');
    const read = await readPrivateKey(privateKey, 'right');
    expect(read).toMatchObject({ kind: 'read', key: { type: 'ssh-ed25519' } });
    expect(await readPrivateKey(privateKey, 'wrong')).toEqual({ kind: 'locked' });
    expect(await readPrivateKey(privateKey, undefined)).toEqual({ kind: 'locked' });
  });

  test('takes a thread of its own for half a second at most, and is refused before that where it asks for more', async () => {
    const lock = '-v2 aes-256-cbc -iter 1000001';
    const { privateKey } = await opensslKey(newFile(), { ...ED25519, lock }, 'right');
    let turns = 0;
    const turn = async () => {
      turns += 1;
    };
    expect(await readPrivateKey(privateKey, 'right', turn)).toEqual({ kind: 'slow', ...TOO_SLOW });
    expect(turns).toBe(0);
    const usual = await opensslKey(newFile(), ED25519, 'right');
    expect(await readPrivateKey(usual.privateKey, 'right', turn)).toMatchObject({ kind: 'read' });
    expect(turns).toBe(1);
  });

  test('by scrypt is opened with what openssl asks for, and refused where it asks for more', async () => {
    const usual = await opensslKey(newFile(), { ...ED25519, lock: '-scrypt' }, 'right');
    expect(await readPrivateKey(usual.privateKey, 'right')).toMatchObject({ kind: 'read' });
    const heavy = await opensslKey(newFile(), { ...ED25519, lock: '-scrypt -scrypt_p 3' }, 'right');
    const refused = { kind: 'slow', rounds: 393_216, limit: 262_144 } as const;
    expect(await readPrivateKey(heavy.privateKey, 'right')).toEqual(refused);
  });

  test('that is locked as openssl did it long ago is refused as that', async () => {
    const { privateKey } = await opensslKey(newFile(), { ...ED25519, lock: '-v1 PBE-SHA1-3DES' }, 'right');
    expect(await readPrivateKey(privateKey, 'right')).toEqual({ kind: 'lock-unknown' });
  });

  test('of which a byte is another one, or which is cut off, throws nothing', async () => {
    const { privateKey } = await opensslKey(newFile(), ED25519, 'right');
    const bytes = Buffer.from(privateKey.split('\n').slice(1, -2).join(''), 'base64');
    const textOf = (some: Buffer) =>
      pemText({ label: 'ENCRYPTED PRIVATE KEY', headers: [], base64: some.toString('base64') });
    const kinds = new Set<string>();
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      kinds.add((await readPrivateKey(textOf(changed), 'right')).kind);
      const { kind } = await readPrivateKey(textOf(bytes.subarray(0, at)), 'right');
      expect(['unreadable', 'lock-unknown']).toContain(kind);
    }
    // Nothing in this format tells that half of the key is another one.
    expect([...kinds].toSorted()).toEqual(['lock-unknown', 'locked', 'read']);
  });
});

describe('a private key in the PEM of older versions', () => {
  test.each([
    ['rsa', '-des3'],
    ['rsa', '-aes128'],
    ['rsa', '-aes256'],
    ['ec', '-des3'],
    ['ec', '-aes192'],
  ])('of %s is opened, with %s', async (type, cipher) => {
    const options = type === 'rsa' ? '-algorithm RSA' : '-algorithm EC -pkeyopt ec_paramgen_curve:P-384';
    const file = newFile();
    await opensslKey(file, { options });
    const traditional = type === 'rsa' ? ['-traditional'] : [];
    const args = [type, ...traditional, '-in', file, cipher, '-passout', 'pass:right'];
    const text = await run(['openssl', ...args]);
    expect(text).toContain('DEK-Info: ');
    expect(await readPrivateKey(text, 'right')).toMatchObject({ kind: 'read' });
    expect(await readPrivateKey(text, 'wrong')).toEqual({ kind: 'locked' });
  });

  test('is found behind the parameters of its curve, and with other text around it', async () => {
    const text = await run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey']);
    expect(text).toStartWith('-----BEGIN EC PARAMETERS-----');
    expect(await readPrivateKey(`A key:\r\n${text.replaceAll('\n', '\r\n')}\r\n`, undefined)).toMatchObject({
      kind: 'read',
      key: { type: 'ecdsa-sha2-nistp256' },
    });
  });

  test.each(['ed448', 'EC -pkeyopt ec_paramgen_curve:secp256k1', 'EC -pkeyopt ec_paramgen_curve:secp224r1'])(
    'of a kind that SSH has no name for is refused: %s',
    async (algorithm) => {
      const privateKey = await run(['openssl', 'genpkey', '-algorithm', ...algorithm.split(' ')]);
      expect(await readPrivateKey(privateKey, undefined)).toEqual({ kind: 'unreadable' });
    },
  );
});

let files = 0;
function newFile(): string {
  files += 1;
  return join(directory, `openssl-${files}`);
}
