import { TurnpikeError } from '../../api/errors.ts';
import { SIGNING_KEY, SIGNING_PASSPHRASE } from '../../api/group.ts';
import type { ForgeType } from '../../api/pipeline.ts';
import {
  AUTHORITY_KEYS,
  authoritiesIn,
  authoritiesProblem,
  authoritiesText,
} from '../../decide/authorities.ts';
import { gitHubAppFault, isGitHubApp } from '../../decide/github-app.ts';
import { signingProblem } from '../../decide/signing-key.ts';
import type { SigningKey } from '../git/sign/key.ts';
import { type GitHubApp, gitHubAppFrom } from './app-keys.ts';

/** What a forge and its Git server want to know: `token` for the API, the rest for Git over HTTPS. */
export interface Credentials {
  readonly token: string;
  /** Whose the token is where it changes by the hour: limits count for that one. No secret. */
  readonly account?: string;
  readonly username?: string;
  readonly password?: string;
  /** A private certificate authority, in PEM. */
  readonly caFile?: string;
  /** A private key for Git over SSH; `password` is its passphrase then. */
  readonly identity?: string;
  /** The host's keys, as OpenSSH has them. */
  readonly knownHosts?: string;
  /** What commits are signed with. */
  readonly signing?: SigningKey;
}

/** For Git alone: no token where there is a user with a password, or a key. */
export type PushCredentials = Omit<Credentials, 'token'> & { readonly token?: string };

/** A GitHub App in a token's place: tokens are asked for. */
export interface AppCredentials
  extends Pick<Credentials, 'password' | 'caFile' | 'identity' | 'knownHosts' | 'signing'> {
  readonly app: GitHubApp;
}

/** What a Secret holds. */
export type SecretCredentials = Credentials | AppCredentials;

const MAX_BYTES = 256 * 1024;

/**
 * Reads the Secret that `pull-request.secretRef` names. Keys: `token`, or those of a GitHub App, which wins
 * over `token` and `username`; `username`, `password`, `ca.crt` (or `caFile`, as Flux once called it), `identity`,
 * `known_hosts`, `signing-key`, `signing-passphrase`. Blanks and line ends around a value are dropped: editors and `base64` like to add them.
 * A user name without a password goes to Git with the token as its password.
 *
 * @param where how to call the Secret in a sentence, such as `Secret ns/name`
 * @throws TurnpikeError SecretInvalid, which names the key and never its value
 */
export function credentialsFrom(
  secret: ReadonlyMap<string, Uint8Array>,
  where: string,
  type: ForgeType | undefined,
): SecretCredentials {
  const read = (key: string) => text(secret.get(key), key, where);
  const has = (key: string) => read(key) !== undefined;
  if (!isGitHubApp(has)) return { token: neededToken(read, where), ...gitCredentialsFrom(secret, where) };
  const fault = gitHubAppFault(where, type, has);
  if (fault !== undefined) throw invalid(fault);
  const password = read('password');
  return {
    app: gitHubAppFrom(read, where),
    ...(password !== undefined && { password }),
    ...rest(read, where),
    ...signingFrom(secret, where),
  };
}

/** What the Secret of a push holds, which needs no forge. */
export function gitCredentialsFrom(secret: ReadonlyMap<string, Uint8Array>, where: string): PushCredentials {
  const read = (key: string) => text(secret.get(key), key, where);
  const token = tokenFrom(read, where);
  return {
    ...(token !== undefined && { token }),
    ...userFrom(read, where),
    ...rest(read, where),
    ...signingFrom(secret, where),
  };
}

/** A blank key is refused: whoever puts one there wants signatures. */
function signingFrom(secret: ReadonlyMap<string, Uint8Array>, where: string): Pick<Credentials, 'signing'> {
  const read = (key: string) => text(secret.get(key), key, where);
  const key = read(SIGNING_KEY) ?? (secret.has(SIGNING_KEY) ? '' : undefined);
  const passphrase = read(SIGNING_PASSPHRASE);
  const problem = signingProblem(where, { key, hasPassphrase: passphrase !== undefined });
  if (problem !== undefined) throw invalid(problem);
  return key === undefined ? {} : { signing: { key, ...(passphrase !== undefined && { passphrase }) } };
}

/** For Git over HTTPS: a forge may want a token to have a user of its own. */
export function forGit(
  credentials: Credentials,
  { tokenUser }: { readonly tokenUser?: string },
): Credentials {
  const isNamed = credentials.username !== undefined || tokenUser === undefined;
  return isNamed ? credentials : { ...credentials, username: tokenUser };
}

/** A key's text, or undefined when it is missing or blank. */
export type ReadKey = (key: string) => string | undefined;

function neededToken(read: ReadKey, where: string): string {
  const token = tokenFrom(read, where);
  if (token !== undefined) return token;
  throw invalid(
    `${where} has no key token: put a token of the forge there that may read and write the repository and its pull requests.`,
  );
}

function tokenFrom(read: ReadKey, where: string): string | undefined {
  const token = read('token');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid(
      `${where} has a key token with blanks, line ends or characters that no token has: put just the token there.`,
    );
  }
  return token;
}

function userFrom(read: ReadKey, where: string): Pick<Credentials, 'username' | 'password'> {
  const [username, password] = [read('username'), read('password')];
  if (username === undefined && password !== undefined && read('identity') === undefined) {
    throw invalid(
      `${where} has the key password but no username: put the user's name there, or take the password out to use the token for Git too.`,
    );
  }
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function rest(read: ReadKey, where: string): Pick<Credentials, 'caFile' | 'identity' | 'knownHosts'> {
  const caKey = AUTHORITY_KEYS.find((key) => read(key) !== undefined);
  const caFile = caKey && authorities(read(caKey) ?? '', caKey, where);
  const [identity, knownHosts] = [read('identity'), read('known_hosts')];
  return {
    ...(caFile !== undefined && { caFile }),
    // A key ends with a line end.
    ...(identity !== undefined && { identity: `${identity}\n` }),
    ...(knownHosts !== undefined && { knownHosts }),
  };
}

/** The certificates of a text. */
function authorities(text: string, key: string, where: string): string {
  const found = authoritiesIn(text);
  const problem = authoritiesProblem(where, key, found);
  if (problem !== undefined) throw invalid(problem);
  return authoritiesText(found);
}

function text(bytes: Uint8Array | undefined, key: string, where: string): string | undefined {
  if (!bytes) return undefined;
  if (bytes.length > MAX_BYTES) throw invalid(`${where} has a key ${key} of more than ${MAX_BYTES} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim() || undefined;
  } catch {
    throw invalid(`${where} has a key ${key} that is no text in UTF-8.`);
  }
}

function invalid(sentence: string): TurnpikeError {
  return new TurnpikeError('SecretInvalid', sentence, { retry: 'never' });
}
