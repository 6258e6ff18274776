import { createHash } from 'node:crypto';
import { signingFormat } from '../../decide/signing-key.ts';
import { type CommitSigner, keyRefused, type OpenKey, type SigningKey, unreadable } from './sign/key.ts';
import { openPgpKey } from './sign/openpgp.ts';
import { openSshKey } from './sign/ssh.ts';

/** A passphrase takes up to half a second of computing, and many promotions are signed with one key. */
const KEPT_MS = 5 * 60_000;
const MAX_KEPT = 100;
/** An exported OpenPGP key brings the signatures of others; what is longer takes long to check. */
const MAX_KEY_LENGTH = 64 * 1024;

/**
 * Gives signers, which read their key at the first signature. Keys with a passphrase stay open for a while.
 * The signers throw TurnpikeError SecretInvalid, which names the Secret's key and never a value.
 */
export function createSigners(
  open = openKey,
  keptMs = KEPT_MS,
): (signing: SigningKey, now: Date) => CommitSigner {
  const kept = new Map<string, Promise<OpenKey>>();
  /** Ends when no key is being opened: one at a time, since each of gpg's takes 65 MB meanwhile. */
  let opening: Promise<unknown> = Promise.resolve();

  function keep(signing: SigningKey, now: Date): Promise<OpenKey> {
    const id = digestOf(signing);
    const known = kept.get(id);
    if (known) return known;
    if (kept.size >= MAX_KEPT) kept.clear();
    const key = opening.then(() => open(signing, now));
    kept.set(id, key);
    const forget = () => kept.delete(id);
    opening = key.catch(forget);
    setTimeout(forget, keptMs).unref();
    return key;
  }

  return (signing, now) => async (payload) => {
    const key = await (signing.passphrase === undefined ? open(signing, now) : keep(signing, now));
    return key(payload, now);
  };
}

/** The key that the text holds, in the format that it begins as. */
async function openKey(signing: SigningKey, now: Date): Promise<OpenKey> {
  if (signing.key.length > MAX_KEY_LENGTH) {
    throw keyRefused(`has more than ${MAX_KEY_LENGTH} bytes: put just the one key there that signs.`);
  }
  const format = signingFormat(signing.key);
  switch (format) {
    case 'openpgp':
      return openPgpKey(signing, now);
    case 'ssh':
      return openSshKey(signing);
    case 'public':
      throw keyRefused('is a public key: put the private one there.');
    case 'unknown':
      throw unreadable();
  }
}

function digestOf({ key, passphrase = '' }: SigningKey): string {
  return createHash('sha256')
    .update(JSON.stringify([key, passphrase]))
    .digest('hex');
}
