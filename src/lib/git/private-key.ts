import { type PemBlock, pemBlocks } from '../text/index.ts';
import { MAGIC } from './ssh/openssh-text.ts';

/** The looks of a text: a private key as SSH uses them, or a text that is taken for one. */
export type KeyLooks =
  | { readonly kind: 'private'; readonly block: PemBlock; readonly isLocked: boolean }
  | { readonly kind: 'dsa' | 'public' | 'putty' | 'none' };

/** The labels that golang.org/x/crypto/ssh reads for Flux, and PKCS#8 with a passphrase, which it does not. */
const LABELS = new Set([
  'OPENSSH PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
]);

const PUBLIC = /^(?:ssh-|ecdsa-sha2-|sk-|-{4,5} ?BEGIN (?:[A-Z0-9]+ )?PUBLIC KEY)/;

/** The first private key of the text counts: openssl puts a curve's parameters in front of it. */
export function keyLooks(key: string): KeyLooks {
  const text = key.trimStart();
  if (PUBLIC.test(text)) return { kind: 'public' };
  if (text.startsWith('PuTTY-User-Key-File-')) return { kind: 'putty' };
  const block = pemBlocks(text).find(({ label }) => / ?PRIVATE KEY$/.test(label));
  if (block && isDsa(block)) return { kind: 'dsa' };
  return block && LABELS.has(block.label)
    ? { kind: 'private', block, isLocked: isLocked(block) }
    : { kind: 'none' };
}

/** Begins a key of OpenSSH's own format that has no passphrase: the names of its cipher follow. */
const OPENSSH_PLAIN = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 4]), Buffer.from('none')]);
/** The public key, which says its type, is there within so many bytes. */
const OPENSSH_HEAD = 192;

function headOf({ base64 }: PemBlock): Buffer {
  return Buffer.from(base64.slice(0, OPENSSH_HEAD), 'base64');
}

function isLocked(block: PemBlock): boolean {
  const { label, headers } = block;
  if (label === 'ENCRYPTED PRIVATE KEY') return true;
  if (label !== 'OPENSSH PRIVATE KEY') return headers.some((line) => line.startsWith('DEK-Info: '));
  const head = headOf(block);
  return head.indexOf(MAGIC) === 0 && head.indexOf(OPENSSH_PLAIN) !== 0;
}

function isDsa(block: PemBlock): boolean {
  if (block.label === 'DSA PRIVATE KEY') return true;
  return block.label === 'OPENSSH PRIVATE KEY' && headOf(block).includes('ssh-dss');
}

/** The keys of a Secret that hold a private key and its passphrase. */
export interface KeyNames {
  readonly key: string;
  readonly passphrase: string;
}

/** The keys that Git over SSH logs in with. */
export const IDENTITY: KeyNames = { key: 'identity', passphrase: 'password' };

/** Says in a sentence without values why a private key cannot be used, by its looks. */
export function privateKeyProblem(
  secret: string,
  names: KeyNames,
  text: string,
  hasPassphrase: boolean,
): string | undefined {
  const looks = keyLooks(text);
  const has = (what: string) => `${secret} has ${what} under ${names.key}`;
  switch (looks.kind) {
    case 'private':
      if (!looks.isLocked || hasPassphrase) return undefined;
      return `${has('a key with a passphrase')} and no key ${names.passphrase}: add the passphrase.`;
    case 'public':
      return `${has('a public key')}: use the private one.`;
    case 'dsa':
      return `${has('a DSA key')}, which Turnpike and OpenSSH do not use: use one of ed25519, ECDSA or RSA.`;
    case 'putty':
      return `${has('a key in the format of PuTTY')}: export it as an OpenSSH key.`;
    case 'none':
      return `${has('no private key')}: add one as ssh-keygen or openssl writes it, from -----BEGIN on.`;
  }
}
