import { createDecipheriv, pbkdf2, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Turn } from '../../async/index.ts';
import { type DerValue, derIdentifier, derNumber, derValues, inside, OCTET_STRING } from './der.ts';

/**
 * A private key of PKCS#8 with a passphrase (RFC 5958, section 3), locked by PBES2 (RFC 8018, section 6.2). OpenSSL
 * locks so by default since 1.1, and ssh-keygen asks it to.
 */
export interface LockedPkcs8 {
  readonly kind: 'pkcs8';
  readonly derivation: Derivation;
  readonly salt: Buffer;
  readonly cipher: Cipher;
  readonly iv: Buffer;
  readonly locked: Buffer;
}

export type Derivation =
  | { readonly name: 'pbkdf2'; readonly hash: string; readonly rounds: number }
  | { readonly name: 'scrypt'; readonly cost: number; readonly block: number; readonly parallel: number };

const PBES2 = '2a864886f70d01050d';
const PBKDF2 = '2a864886f70d01050c';
/** RFC 7914, section 7. */
const SCRYPT = '2b06010401da47040b';

/** The hashes by the object identifiers of RFC 8018, appendix B.1.2. The first is the default. */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0208': 'sha224',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
};

interface Cipher {
  readonly name: string;
  /** The length of the key in bytes. */
  readonly key: number;
  readonly iv: number;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  '60864801650304012a': { name: 'aes-256-cbc', key: 32, iv: 16 },
  '608648016503040116': { name: 'aes-192-cbc', key: 24, iv: 16 },
  '608648016503040102': { name: 'aes-128-cbc', key: 16, iv: 16 },
  '2a864886f70d0307': { name: 'des-ede3-cbc', key: 24, iv: 8 },
};

/** Undefined where the bytes are something else, or locked in another way. */
export function lockedPkcs8(bytes: Buffer): LockedPkcs8 | undefined {
  const [info] = derValues(bytes) ?? [];
  const [algorithm, data] = inside(info);
  const [scheme, parameters] = inside(algorithm);
  if (derIdentifier(scheme) !== PBES2 || data?.tag !== OCTET_STRING) return undefined;
  const [derived, encryption] = inside(parameters);
  const { derivation, salt } = derivationOf(derived) ?? {};
  const [cipherId, iv] = inside(encryption);
  const cipher = CIPHERS[derIdentifier(cipherId)];
  if (!derivation || !salt || !cipher || iv?.tag !== OCTET_STRING || iv.body.length !== cipher.iv)
    return undefined;
  return { kind: 'pkcs8', derivation, salt, cipher, iv: iv.body, locked: data.body };
}

function derivationOf(value: DerValue | undefined) {
  const [name, parameters] = inside(value);
  const [salt, ...numbers] = inside(parameters);
  if (salt?.tag !== OCTET_STRING) return undefined;
  const derivation = derivationBy(derIdentifier(name), numbers);
  return derivation && { derivation, salt: salt.body };
}

function derivationBy(name: string, values: readonly DerValue[]): Derivation | undefined {
  const [first, second, third] = values.map(derNumber);
  if (first === undefined) return undefined;
  if (name === SCRYPT && second !== undefined && third !== undefined) {
    return { name: 'scrypt', cost: first, block: second, parallel: third };
  }
  if (name !== PBKDF2) return undefined;
  // The length of the key may stand in between.
  const [algorithm] = values.flatMap((value) => inside(value));
  const hash = algorithm ? HASHES[derIdentifier(algorithm)] : 'sha1';
  return hash === undefined ? undefined : { name: 'pbkdf2', hash, rounds: first };
}

/** Half a second of a thread of its own, and 32 MiB. OpenSSL makes 2,048 rounds, and 131,072 of scrypt. */
const MAX_ROUNDS = { pbkdf2: 1_000_000, scrypt: 262_144 } as const;

/** The work that the passphrase takes, and the most that is allowed. */
export function workOf({ derivation }: LockedPkcs8): { readonly rounds: number; readonly limit: number } {
  const limit = MAX_ROUNDS[derivation.name];
  if (derivation.name === 'pbkdf2') return { rounds: derivation.rounds, limit };
  const { cost, block, parallel } = derivation;
  return { rounds: cost * block * parallel, limit };
}

const byPbkdf2 = promisify(pbkdf2);
const byScrypt = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** The key without its passphrase, in DER; undefined where this is not its passphrase. Look at its work first. */
export async function unlockPkcs8(
  key: LockedPkcs8,
  passphrase: string,
  turn: Turn,
): Promise<Buffer | undefined> {
  await turn();
  try {
    const derived = await derive(key, passphrase);
    const decipher = createDecipheriv(key.cipher.name, derived, key.iv);
    return Buffer.concat([decipher.update(key.locked), decipher.final()]);
  } catch {
    return undefined; // The caller says that it does not open.
  }
}

function derive({ derivation, salt, cipher }: LockedPkcs8, passphrase: string): Promise<Buffer> {
  const length = cipher.key;
  if (derivation.name === 'pbkdf2') {
    return byPbkdf2(passphrase, salt, derivation.rounds, length, derivation.hash);
  }
  const { cost, block, parallel } = derivation;
  // Twice what the work takes: the algorithm itself adds a little.
  const maxmem = 2 * 128 * MAX_ROUNDS.scrypt;
  return byScrypt(passphrase, salt, length, { N: cost, r: block, p: parallel, maxmem });
}
