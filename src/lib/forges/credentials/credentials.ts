import { defined } from '../../defined.ts';
import { TurnpikeError } from '../../errors.ts';
import type { SigningKey } from '../../git/index.ts';
import { signingProblem } from '../../git/pure.ts';
import type { ConnectionSettings } from '../../net/index.ts';
import {
  AUTHORITY_KEYS,
  authoritiesIn,
  authoritiesProblem,
  authoritiesText,
  BEARER_TOKEN,
  certificateFault,
  clientCertificateOf,
  halfCertificateFault,
  MAX_VALUE_BYTES,
  OWN_SIGNING,
  proxyAddressFault,
  proxyKeysFault,
  proxyOf,
  type SecretPart,
  signingKeysOf,
} from '../../net/pure.ts';
import type { ForgeType } from '../types.ts';
import { type GitHubApp, gitHubAppFrom } from './app-keys.ts';
import { gitHubAppFault, isGitHubApp } from './github-app.ts';
import type { ReadKey } from './read-key.ts';

/** Credentials of a forge and its Git server: `token` for the API, the rest for Git over HTTPS. */
export interface Credentials extends ConnectionSettings {
  readonly token: string;
  /** A token for Git over HTTPS as it is, in the place of a user with a password. */
  readonly bearerToken?: string;
  /** The owner of a token that changes by the hour: limits count for that one. Not a secret. */
  readonly account?: string;
  readonly username?: string;
  readonly password?: string;
  /** A private key for Git over SSH; `password` is its passphrase then. */
  readonly identity?: string;
  /** The host's keys, as OpenSSH has them. */
  readonly knownHosts?: string;
  /** Signs commits. */
  readonly signing?: SigningKey;
}

/** Credentials for Git alone: no token where there is a user with a password, or a key. */
export type PushCredentials = Omit<Credentials, 'token'> & { readonly token?: string };

/** A GitHub App in a token's place: tokens are asked for. */
export interface AppCredentials
  extends ConnectionSettings,
    Pick<Credentials, 'password' | 'identity' | 'knownHosts' | 'signing'> {
  readonly app: GitHubApp;
}

/** The credentials in a Secret. */
export type SecretCredentials = Credentials | AppCredentials;

/** A Secret of its own, and its name in a sentence. */
export interface PartSecret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly where: string;
}

/** The Secrets that are named beside the one with the credentials. They take the place of its keys. */
export type PartSecrets = Partial<Readonly<Record<Exclude<SecretPart, 'webhook'>, PartSecret>>>;

/**
 * Reads the Secret that `pull-request.secretRef` names, and those beside it. Keys: `token`, or those of a GitHub App,
 * which wins over `token` and `username`; `bearerToken`, which serves as `token` too where there is none; `username`,
 * `password`, `tls.crt`, `tls.key`, `ca.crt` (or `caFile`, as Flux once called it), `identity`, `known_hosts`,
 * `signing-key`, `signing-passphrase`. Blanks and line ends around a value are dropped: editors and `base64` like to
 * add them. A user name without a password goes to Git with the token as its password.
 *
 * @param where the Secret's name in a sentence, such as `Secret ns/name`
 * @throws TurnpikeError SecretInvalid, which names the key and never its value
 */
export function credentialsFrom(
  secret: ReadonlyMap<string, Uint8Array>,
  where: string,
  type: ForgeType | undefined,
  parts: PartSecrets = {},
): SecretCredentials {
  const read = readerOf({ values: secret, where });
  const has = (key: string) => read(key) !== undefined;
  if (!isGitHubApp(has)) {
    return { ...gitCredentialsFrom(secret, where, parts), token: neededToken(read, where) };
  }
  const fault = gitHubAppFault(where, type, has);
  if (fault !== undefined) throw invalid(fault);
  const password = read('password');
  return {
    app: gitHubAppFrom(read, where),
    ...defined({ password }),
    ...rest(read, where),
    ...othersFrom({ values: secret, where }, parts),
  };
}

/** Reads the Secret of a push, which needs no forge. */
export function gitCredentialsFrom(
  secret: ReadonlyMap<string, Uint8Array>,
  where: string,
  parts: PartSecrets = {},
): PushCredentials {
  const read = readerOf({ values: secret, where });
  const token = tokenFrom(read, 'token', where);
  const bearerToken = tokenFrom(read, BEARER_TOKEN, where);
  return {
    ...defined({ token }),
    ...(bearerToken === undefined ? userFrom(read, where) : { bearerToken, ...passphraseFrom(read) }),
    ...rest(read, where),
    ...othersFrom({ values: secret, where }, parts),
  };
}

/** Reads the parts that may lie in Secrets of their own. */
function othersFrom(
  main: PartSecret,
  { tls, proxy, signing }: PartSecrets,
): ConnectionSettings & Pick<Credentials, 'signing'> {
  return {
    ...tlsFrom(tls ?? main),
    ...(tls && authorityFrom(tls)),
    ...(proxy && { proxy: proxyFrom(proxy).href }),
    ...signingFrom(signing ?? main, signing !== undefined),
  };
}

function authorityFrom(secret: PartSecret): ConnectionSettings {
  const { caFile } = rest(readerOf(secret), secret.where);
  return caFile === undefined ? {} : { caFile };
}

function tlsFrom(secret: PartSecret): ConnectionSettings {
  const read = readerOf(secret);
  const fault =
    halfCertificateFault(secret.where, (key) => read(key) !== undefined) ??
    certificateFault(secret.where, read);
  if (fault !== undefined) throw invalid(fault);
  const clientCertificate = clientCertificateOf(read);
  return clientCertificate ? { clientCertificate } : {};
}

/**
 * The proxy that a Secret names, with its user and password.
 *
 * @throws TurnpikeError SecretInvalid, which holds none of its values
 */
export function proxyFrom(secret: PartSecret): URL {
  const read = readerOf(secret);
  const fault =
    proxyKeysFault(secret.where, (key) => read(key) !== undefined) ?? proxyAddressFault(secret.where, read);
  const url = proxyOf(read);
  if (fault !== undefined || !url) throw invalid(fault ?? `${secret.where} names no proxy.`);
  return url;
}

/** A blank key is refused: its author wants signatures. */
function signingFrom(secret: PartSecret, isOwn: boolean): Pick<Credentials, 'signing'> {
  const { values, where } = secret;
  const read = readerOf(secret);
  const names = isOwn ? signingKeysOf((one) => values.has(one)) : OWN_SIGNING;
  const key = read(names.key) ?? (isOwn || values.has(names.key) ? '' : undefined);
  const passphrase = read(names.passphrase);
  const problem = signingProblem(where, { key, hasPassphrase: passphrase !== undefined, names });
  if (problem !== undefined) throw invalid(problem);
  return key === undefined ? {} : { signing: { key, ...defined({ passphrase }) } };
}

/** Credentials for Git over HTTPS: a forge may take tokens as they are, and not as a user's password. */
export function forGit<T extends PushCredentials>(
  credentials: T,
  { takesBearer = false }: { readonly takesBearer?: boolean },
): T {
  const { token, password, bearerToken } = credentials;
  if (!takesBearer || token === undefined || password !== undefined || bearerToken !== undefined) {
    return credentials;
  }
  return { ...credentials, bearerToken: token };
}

function neededToken(read: ReadKey, where: string): string {
  const token = tokenFrom(read, 'token', where) ?? tokenFrom(read, BEARER_TOKEN, where);
  if (token !== undefined) return token;
  throw invalid(
    `${where} has no key token: add a token of the forge that may read and write the repository and its pull requests.`,
  );
}

function tokenFrom(read: ReadKey, key: string, where: string): string | undefined {
  const token = read(key);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid(
      `${where} has a key ${key} with spaces, line breaks or characters that no token has: use just the token.`,
    );
  }
  return token;
}

function userFrom(read: ReadKey, where: string): Pick<Credentials, 'username' | 'password'> {
  const [username, password] = [read('username'), read('password')];
  if (username === undefined && password !== undefined && read('identity') === undefined) {
    throw invalid(
      `${where} has the key password but no username: add the user's name, or remove the password to use the token for Git too.`,
    );
  }
  return defined({ username, password });
}

/** The passphrase of a key for SSH. */
function passphraseFrom(read: ReadKey): Pick<Credentials, 'password'> {
  const password = read('identity') === undefined ? undefined : read('password');
  return password === undefined ? {} : { password };
}

function rest(read: ReadKey, where: string): Pick<Credentials, 'caFile' | 'identity' | 'knownHosts'> {
  const caKey = AUTHORITY_KEYS.find((key) => read(key) !== undefined);
  const caFile = caKey && authorities(read(caKey) ?? '', caKey, where);
  const [identity, knownHosts] = [read('identity'), read('known_hosts')];
  // A key ends with a line end.
  return defined({ caFile, identity: identity === undefined ? undefined : `${identity}\n`, knownHosts });
}

/** The certificates of a text. */
function authorities(text: string, key: string, where: string): string {
  const found = authoritiesIn(text);
  const problem = authoritiesProblem(where, key, found);
  if (problem !== undefined) throw invalid(problem);
  return authoritiesText(found);
}

function readerOf({ values, where }: PartSecret): ReadKey {
  return (key) => text(values.get(key), key, where);
}

function text(bytes: Uint8Array | undefined, key: string, where: string): string | undefined {
  if (!bytes) return undefined;
  if (bytes.length > MAX_VALUE_BYTES)
    throw invalid(`${where} has a key ${key} of more than ${MAX_VALUE_BYTES} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim() || undefined;
  } catch {
    throw invalid(`${where} has a key ${key} that is not text in UTF-8.`);
  }
}

function invalid(sentence: string): TurnpikeError {
  return new TurnpikeError('SecretInvalid', sentence);
}
