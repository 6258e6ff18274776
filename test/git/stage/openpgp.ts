import * as openpgp from 'openpgp';
import { run } from './run.ts';

export type Algorithm = 'ed25519' | 'nistp256' | 'rsa3072';

/** Makes OpenPGP keys, armored and private; without a passphrase where that is empty. */
export interface OpenPgp {
  generate(algorithm: Algorithm, passphrase: string): Promise<string>;
  /** A key without the main key's secret. */
  subkey(passphrase: string): Promise<string>;
  /** Throws unless a commit's text has a good signature by one of the keys. */
  verify(commit: string): Promise<void>;
  close(): Promise<void>;
}

export function createGpg(home: string): OpenPgp {
  const env = { GNUPGHOME: home };
  const batch = ['gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback'];
  const gpg = (args: readonly string[], passphrase: string) =>
    run([...batch, '--passphrase', passphrase, ...args], { env });

  /** Gives the fingerprint. */
  async function make(kind: readonly string[], passphrase: string): Promise<string> {
    const user = crypto.randomUUID();
    await gpg(['--quick-generate-key', user, ...kind], passphrase);
    const listed = await gpg(['--with-colons', '--list-keys', user], passphrase);
    return /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? '';
  }

  return {
    async generate(algorithm, passphrase) {
      const id = await make([algorithm, 'sign', 'never'], passphrase);
      return gpg(['--armor', '--export-secret-keys', id], passphrase);
    },
    async subkey(passphrase) {
      const id = await make(['ed25519', 'cert', 'never'], passphrase);
      await gpg(['--quick-add-key', id, 'ed25519', 'sign', 'never'], passphrase);
      return gpg(['--armor', '--export-secret-subkeys', id], passphrase);
    },
    verify: async () => {
      throw new Error('git asks gpg itself');
    },
    async close() {
      await run(['gpgconf', '--kill', 'gpg-agent'], { env });
    },
  };
}

const KINDS = {
  ed25519: { type: 'ecc' },
  nistp256: { type: 'ecc', curve: 'nistP256' },
  rsa3072: { type: 'rsa', rsaBits: 3072 },
} as const;

/** Does gpg's work where it is not installed. */
export function createLibrary(): OpenPgp {
  const verificationKeys: openpgp.Key[] = [];

  async function make(
    options: Omit<Parameters<typeof openpgp.generateKey>[0], 'userIDs' | 'format'>,
    prepare: (key: openpgp.PrivateKey) => void,
    passphrase: string,
  ): Promise<string> {
    const userIDs = [{ email: 'turnpike@example.com' }];
    const made = await openpgp.generateKey({ ...options, userIDs, format: 'object' });
    verificationKeys.push(made.publicKey);
    prepare(made.privateKey);
    if (passphrase === '') return made.privateKey.armor();
    return (await openpgp.encryptKey({ privateKey: made.privateKey, passphrase })).armor();
  }

  return {
    generate: (algorithm, passphrase) => make(KINDS[algorithm], () => undefined, passphrase),
    subkey: (passphrase) => make({ type: 'ecc', subkeys: [{ sign: true }] }, withoutMainKey, passphrase),
    async verify(commit) {
      const [header, armored = ''] = /^gpgsig ((?:.*\n )*.*)\n/m.exec(commit) ?? [];
      const message = await openpgp.createMessage({ binary: Buffer.from(commit.replace(header ?? '', '')) });
      const signature = await openpgp.readSignature({ armoredSignature: armored.replaceAll('\n ', '\n') });
      await openpgp.verify({ message, signature, verificationKeys, expectSigned: true });
    },
    close: async () => undefined,
  };
}

export function withoutMainKey(key: openpgp.PrivateKey): void {
  if ('makeDummy' in key.keyPacket) key.keyPacket.makeDummy();
}
