import { utils } from 'ssh2';

interface Sealing {
  readonly passphrase: string;
  readonly cipher: string;
  readonly rounds: number;
}

/** A pair of ed25519 keys. One in 300 of those that ssh2 makes cannot be read, not even by OpenSSH. */
export function ed25519Keys(sealing?: Sealing) {
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519', sealing ?? {});
    if (!(utils.parseKey(pair.private, sealing?.passphrase) instanceof Error)) return pair;
  }
}
