import { AUTHORITY_KEYS } from './authorities.ts';

/**
 * Keys of Secrets as Flux has them, by what they are for.
 * https://fluxcd.io/flux/components/source/gitrepositories/#secret-reference
 * https://pkg.go.dev/github.com/fluxcd/pkg/runtime/secrets#pkg-constants
 */

/** The key that the forge proves its webhooks with. */
export const WEBHOOK_SECRET = 'webhook-secret';
export const WEBHOOK_SECRET_PREVIOUS = 'webhook-secret-previous';

/** Below this, a key can be guessed. */
export const MIN_KEY_BYTES = 16;

/** The key that signs commits, and the passphrase that opens it. */
export const SIGNING_KEY = 'signing-key';
export const SIGNING_PASSPHRASE = 'signing-passphrase';

/** Sent to Git over HTTPS as `Authorization: Bearer`; wins over `username` and `password`. */
export const BEARER_TOKEN = 'bearerToken';

/** The older name serves where the newer one is missing. */
export const CLIENT_CERTIFICATE = ['tls.crt', 'certFile'] as const;
export const CLIENT_KEY = ['tls.key', 'keyFile'] as const;

export const PROXY_ADDRESS = 'address';

/** A login to registries of images, which `flux create secret oci` makes. */
export const REGISTRY_LOGIN = '.dockerconfigjson';

/** A private key that signs commits, and what opens it. */
export interface SigningKeys {
  readonly key: string;
  readonly passphrase: string;
}

/** Our own, in the Secret with the credentials too. */
export const OWN_SIGNING: SigningKeys = { key: SIGNING_KEY, passphrase: SIGNING_PASSPHRASE };

/**
 * In a Secret for signing alone, the first that is there: our own, and those of Flux's image automation.
 * https://fluxcd.io/flux/components/image/imageupdateautomations/#signing-key
 */
const SIGNING: readonly SigningKeys[] = [
  OWN_SIGNING,
  { key: 'git.asc', passphrase: 'passphrase' },
  { key: 'identity', passphrase: 'password' },
];

/** A larger value under a key is not looked at. */
export const MAX_VALUE_BYTES = 256 * 1024;

export type HasKey = (key: string) => boolean;

/** Looks up the text of a key; undefined when it is missing or blank. */
export type ReadText = (key: string) => string | undefined;

/** The keys by which a Secret for signing holds its key; ours where it holds none. */
export function signingKeysOf(has: HasKey): SigningKeys {
  return SIGNING.find(({ key }) => has(key)) ?? OWN_SIGNING;
}

/** The name under which a Secret holds a value; the newer one where it holds none. */
export function nameOf([newer, older]: readonly [string, string], has: HasKey): string {
  return !has(newer) && has(older) ? older : newer;
}

/** Parts of the credentials that a Secret of their own may hold. */
export type SecretPart = 'tls' | 'proxy' | 'signing' | 'webhook';

/** The keys of `secretRef` that are not read where a Secret of their own is named. */
export function keysOfPart(part: SecretPart): readonly string[] {
  switch (part) {
    case 'tls':
      return [...CLIENT_CERTIFICATE, ...CLIENT_KEY, ...AUTHORITY_KEYS];
    case 'signing':
      return [OWN_SIGNING.key, OWN_SIGNING.passphrase];
    case 'webhook':
      return [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS];
    case 'proxy':
      return [];
  }
}

export interface NamedPart {
  readonly part: SecretPart;
  /** Name of the Secret. */
  readonly name: string;
  /** Below the strategy, such as `certSecretRef`. */
  readonly field: string;
}

interface Reference {
  readonly name: string;
}

interface Settings {
  readonly certSecretRef?: Reference | undefined;
  readonly proxySecretRef?: Reference | undefined;
  readonly webhookSecretRef?: Reference | undefined;
  readonly commit?: { readonly signingKeySecretRef?: Reference | undefined } | undefined;
}

/** The Secrets of their own that a strategy names. */
export function partsOf({ certSecretRef, proxySecretRef, webhookSecretRef, commit }: Settings): NamedPart[] {
  const all: readonly (readonly [SecretPart, string, Reference | undefined])[] = [
    ['tls', 'certSecretRef', certSecretRef],
    ['proxy', 'proxySecretRef', proxySecretRef],
    ['webhook', 'webhookSecretRef', webhookSecretRef],
    ['signing', 'commit.signingKeySecretRef', commit?.signingKeySecretRef],
  ];
  return all.flatMap(([part, field, ref]) => (ref ? [{ part, field, name: ref.name }] : []));
}

/** All keys that may be of a use, for those who keep no others. */
export const PART_KEYS: readonly string[] = [
  BEARER_TOKEN,
  ...CLIENT_CERTIFICATE,
  ...CLIENT_KEY,
  ...AUTHORITY_KEYS,
  PROXY_ADDRESS,
  REGISTRY_LOGIN,
  ...SIGNING.flatMap(({ key, passphrase }) => [key, passphrase]),
];
