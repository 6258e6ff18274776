import { SIGNING_KEY, SIGNING_PASSPHRASE } from '../api/group.ts';
import { type KeyNames, keyLooks, privateKeyProblem } from './private-key.ts';

/** What a text is by its looks: a private key in one of the two formats that sign, a public one, or neither. */
export type SigningFormat = 'openpgp' | 'public' | 'ssh' | 'unknown';

const OPENPGP = /^-----BEGIN PGP PRIVATE KEY BLOCK-----/;

export function signingFormat(key: string): SigningFormat {
  const text = key.trimStart();
  if (OPENPGP.test(text)) return 'openpgp';
  const { kind } = keyLooks(text);
  if (kind === 'private') return 'ssh';
  return kind === 'public' ? 'public' : 'unknown';
}

const NAMES: KeyNames = { key: SIGNING_KEY, passphrase: SIGNING_PASSPHRASE };

export interface SigningTexts {
  /** The text under `signing-key`, blank or not; undefined without that key. */
  readonly key: string | undefined;
  readonly hasPassphrase: boolean;
}

/** What is wrong by its looks with what a Secret has for signing commits: a sentence that holds no value. */
export function signingProblem(secret: string, { key, hasPassphrase }: SigningTexts): string | undefined {
  if (key === undefined) {
    if (!hasPassphrase) return undefined;
    return `${secret} has the key ${SIGNING_PASSPHRASE} but no ${SIGNING_KEY}: put the private key there that it opens, or take it out.`;
  }
  if (key.trim() === '') {
    return `${secret} has a blank key ${SIGNING_KEY}: put a private key there, or take it out to leave commits unsigned.`;
  }
  if (signingFormat(key) === 'openpgp') return undefined;
  if (keyLooks(key).kind !== 'none') return privateKeyProblem(secret, NAMES, key, hasPassphrase);
  return `${secret} has no private key under ${SIGNING_KEY} that signs commits: put one there as ssh-keygen or "gpg --armor --export-secret-keys" gives it.`;
}
