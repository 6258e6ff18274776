import { OWN_SIGNING, type SigningKeys } from '../net/pure.ts';
import { keyLooks, privateKeyProblem } from './private-key.ts';

/** The looks of a text: a private key in one of the two formats that sign, a public one, or neither. */
export type SigningFormat = 'openpgp' | 'public' | 'ssh' | 'unknown';

const OPENPGP = /^-----BEGIN PGP PRIVATE KEY BLOCK-----/;

export function signingFormat(key: string): SigningFormat {
  const text = key.trimStart();
  if (OPENPGP.test(text)) return 'openpgp';
  const { kind } = keyLooks(text);
  if (kind === 'private') return 'ssh';
  return kind === 'public' ? 'public' : 'unknown';
}

export interface SigningTexts {
  /** The text under the key that signs, blank or not; undefined without that key. */
  readonly key: string | undefined;
  readonly hasPassphrase: boolean;
  /** Their names; by default our own. */
  readonly names?: SigningKeys;
}

/** Says in a sentence without values what is wrong with a Secret's key for signing commits, by its looks. */
export function signingProblem(
  secret: string,
  { key, hasPassphrase, names = OWN_SIGNING }: SigningTexts,
): string | undefined {
  if (key === undefined) {
    if (!hasPassphrase) return undefined;
    return `${secret} has the key ${names.passphrase} but no ${names.key}: add the private key that it opens, or remove it.`;
  }
  if (key.trim() === '') {
    return `${secret} has a blank key ${names.key}: add a private key, or remove it to leave commits unsigned.`;
  }
  if (signingFormat(key) === 'openpgp') return undefined;
  if (keyLooks(key).kind !== 'none') return privateKeyProblem(secret, names, key, hasPassphrase);
  return `${secret} has no private key under ${names.key} that signs commits: add one as ssh-keygen or "gpg --armor --export-secret-keys" gives it.`;
}
