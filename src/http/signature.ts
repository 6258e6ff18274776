import { hash, timingSafeEqual } from 'node:crypto';

/** Algorithms of `X-Signature`, and the bytes of their digests. */
const DIGEST_BYTES = { sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;
type Algorithm = keyof typeof DIGEST_BYTES;

export interface Signature {
  readonly algorithm: Algorithm;
  readonly digest: Buffer;
}

/** Reads `<algorithm>=<lower-case hex>`; undefined for anything else. */
export function parseSignature(header: string | null): Signature | undefined {
  if (header === null) return undefined;
  const separator = header.indexOf('=');
  const algorithm = header.slice(0, separator);
  const hex = header.slice(separator + 1);
  if (!isAlgorithm(algorithm)) return undefined;
  if (hex.length !== DIGEST_BYTES[algorithm] * 2 || !/^[0-9a-f]+$/.test(hex)) return undefined;
  return { algorithm, digest: Buffer.from(hex, 'hex') };
}

function isAlgorithm(name: string): name is Algorithm {
  return Object.hasOwn(DIGEST_BYTES, name);
}

/** A key that nobody has, so that an unknown pipeline costs the time that a known one does. */
const NOBODY: readonly Uint8Array[] = [crypto.getRandomValues(new Uint8Array(32))];

/**
 * Whether one of the keys made the signature over these parts, in time that depends on their length
 * alone. Without a key it is never right, and takes as long.
 */
export function isSignedBy(
  { algorithm, digest }: Signature,
  keys: readonly Uint8Array[],
  parts: readonly (string | Uint8Array)[],
): boolean {
  let right = false;
  for (const key of keys.length > 0 ? keys : NOBODY) {
    const hmac = new Bun.CryptoHasher(algorithm, key);
    for (const part of parts) hmac.update(part);
    right = timingSafeEqual(hmac.digest(), digest) || right;
  }
  return right && keys.length > 0;
}

/** Whether the token is one of the keys, in time that depends on their lengths alone. */
export function isOneOf(token: Uint8Array, keys: readonly Uint8Array[]): boolean {
  const digest = sha256(token);
  let right = false;
  for (const key of keys.length > 0 ? keys : NOBODY) right = timingSafeEqual(sha256(key), digest) || right;
  return right && keys.length > 0;
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
