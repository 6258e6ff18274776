import type { KeyID, PrivateKey, SecretKeyPacket, SecretSubkeyPacket } from 'openpgp';
import { errorMessage, type TurnpikeError } from '../../errors.ts';
import { MAX_RSA_BITS } from '../../net/pure.ts';
import {
  keyRefused,
  type OpenKey,
  passphraseMissing,
  passphraseWrong,
  type SigningKey,
  unreadable,
} from './key.ts';

type SecretPacket = SecretKeyPacket | SecretSubkeyPacket;

/** Signs by RFC 9580, as gpg does it: with the newest part of the key that may sign. */
export async function openPgpKey(signing: SigningKey, now: Date): Promise<OpenKey> {
  const openpgp = await load();
  const key = await openpgp.readPrivateKey({ armoredKey: signing.key }).catch(() => {
    throw unreadable();
  });
  refuseLong(key);
  const { packet, id } = await signingPart(key, now);
  await unlock(packet, signing.passphrase);
  return async (payload, now) => {
    const message = await openpgp.createMessage({ binary: new Uint8Array(payload) });
    const options = { message, signingKeys: key, signingKeyIDs: id, date: now, detached: true };
    return openpgp.sign(options).catch((error: unknown) => {
      throw doesNotSign(error);
    });
  };
}

/** Only these keys need it, and it is large. */
async function load() {
  const openpgp = await import('openpgp');
  // It would let a key ask for a terabyte of memory. gpg makes no keys that are locked by Argon2.
  openpgp.config.maxArgon2MemoryExponent = 0;
  return openpgp;
}

function refuseLong(key: PrivateKey): void {
  const bits = Math.max(...key.getKeys().map((part) => part.getAlgorithmInfo().bits ?? 0));
  if (bits > MAX_RSA_BITS) {
    throw keyRefused(
      `has ${bits} bits, and ${MAX_RSA_BITS} are the limit: use a key of 2048 to ${MAX_RSA_BITS}.`,
    );
  }
}

/** The main key may be kept elsewhere, with only a signing subkey in the text. */
async function signingPart(key: PrivateKey, now: Date): Promise<{ packet: SecretPacket; id: KeyID }> {
  const part = await key.getSigningKey(undefined, now).catch((error: unknown) => {
    throw doesNotSign(error);
  });
  const packet = part.keyPacket;
  if (!('isMissingSecretKeyMaterial' in packet) || packet.isDummy()) {
    throw keyRefused(
      'does not hold the secret part that signs: export it with "gpg --armor --export-secret-subkeys" where that part is.',
    );
  }
  return { packet, id: part.getKeyID() };
}

/** Unlocks only the parts that sign: every one that is opened takes its time. */
async function unlock(packet: SecretPacket, passphrase: string | undefined): Promise<void> {
  if (packet.isDecrypted()) return;
  if (passphrase === undefined) throw passphraseMissing();
  await packet.decrypt(passphrase).catch((error: unknown) => {
    if (/passphrase/.test(errorMessage(error))) throw passphraseWrong();
    throw keyRefused('is encrypted in an unsupported way: use one as gpg exports it.');
  });
}

function doesNotSign(error: unknown): TurnpikeError {
  const said = errorMessage(error);
  if (/expired/.test(said)) return keyRefused('has expired: use a valid one, or extend it.');
  if (/revoked/.test(said)) return keyRefused('is revoked: use another one.');
  return keyRefused(
    'has no part that may sign now: use a key (ed25519, ecdsa, or RSA of 2048 bits or more) that can sign.',
  );
}
