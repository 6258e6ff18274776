import { type CipherGCMTypes, createDecipheriv, createHash } from 'node:crypto';
import type { Turn } from '../../async/index.ts';
import { deriveKey } from './derive-key.ts';
import { MAGIC, openSshText } from './openssh-text.ts';
import { type LockedPkcs8, unlockPkcs8 } from './pkcs8.ts';
import { pkcs8ToSsh } from './pkcs8-ssh.ts';
import { stringAt } from './strings.ts';

/** The first cipher is the default of ssh-keygen. */
const CIPHERS: Readonly<Record<string, Cipher>> = {
  'aes256-ctr': { name: 'aes-256-ctr', key: 32, iv: 16, tag: 0 },
  'aes192-ctr': { name: 'aes-192-ctr', key: 24, iv: 16, tag: 0 },
  'aes128-ctr': { name: 'aes-128-ctr', key: 16, iv: 16, tag: 0 },
  'aes256-cbc': { name: 'aes-256-cbc', key: 32, iv: 16, tag: 0 },
  'aes192-cbc': { name: 'aes-192-cbc', key: 24, iv: 16, tag: 0 },
  'aes128-cbc': { name: 'aes-128-cbc', key: 16, iv: 16, tag: 0 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', key: 32, iv: 12, tag: 16 },
  'aes128-gcm@openssh.com': { name: 'aes-128-gcm', key: 16, iv: 12, tag: 16 },
};

/** Lengths in bytes. */
interface Cipher {
  readonly name: string;
  readonly key: number;
  readonly iv: number;
  readonly tag: number;
}

/** A private key whose passphrase takes its time. */
export type LockedKey = LockedOpenSsh | LockedPkcs8;

/** A locked key of OpenSSH's own format (OpenSSH's PROTOCOL.key). */
export interface LockedOpenSsh {
  readonly kind: 'openssh';
  readonly cipher: string;
  readonly salt: Buffer;
  readonly rounds: number;
  readonly publicKey: Buffer;
  readonly locked: Buffer;
  readonly tag: Buffer;
}

/** Undefined where the bytes are of another form or have no passphrase. */
export function lockedOpenSsh(bytes: Buffer): LockedOpenSsh | undefined {
  const [cipher, afterCipher] = stringAt(bytes, MAGIC.length);
  const [derivation, afterName] = stringAt(bytes, afterCipher);
  const [options, afterOptions] = stringAt(bytes, afterName);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || derivation.toString('latin1') !== 'bcrypt')
    return undefined;
  const [salt, afterSalt] = stringAt(options, 0);
  if (afterSalt + 4 > options.length) return undefined;
  // The number of keys, which is one, stands in between.
  const [publicKey, afterPublic] = stringAt(bytes, afterOptions + 4);
  const [locked, end] = stringAt(bytes, afterPublic);
  const rounds = options.readUInt32BE(afterSalt);
  const tag = bytes.subarray(end);
  return { kind: 'openssh', cipher: cipher.toString('latin1'), salt, rounds, publicKey, locked, tag };
}

/** Gives the key without its passphrase; undefined where the passphrase is wrong. */
export type Unlock = (key: LockedKey, passphrase: string) => Promise<string | undefined>;

/** An id of the key with the passphrase: the same for the same two. */
export function lockedKeyId(key: LockedKey, passphrase: string): string {
  const parts = Object.values(key).map((part) => (part instanceof Buffer ? part.toString('base64') : part));
  return createHash('sha256')
    .update(JSON.stringify([passphrase, ...parts]))
    .digest('hex');
}

/** The same key without a passphrase, in a form that ssh2 reads; undefined where this is not its passphrase. */
export async function unlock(key: LockedKey, passphrase: string, turn: Turn): Promise<string | undefined> {
  if (key.kind === 'openssh') return unlockOpenSsh(key, passphrase, turn);
  const bytes = await unlockPkcs8(key, passphrase, turn);
  return bytes && pkcs8ToSsh(bytes);
}

async function unlockOpenSsh(
  key: LockedOpenSsh,
  passphrase: string,
  turn: Turn,
): Promise<string | undefined> {
  const cipher = Object.hasOwn(CIPHERS, key.cipher) ? CIPHERS[key.cipher] : undefined;
  if (!cipher || passphrase === '' || key.salt.length === 0) return undefined;
  const { salt, rounds } = key;
  const derived = await deriveKey({ passphrase, salt, rounds, length: cipher.key + cipher.iv }, turn);
  const open = decrypt(key, cipher, derived);
  // Twice the same number tells that the passphrase was right.
  if (!open || open.length < 8 || open.readUInt32BE(0) !== open.readUInt32BE(4)) return undefined;
  return openSshText(key.publicKey, open);
}

function decrypt({ locked, tag }: LockedOpenSsh, cipher: Cipher, derived: Buffer): Buffer | undefined {
  const [secret, iv] = [derived.subarray(0, cipher.key), derived.subarray(cipher.key)];
  try {
    if (cipher.tag === 0) {
      const decipher = createDecipheriv(cipher.name, secret, iv).setAutoPadding(false);
      return Buffer.concat([decipher.update(locked), decipher.final()]);
    }
    const decipher = createDecipheriv(cipher.name as CipherGCMTypes, secret, iv);
    decipher.setAuthTag(tag.subarray(0, cipher.tag));
    return Buffer.concat([decipher.update(locked), decipher.final()]);
  } catch {
    return undefined; // The caller says that it does not open.
  }
}
