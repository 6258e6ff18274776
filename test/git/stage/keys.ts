import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SigningKey } from '../../../src/lib/git/sign/key.ts';
import { type Algorithm, createGpg, createLibrary } from './openpgp.ts';
import { type OpensslKind, opensslKey } from './openssl.ts';
import { run } from './run.ts';

export const PASSPHRASE = 'only we two';
export const EMAIL = 'turnpike@example.com';

/** Keys as people make them, and `git verify-commit` with all of them known. */
export interface Keyring {
  /** `options` as ssh-keygen takes them: `-t ed25519`. */
  ssh(options: string, passphrase?: string): Promise<SigningKey>;
  /** A key of openssl, in PKCS#8. */
  openssl(kind: OpensslKind, passphrase?: string): Promise<SigningKey>;
  openpgp(algorithm: Algorithm, passphrase?: string): Promise<SigningKey>;
  /** A key of OpenPGP; its main key is kept elsewhere, and only a subkey that signs is there. */
  subkey(passphrase: string): Promise<SigningKey>;
  /** Throws unless the commit has a good signature. */
  verify(repository: string, commit: string): Promise<void>;
  close(): Promise<void>;
}

const HAS_GPG = Bun.which('gpg') !== null;

export async function createKeyring(): Promise<Keyring> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-keys-'));
  const home = join(directory, 'gnupg');
  await mkdir(home, { mode: 0o700 });
  const openpgp = HAS_GPG ? createGpg(home) : createLibrary();
  const allowed = join(directory, 'allowed-signers');
  const known: string[] = [];

  async function know(publicKey: string): Promise<void> {
    known.push(`${EMAIL} namespaces="git" ${publicKey}`);
    await Bun.write(allowed, known.join(''));
  }

  return {
    async ssh(options, passphrase = '') {
      const file = join(directory, `key-${known.length}`);
      await run(['ssh-keygen', '-q', ...options.split(' '), '-N', passphrase, '-C', EMAIL, '-f', file]);
      await know(await Bun.file(`${file}.pub`).text());
      return signingKey(await Bun.file(file).text(), passphrase);
    },
    async openssl(kind, passphrase = '') {
      const file = join(directory, `key-${known.length}`);
      const { privateKey, publicKey } = await opensslKey(file, kind, passphrase);
      await know(publicKey);
      return signingKey(privateKey, passphrase);
    },
    async openpgp(algorithm, passphrase = '') {
      return signingKey(await openpgp.generate(algorithm, passphrase), passphrase);
    },
    async subkey(passphrase) {
      return signingKey(await openpgp.subkey(passphrase), passphrase);
    },
    async verify(repository, commit) {
      const text = await run(['git', '-C', repository, 'cat-file', 'commit', commit]);
      if (!HAS_GPG && text.includes('-----BEGIN PGP SIGNATURE-----')) return openpgp.verify(text);
      const config = `gpg.ssh.allowedSignersFile=${allowed}`;
      await run(['git', '-C', repository, '-c', config, 'verify-commit', commit], {
        env: { GNUPGHOME: home },
      });
    },
    async close() {
      await openpgp.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function signingKey(key: string, passphrase: string): SigningKey {
  return { key, ...(passphrase !== '' && { passphrase }) };
}
