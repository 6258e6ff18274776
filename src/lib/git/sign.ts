import { createHash } from 'node:crypto';
import { createTurns, type Schedule, type Turn } from '../async/index.ts';
import { type Asker, createKeyLane, createOpenedKeys, type KeyLane } from './key-lane.ts';
import { type CommitSigner, keyRefused, type OpenKey, type SigningKey, unreadable } from './sign/key.ts';
import { openPgpKey } from './sign/openpgp.ts';
import { openSshKey } from './sign/ssh.ts';
import { signingFormat } from './signing-key.ts';

/**
 * The bound of a key's text: an exported OpenPGP key brings the signatures of others, and a longer one takes long to
 * check.
 */
const MAX_KEY_LENGTH = 64 * 1024;

export interface SignersDeps {
  readonly lane?: KeyLane;
  readonly open?: typeof openKey;
  /** Default: timers. */
  readonly schedule?: Schedule;
}

/** Gives the signer of one caller. */
export type Signers = (signing: SigningKey, now: Date, asker?: Asker) => CommitSigner;

/**
 * Gives signers, which read their key at the first signature. Keys with a passphrase stay open for a while.
 * The signers throw TurnpikeError SecretInvalid, which names the Secret's key and never a value.
 */
export function createSigners(deps: SignersDeps = {}): Signers {
  const { lane = createKeyLane(createTurns()), open = openKey, schedule } = deps;
  const opened = createOpenedKeys<OpenKey>(lane, schedule);
  return (signing, now, asker = {}) =>
    async (payload) => {
      const key = await (signing.passphrase === undefined
        ? open(signing, now)
        : opened(digestOf(signing), (turn) => open(signing, now, turn), asker));
      return key(payload, now);
    };
}

/** Opens the key that the text holds, in the format that its beginning shows. */
async function openKey(signing: SigningKey, now: Date, turn?: Turn): Promise<OpenKey> {
  if (signing.key.length > MAX_KEY_LENGTH) {
    throw keyRefused(`has more than ${MAX_KEY_LENGTH} bytes: use just the one key that signs.`);
  }
  const format = signingFormat(signing.key);
  switch (format) {
    case 'openpgp':
      return openPgpKey(signing, now);
    case 'ssh':
      return openSshKey(signing, turn);
    case 'public':
      throw keyRefused('is a public key: use the private one.');
    case 'unknown':
      throw unreadable();
  }
}

function digestOf({ key, passphrase = '' }: SigningKey): string {
  return createHash('sha256')
    .update(JSON.stringify([key, passphrase]))
    .digest('hex');
}
