import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import { utils } from 'ssh2';
import { createTurns, type Turn } from '../../async/index.ts';
import { isLongKeyBlock, MAX_RSA_BITS } from '../../net/pure.ts';
import { pemText } from '../../text/index.ts';
import { keyLooks } from '../private-key.ts';
import { lockedPkcs8, workOf } from './pkcs8.ts';
import { pkcs8ToSsh } from './pkcs8-ssh.ts';
import { type LockedKey, type LockedOpenSsh, lockedOpenSsh, type Unlock, unlock } from './unlock.ts';

export interface SshPrivateKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly secret: KeyObject;
  /** The public key as SSH sends it. */
  readonly publicKey: Buffer;
}

export type ReadKey =
  | { readonly kind: 'read'; readonly key: SshPrivateKey }
  /** It has a passphrase, and the given one does not open it. */
  | { readonly kind: 'locked' }
  | BadKey;

/** A reason why a key is not read at all. */
export type BadKey =
  | { readonly kind: 'unreadable' }
  /** Its passphrase is used in a way that is not known here. */
  | { readonly kind: 'lock-unknown' }
  /** The key is so long that each signature would hold up the process. */
  | { readonly kind: 'long' }
  | { readonly kind: 'slow'; readonly rounds: number; readonly limit: number };

/** Advice for a lock that is not known here, such as PBES1. */
export const WRITE_ANEW = 'write it anew with "openssl pkcs8 -topk8 -v2 aes-256-cbc -in <file>"';

const UNREADABLE = { kind: 'unreadable' } as const;

/** The most rounds: each takes 20 ms of the process, in a turn of its own. ssh-keygen makes 16 or 24. */
const MAX_ROUNDS = 64;

/** Follows "it" or the name of a key that is too long. */
export const TOO_LONG: string = `has more than ${MAX_RSA_BITS} bits: make an ed25519 key`;

/** Reads a private key as ssh-keygen and openssl write it: OpenSSH's own format, PKCS#8, or PEM of RSA and EC keys. */
export async function readPrivateKey(
  text: string,
  passphrase: string | undefined,
  turn: Turn = createTurns().job(),
): Promise<ReadKey> {
  const bad = badKey(text);
  if (bad) return bad;
  const looks = keyLooks(text);
  const isLocked = looks.kind === 'private' && looks.isLocked;
  const failed: ReadKey = { kind: isLocked ? 'locked' : 'unreadable' };
  // An attempt that is given up throws: it does not mean a wrong passphrase.
  const opened = await openPrivateKey(text, passphrase, (locked, given) => unlock(locked, given, turn));
  if (!opened) return failed;
  try {
    const key = utils.parseKey(opened.key, opened.passphrase);
    if (key instanceof Error) return failed;
    const secret = createPrivateKey(key.getPrivatePEM());
    if (!isPair(secret, key.getPublicPEM())) return failed;
    return { kind: 'read', key: { type: key.type, secret, publicKey: key.getPublicSSH() } };
  } catch {
    // A wrong passphrase may give bytes that are taken for a key until they are used.
    return failed;
  }
}

export interface OpenedKey {
  readonly key: string;
  /** The passphrase for a key that still needs one, which then takes no time. */
  readonly passphrase?: string;
}

/**
 * The key in a form that ssh2 reads, without a lock that takes long to open; undefined where the passphrase is missing
 * or wrong. Check it by `badKey` first.
 */
export async function openPrivateKey(
  text: string,
  passphrase: string | undefined,
  unlocked: Unlock,
): Promise<OpenedKey | undefined> {
  const form = formOf(text);
  switch (form.kind) {
    case 'text':
      return { key: form.text, ...(passphrase !== undefined && { passphrase }) };
    case 'locked': {
      const key = passphrase === undefined ? undefined : await unlocked(form.key, passphrase);
      return key === undefined ? undefined : { key };
    }
    default:
      return undefined;
  }
}

/** Finds it before anything else reads the key: ssh2 itself has no bounds. */
export function badKey(text: string): BadKey | undefined {
  const looks = keyLooks(text);
  if (looks.kind === 'private' && isLongKeyBlock(looks.block)) return { kind: 'long' };
  const form = formOf(text);
  switch (form.kind) {
    case 'text':
      return undefined;
    case 'locked': {
      const { rounds, limit } = form.key.kind === 'pkcs8' ? workOf(form.key) : roundsOf(form.key);
      return rounds > limit ? { kind: 'slow', rounds, limit } : undefined;
    }
    default:
      return form;
  }
}

function roundsOf({ rounds }: LockedOpenSsh) {
  return { rounds, limit: MAX_ROUNDS };
}

/** The two halves stand apart in OpenSSH's format, and nothing else shows that one of them is damaged. */
function isPair(secret: KeyObject, publicPem: string): boolean {
  const hash = secret.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const text = Buffer.from('one and the same');
  return verify(hash, text, publicPem, sign(hash, text, secret));
}

type Form =
  /** A key that ssh2 reads. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'locked'; readonly key: LockedKey }
  | Exclude<BadKey, { readonly kind: 'slow' | 'long' }>;

/** The headers that older versions of openssl and ssh-keygen write. */
const OLDER = /^Proc-Type: 4,ENCRYPTED\nDEK-Info: [A-Z0-9-]+,[0-9A-F]+$/;

/**
 * ssh2 is given bodies of base64 alone: its searches in other texts take time that grows with the square of their
 * length.
 */
function formOf(text: string): Form {
  const looks = keyLooks(text);
  if (looks.kind !== 'private' || looks.block.base64 === '') return UNREADABLE;
  const { block } = looks;
  const bytes = Buffer.from(block.base64, 'base64');
  switch (block.label) {
    case 'PRIVATE KEY': {
      const key = pkcs8ToSsh(bytes);
      return key === undefined ? UNREADABLE : { kind: 'text', text: key };
    }
    case 'ENCRYPTED PRIVATE KEY': {
      const key = lockedPkcs8(bytes);
      return key ? { kind: 'locked', key } : { kind: 'lock-unknown' };
    }
    case 'OPENSSH PRIVATE KEY': {
      if (!looks.isLocked) return { kind: 'text', text: pemText(block) };
      const key = lockedOpenSsh(bytes);
      return key ? { kind: 'locked', key } : UNREADABLE;
    }
    default: {
      const isKnown = block.headers.length === 0 || OLDER.test(block.headers.join('\n'));
      return isKnown ? { kind: 'text', text: pemText(block) } : UNREADABLE;
    }
  }
}
