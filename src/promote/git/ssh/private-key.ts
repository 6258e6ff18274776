import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';
import { utils } from 'ssh2';
import { createTurns, type Turn } from '../../turn.ts';
import { stringAt } from './strings.ts';
import { lockedKey, type Unlock, unlock } from './unlock.ts';

export interface SshPrivateKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly secret: KeyObject;
  /** As SSH sends it. */
  readonly publicKey: Buffer;
}

export type ReadKey =
  | { readonly kind: 'read'; readonly key: SshPrivateKey }
  | { readonly kind: 'unreadable' }
  /** It has a passphrase, and what was given as such does not open it. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'slow'; readonly rounds: number; readonly limit: number };

/** A round takes 20 ms of everybody's time, each in a turn of its own. ssh-keygen makes 16 or 24. */
const MAX_ROUNDS = 64;

/**
 * Bodies of base64 alone: what ssh2 looks for in other texts, it looks for in time that grows with the square
 * of their length.
 */
const OPENSSH =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END OPENSSH PRIVATE KEY-----$/;
const PEM =
  /^-----BEGIN (RSA|EC) PRIVATE KEY-----\r?\n(Proc-Type: 4,ENCRYPTED\r?\nDEK-Info: [A-Z0-9-]+,[0-9A-F]+\r?\n\r?\n)?[A-Za-z0-9+/=\r\n]+-----END \1 PRIVATE KEY-----$/;

/** Reads a private key as ssh-keygen writes it: OpenSSH's own format, or PEM of RSA and EC keys. */
export async function readPrivateKey(
  text: string,
  passphrase: string | undefined,
  turn: Turn = createTurns().job(),
): Promise<ReadKey> {
  const trimmed = text.trim();
  const form = formOf(trimmed);
  const bad = badForm(form);
  if (bad) return bad;
  const failed: ReadKey = { kind: form?.isLocked ? 'locked' : 'unreadable' };
  // One that is given up is no wrong passphrase.
  const opened = await openPrivateKey(trimmed, passphrase, (locked, given) => unlock(locked, given, turn));
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
  /** Where the key needs one still, which then takes no time. */
  readonly passphrase?: string;
}

/** The key without what takes long to open; undefined where the passphrase is missing or wrong. Look for problems first. */
export async function openPrivateKey(
  text: string,
  passphrase: string | undefined,
  unlocked: Unlock,
): Promise<OpenedKey | undefined> {
  const [, body] = OPENSSH.exec(text.trim()) ?? [];
  const locked = body === undefined ? undefined : lockedKey(Buffer.from(body, 'base64'));
  if (!locked) return { key: text, ...(passphrase !== undefined && { passphrase }) };
  const key = passphrase === undefined ? undefined : await unlocked(locked, passphrase);
  return key === undefined ? undefined : { key };
}

/** What keeps a key from being read at all; ssh2 itself has no bounds. */
export function privateKeyProblem(text: string): BadForm | undefined {
  return badForm(formOf(text.trim()));
}

type BadForm = Extract<ReadKey, { kind: 'unreadable' | 'slow' }>;

function badForm(form: Form | undefined): BadForm | undefined {
  if (form === undefined) return { kind: 'unreadable' };
  const { rounds } = form;
  return rounds > MAX_ROUNDS ? { kind: 'slow', rounds, limit: MAX_ROUNDS } : undefined;
}

/** The two halves stand apart in OpenSSH's format, and nothing else shows that one of them is damaged. */
function isPair(secret: KeyObject, publicPem: string): boolean {
  const hash = secret.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const text = Buffer.from('one and the same');
  return verify(hash, text, publicPem, sign(hash, text, secret));
}

interface Form {
  readonly isLocked: boolean;
  /** Of the passphrase's derivation. */
  readonly rounds: number;
}

function formOf(text: string): Form | undefined {
  const [, body] = OPENSSH.exec(text) ?? [];
  if (body !== undefined) return openSshForm(Buffer.from(body, 'base64'));
  const pem = PEM.exec(text);
  return pem ? { isLocked: pem[2] !== undefined, rounds: 1 } : undefined;
}

/** OpenSSH's PROTOCOL.key: the magic, the cipher, the key derivation, and its options: a salt and the rounds. */
function openSshForm(bytes: Buffer): Form | undefined {
  const [, afterCipher] = stringAt(bytes, 'openssh-key-v1\0'.length);
  const [derivation] = stringAt(bytes, afterCipher);
  if (derivation.toString('latin1') !== 'bcrypt') return { isLocked: false, rounds: 0 };
  const locked = lockedKey(bytes);
  return locked && { isLocked: true, rounds: locked.rounds };
}
