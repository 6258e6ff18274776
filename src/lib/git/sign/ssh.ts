import { createHash, sign } from 'node:crypto';
import type { Turn } from '../../async/index.ts';
import { readPrivateKey, type SshPrivateKey, TOO_LONG } from '../ssh/private-key.ts';
import { stringOf } from '../ssh/strings.ts';
import {
  keyRefused,
  lockUnknown,
  type OpenKey,
  passphraseMissing,
  passphraseWrong,
  type SigningKey,
  unreadable,
} from './key.ts';

interface Kind {
  /** Null where the algorithm has its own. */
  readonly hash: string | null;
  /** The name of the signature (RFC 8709, RFC 8332, RFC 5656). */
  readonly name: string;
}

/** The signatures by the type of the key. Verifiers no longer take RSA with SHA-1. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['ssh-ed25519', { hash: null, name: 'ssh-ed25519' }],
  ['ssh-rsa', { hash: 'sha512', name: 'rsa-sha2-512' }],
  ['ecdsa-sha2-nistp256', { hash: 'sha256', name: 'ecdsa-sha2-nistp256' }],
  ['ecdsa-sha2-nistp384', { hash: 'sha384', name: 'ecdsa-sha2-nistp384' }],
  ['ecdsa-sha2-nistp521', { hash: 'sha512', name: 'ecdsa-sha2-nistp521' }],
]);

const MAGIC = 'SSHSIG';
const VERSION = Buffer.from([0, 0, 0, 1]);
/** `git verify-commit` asks for this one. */
const NAMESPACE = 'git';
const HASH = 'sha512';
const LINE_LENGTH = 70;

/** Signs by OpenSSH's PROTOCOL.sshsig. */
export async function openSshKey(signing: SigningKey, turn?: Turn): Promise<OpenKey> {
  const key = await privateKey(signing, turn);
  const kind = KINDS.get(key.type);
  if (!kind) throw unreadable();
  return async (payload) => {
    const signature = signatureOf(signedText(payload), key, kind);
    return armored(blob(key.publicKey, Buffer.concat([stringOf(kind.name), stringOf(signature)])));
  };
}

function signatureOf(text: Buffer, { secret }: SshPrivateKey, { hash, name }: Kind): Buffer {
  try {
    const signature = sign(hash, text, { key: secret, dsaEncoding: 'ieee-p1363' });
    return name.startsWith('ecdsa-') ? twoIntegers(signature) : signature;
  } catch {
    // A key may be too short for its hash, such as RSA with fewer bits.
    throw unreadable();
  }
}

async function privateKey({ key, passphrase }: SigningKey, turn?: Turn): Promise<SshPrivateKey> {
  const found = await readPrivateKey(key, passphrase, turn);
  switch (found.kind) {
    case 'read':
      return found.key;
    case 'unreadable':
      throw unreadable();
    case 'locked':
      throw passphrase === undefined ? passphraseMissing() : passphraseWrong();
    case 'lock-unknown':
      throw lockUnknown();
    case 'long':
      throw keyRefused(`${TOO_LONG}.`);
    case 'slow':
      throw keyRefused(
        `takes ${found.rounds} rounds to open, and ${found.limit} are the limit: write it anew with "ssh-keygen -p -a 16 -f <file>".`,
      );
  }
}

function signedText(payload: Buffer): Buffer {
  const digest = createHash(HASH).update(payload).digest();
  return Buffer.concat([
    Buffer.from(MAGIC),
    stringOf(NAMESPACE),
    // Reserved.
    stringOf(''),
    stringOf(HASH),
    stringOf(digest),
  ]);
}

function blob(publicKey: Buffer, signature: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(MAGIC),
    VERSION,
    stringOf(publicKey),
    stringOf(NAMESPACE),
    stringOf(''),
    stringOf(HASH),
    stringOf(signature),
  ]);
}

function armored(bytes: Buffer): string {
  const text = bytes.toString('base64');
  const lines = Array.from({ length: Math.ceil(text.length / LINE_LENGTH) }, (_, index) =>
    text.slice(index * LINE_LENGTH, (index + 1) * LINE_LENGTH),
  );
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/** An ECDSA signature's halves, each of the curve's length, as RFC 5656 has them. */
function twoIntegers(signature: Buffer): Buffer {
  const half = signature.length / 2;
  return Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
}

/** A positive `mpint` (RFC 4251, section 5): no zeros in front but one where the first bit would be a sign. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return stringOf((short[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), short]) : short);
}
