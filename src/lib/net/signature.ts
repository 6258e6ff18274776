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
const NOBODY: Uint8Array = crypto.getRandomValues(new Uint8Array(32));

export interface Candidates {
  readonly keys: readonly Uint8Array[];
  /** How many keys there can be: a signature of none of them takes the time of as many. */
  readonly most: number;
}

/**
 * The place of the key that made the signature over these parts; -1 for none of them. Its time depends on the length of
 * the parts alone, and not on how many keys there are.
 */
export function signerOf(
  signature: Signature,
  { keys, most }: Candidates,
  parts: readonly (string | Uint8Array)[],
): number {
  const right = keys.map((key) => isDigest(signature, key, parts)).indexOf(true);
  for (let missing = most - keys.length; right < 0 && missing > 0; missing -= 1) {
    isDigest(signature, NOBODY, parts);
  }
  return right;
}

function isDigest(
  { algorithm, digest }: Signature,
  key: Uint8Array,
  parts: readonly (string | Uint8Array)[],
): boolean {
  const hmac = new Bun.CryptoHasher(algorithm, key);
  for (const part of parts) hmac.update(part);
  return timingSafeEqual(hmac.digest(), digest);
}

/** True: one of the keys made the signature; a Secret has two at most. */
export function isSignedBy(
  signature: Signature,
  keys: readonly Uint8Array[],
  parts: readonly (string | Uint8Array)[],
): boolean {
  return signerOf(signature, { keys, most: 2 }, parts) >= 0;
}

/** True: the token is one of the keys. Takes a time that depends on their lengths alone. */
export function isOneOf(token: Uint8Array, keys: readonly Uint8Array[]): boolean {
  const digest = sha256(token);
  const right = (keys.length > 0 ? keys : [NOBODY]).map((key) => timingSafeEqual(sha256(key), digest));
  return right.includes(true) && keys.length > 0;
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
