import { describe, expect, test } from 'bun:test';
import { IDENTITY, keyLooks, privateKeyProblem } from '../../../../src/lib/git/private-key.ts';
import { openSshKey } from '../../../../src/lib/git/sign/ssh.ts';
import { signingProblem } from '../../../../src/lib/git/signing-key.ts';
import { badKey } from '../../../../src/lib/git/ssh/private-key.ts';
import { openIdentity } from '../../../../src/lib/git/ssh/session.ts';
import { pemText } from '../../../../src/lib/text/pem.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { longKey } from '../../../fakes/long-key.ts';

const textOf = (label: string, headers: readonly string[] = []) =>
  pemText({ label, headers, base64: 'AAAA' });

/** As OpenSSH's PROTOCOL.key has them: the cipher, the key derivation and its options, one key, its public half. */
function openSsh(type: string, cipher: string): string {
  const isLocked = cipher !== 'none';
  const one = Buffer.from([0, 0, 0, 1]);
  const options = Buffer.alloc(isLocked ? 24 : 0);
  const parts = [cipher, isLocked ? 'bcrypt' : 'none', options].map(stringOf);
  const publicKey = stringOf(Buffer.concat([stringOf(type), Buffer.alloc(400)]));
  const bytes = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...parts, one, publicKey]);
  return pemText({ label: 'OPENSSH PRIVATE KEY', headers: [], base64: bytes.toString('base64') });
}

function stringOf(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const LOCKED = ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00'];

describe('a private key', () => {
  test.each([
    ["OpenSSH's own", openSsh('ssh-ed25519', 'none'), false],
    ["OpenSSH's own with a passphrase", openSsh('ssh-rsa', 'aes256-ctr'), true],
    ['PKCS#8', textOf('PRIVATE KEY'), false],
    ['PKCS#8 with a passphrase', textOf('ENCRYPTED PRIVATE KEY'), true],
    ['the older PEM of RSA', textOf('RSA PRIVATE KEY'), false],
    ['the older PEM of RSA with a passphrase', textOf('RSA PRIVATE KEY', LOCKED), true],
    ['the older PEM of EC behind its parameters', textOf('EC PARAMETERS') + textOf('EC PRIVATE KEY'), false],
    ['any, with a certificate in front', textOf('CERTIFICATE') + textOf('PRIVATE KEY'), false],
  ])('is told by its looks, in the format %s', (_, text, isLocked) => {
    expect(keyLooks(text)).toMatchObject({ kind: 'private', isLocked });
    const sentence = privateKeyProblem('Secret a/b', IDENTITY, text, false);
    expect(sentence).toBe(
      isLocked
        ? 'Secret a/b has a key with a passphrase under identity and no key password: add the passphrase.'
        : undefined,
    );
    expect(privateKeyProblem('Secret a/b', IDENTITY, text, true)).toBeUndefined();
  });

  test.each([
    ['of DSA in PEM', textOf('DSA PRIVATE KEY', LOCKED), 'a DSA key under'],
    ['of DSA', openSsh('ssh-dss', 'none'), 'a DSA key under'],
    ['of DSA with a passphrase', openSsh('ssh-dss', 'aes256-ctr'), 'a DSA key under'],
    ['of PuTTY', 'PuTTY-User-Key-File-2: ssh-rsa\n', 'a key in the format of PuTTY under'],
    ['that is public', 'ecdsa-sha2-nistp256 AAAA x@y', 'a public key under'],
    ['that is public in PEM', textOf('PUBLIC KEY'), 'a public key under'],
    ['of a security key that is public', 'sk-ssh-ed25519@openssh.com AAAA', 'a public key under'],
    ['of another format', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n', 'no private key under'],
    ['of a certificate', textOf('CERTIFICATE'), 'no private key under'],
  ])('%s is refused by name, and its value not shown', (_, text, sentence) => {
    const problem = privateKeyProblem('Secret a/b', IDENTITY, text, true);
    expect(problem).toStartWith(`Secret a/b has ${sentence} identity`);
    expect(problem).not.toContain('AAAA');
    const signing = signingProblem('Secret a/b', { key: text, hasPassphrase: true });
    expect(signing).toStartWith(`Secret a/b has ${sentence} signing-key`);
  });
});

describe('a private key that everybody would wait for', () => {
  const long = longKey(16_384);
  const identity = { identity: long };

  test('is known before anything is done with it', () => {
    expect(badKey(long)).toEqual({ kind: 'long' });
    expect(badKey(longKey(8192))).toBeUndefined();
  });

  test('signs no commits', async () => {
    expect((await failureOf(openSshKey({ key: long }))).message).toBe(
      'The signing-key of the Secret has more than 8192 bits: make an ed25519 key.',
    );
  });

  test('logs in nowhere', async () => {
    const opening = openIdentity({ name: 'git.example', credentials: identity }, () => Promise.resolve(''));
    expect((await failureOf(opening)).message).toContain('(it has more than 8192 bits: make an ed25519 key)');
  });
});
