import { TurnpikeError } from '../../errors.ts';
import { SIGNING_KEY, SIGNING_PASSPHRASE } from '../../net/pure.ts';
import { WRITE_ANEW } from '../ssh/private-key.ts';

/** A private key as text, of OpenSSH or OpenPGP. */
export interface SigningKey {
  readonly key: string;
  readonly passphrase?: string;
}

/** Gives the armored signature over a commit that has none yet. */
export type CommitSigner = (payload: Buffer) => Promise<string>;

/** A key that was read and unlocked; signatures that have a date get `now`. */
export type OpenKey = (payload: Buffer, now: Date) => Promise<string>;

/**
 * The error for a key that does not sign. The libraries' own messages are left out, from the cause as well: they quote
 * lines of what they cannot read.
 */
export function keyRefused(reason: string): TurnpikeError {
  const message = `The ${SIGNING_KEY} of the Secret ${reason}`;
  return new TurnpikeError('SecretInvalid', message);
}

export function unreadable(): TurnpikeError {
  return keyRefused(
    'cannot be read: use a private key (ed25519, ecdsa or RSA) as ssh-keygen or "gpg --armor --export-secret-keys" gives it.',
  );
}

export function passphraseMissing(): TurnpikeError {
  return keyRefused(`has a passphrase: put it under ${SIGNING_PASSPHRASE}.`);
}

export function passphraseWrong(): TurnpikeError {
  return keyRefused(`is not opened by its ${SIGNING_PASSPHRASE}: correct it.`);
}

export function lockUnknown(): TurnpikeError {
  return keyRefused(`is encrypted in an unsupported way: ${WRITE_ANEW}.`);
}
