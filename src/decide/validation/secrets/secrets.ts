import { APPROVAL_KEY, APPROVAL_KEY_PREVIOUS, HMAC_KEY, HMAC_KEY_PREVIOUS } from '../../../api/group.ts';
import {
  appOfOtherHost,
  GITHUB_APP,
  gitHubAppFault,
  gitHubHostOf,
  isGitHubApp,
} from '../../../lib/forges/pure.ts';
import { IDENTITY, privateKeyProblem, signingProblem } from '../../../lib/git/pure.ts';
import {
  BEARER_TOKEN,
  type HostPolicy,
  MIN_KEY_BYTES,
  SIGNING_KEY,
  SIGNING_PASSPHRASE,
  WEBHOOK_SECRET,
  WEBHOOK_SECRET_PREVIOUS,
} from '../../../lib/net/pure.ts';
import { keyFault } from '../../keys.ts';
import { authorityFault, authorityWarning } from '../authorities.ts';
import { type FieldProblem, type Findings, NO_FINDINGS } from '../problem.ts';
import type { SecretData, SecretState } from '../referenced-objects.ts';
import type { ForgeReference, HmacReference, PartReference, SecretReference } from '../references.ts';
import type { RuleName } from '../rules.ts';
import { ownData, provesWebhooks, tlsData, unusedHint } from './own-keys.ts';
import { keysForPart, partFault, tlsFault } from './part-secrets.ts';
import { place, secretHostFault } from './secret-hosts.ts';
import { hasText, textOf } from './secret-text.ts';

/** The output length of SHA-256 (RFC 2104, section 3). */
const GOOD_HMAC_BYTES = 32;
const HOW_TO_MAKE_A_KEY = `use ${GOOD_HMAC_BYTES} or more, such as from "openssl rand -hex 32".`;

type Reach = Pick<ForgeReference, 'url' | 'reaches'>;

interface Fault {
  readonly rule: RuleName;
  readonly message: string;
}

/** Checks a Secret that a spec names. The sentences name keys and never their values. */
export function secretFindings(
  reference: SecretReference,
  namespace: string,
  state: SecretState | undefined,
  { policy, now }: { readonly policy: HostPolicy; readonly now?: Date | undefined },
): Findings {
  const secret = `Secret ${namespace}/${reference.name}`;
  const at = (fault: Fault): FieldProblem => ({ ...fault, ...place(reference), value: reference.name });
  if (!state || state.kind === 'unknown') {
    const message = `${secret} was not checked: ${state?.why ?? 'it was not read.'}`;
    return { ...NO_FINDINGS, warnings: [at({ rule: 'secret-exists', message })] };
  }
  if (state.kind === 'absent') {
    return {
      ...NO_FINDINGS,
      problems: [at({ rule: 'secret-exists', message: missingSecret(reference, secret) })],
    };
  }
  const faults = [
    contentFault(reference, secret, state.secret.values, policy),
    withRule('secret-host', secretHostFault(reference, secret, state.secret, policy)),
  ];
  const warnings = [
    weakKey(reference, secret, state.secret.values),
    approvalWarning(reference, secret, state.secret.values),
    authorityWarning(secret, tlsData(reference, state.secret.values), now),
  ];
  return {
    problems: faults.flatMap((fault) => (fault ? [at(fault)] : [])),
    warnings: warnings.flatMap((one) => (one ? [at(one)] : [])),
  };
}

/** `secret`: `Secret ns/name`. */
export function missingSecret(
  reference: Reach | HmacReference | Pick<PartReference, 'part'>,
  secret: string,
): string {
  const keys = keysOfReference(reference);
  return `${secret} does not exist: create it there, with ${keys}.`;
}

function keysOfReference(reference: Reach | HmacReference | Pick<PartReference, 'part'>): string {
  if ('part' in reference) return keysForPart(reference.part);
  return 'reaches' in reference ? keysFor(reference) : `the key ${HMAC_KEY}`;
}

function keysFor({ reaches, url }: Reach): string {
  if (reaches === 'git') {
    return isSsh({ url }) ? 'the keys identity and known_hosts' : 'the keys username and password, or token';
  }
  return isSsh({ url }) ? 'the keys identity, known_hosts and token' : 'the key token';
}

function contentFault(
  reference: SecretReference,
  secret: string,
  data: SecretData | undefined,
  policy: HostPolicy,
): Fault | undefined {
  if (!data) return undefined;
  if (reference.use === 'part') return withRule('secret-keys', partFault(reference, secret, data, policy));
  if (reference.use === 'forge') {
    const own = ownData(reference, data);
    const fault =
      forgeFault(reference, secret, own) ??
      tlsFault(secret, own) ??
      signingFault(secret, own) ??
      authorityFault(secret, own);
    return withRule('secret-keys', fault);
  }
  if (!data.has(HMAC_KEY)) {
    const message = `${secret} has no key ${HMAC_KEY}: add the key that Flux's Provider signs with.`;
    return { rule: 'secret-keys', message };
  }
  return firstOf(KEYS, (key) => uselessKey(secret, key, data));
}

/** Keys for events and approvals. */
const KEYS = [HMAC_KEY, HMAC_KEY_PREVIOUS, APPROVAL_KEY, APPROVAL_KEY_PREVIOUS];
/** Keys for the forge's webhooks. */
const WEBHOOK_SECRETS = [WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS];

function firstOf(keys: readonly string[], faultOf: (key: string) => Fault | undefined): Fault | undefined {
  return keys.map(faultOf).find((fault) => fault !== undefined);
}

function withRule(rule: RuleName, message: string | undefined): Fault | undefined {
  return message === undefined ? undefined : { rule, message };
}

/** A key that is rejected when a sender signs with it. */
function uselessKey(secret: string, key: string, data: SecretData): Fault | undefined {
  const value = data.get(key);
  if (value === undefined || value === 'sealed') return undefined;
  const place = `The ${key} of ${secret}`;
  switch (keyFault(value)) {
    case 'key-too-short': {
      const message = `${place} has ${value.length} bytes and can be guessed: ${HOW_TO_MAKE_A_KEY}`;
      return { rule: 'hmac-key-length', message };
    }
    case 'key-published': {
      const message = `${place} is the one of the published examples, which everybody can read: ${HOW_TO_MAKE_A_KEY}`;
      return { rule: 'hmac-key-published', message };
    }
    case undefined:
      return undefined;
  }
}

function weakKey(
  reference: SecretReference,
  secret: string,
  data: SecretData | undefined,
): Fault | undefined {
  if (!data) return undefined;
  // Promotions do not need the forge's keys: only its webhooks are rejected without them.
  if (reference.use !== 'hmac') {
    const keys = provesWebhooks(reference) ? WEBHOOK_SECRETS : [];
    return firstOf(keys, (key) => uselessKey(secret, key, data));
  }
  return firstOf([HMAC_KEY, APPROVAL_KEY], (key) => {
    const bytes = lengthOf(data, key);
    if (bytes === undefined || bytes >= GOOD_HMAC_BYTES || bytes < MIN_KEY_BYTES) return undefined;
    const message = `The ${key} of ${secret} has ${bytes} bytes: ${HOW_TO_MAKE_A_KEY}`;
    return { rule: 'hmac-key-length', message };
  });
}

/**
 * Flux in the environment before has the event key: with that key alone, it opens the gate that a person is to open.
 */
function approvalWarning(
  reference: SecretReference,
  secret: string,
  data: SecretData | undefined,
): Fault | undefined {
  if (reference.use !== 'hmac' || !reference.approves || !data?.has(HMAC_KEY)) return undefined;
  const own = data.get(APPROVAL_KEY);
  if (own === undefined) {
    if (data.has(APPROVAL_KEY_PREVIOUS)) return undefined;
    const message = `${secret} has no ${APPROVAL_KEY}, so a signer of events can approve with ${HMAC_KEY} too: add a key for approvals only, such as from "openssl rand -hex 32".`;
    return { rule: 'approval-key', message };
  }
  if (!isSameKey(own, data.get(HMAC_KEY))) return undefined;
  const message = `The ${APPROVAL_KEY} of ${secret} is the same as its ${HMAC_KEY}, so a signer of events can approve: use another one, such as from "openssl rand -hex 32".`;
  return { rule: 'approval-key', message };
}

function isSameKey(a: Uint8Array | 'sealed', b: Uint8Array | 'sealed' | undefined): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

function lengthOf(data: SecretData, key: string): number | undefined {
  const value = data.get(key);
  return value === 'sealed' ? undefined : value?.length;
}

function forgeFault(reference: ForgeReference, secret: string, data: SecretData): string | undefined {
  const has = (key: string) => hasText(data, key);
  if (reference.reaches === 'git') return pushFault(reference, secret, data);
  if (isSsh(reference)) return sshFault(secret, data) ?? tokenFault(reference, secret, has);
  const fault = tokenFault(reference, secret, has);
  if (fault !== undefined || isGitHubApp(has) || has(BEARER_TOKEN)) return fault;
  return userFault(secret, has);
}

/** A push does not need a forge, nor a token if Git uses other credentials. */
function pushFault(reference: ForgeReference, secret: string, data: SecretData): string | undefined {
  const has = (key: string) => hasText(data, key);
  if (isSsh(reference)) return sshFault(secret, data);
  if (has(BEARER_TOKEN)) return undefined;
  if (has('token') || has('username') || has('password')) return userFault(secret, has);
  const app = isGitHubApp(has) ? ' (a GitHub App works for pull requests only)' : '';
  return `${secret} has neither username and password nor token${app}: add the ones that Git may push with.${unusedHint(reference, has)}`;
}

function userFault(secret: string, has: (key: string) => boolean): string | undefined {
  const [username, password] = [has('username'), has('password')];
  if (username !== password) {
    const [given, absent] = username ? ['username', 'password'] : ['password', 'username'];
    return `${secret} has the key ${given} but no ${absent}: Git needs both, or neither to use the token.`;
  }
  return undefined;
}

/** The host's keys are never trusted on first use: `known_hosts` is required like the private key. */
function sshFault(secret: string, data: SecretData): string | undefined {
  if (!hasText(data, 'identity')) {
    const [other] = [BEARER_TOKEN, 'username'].filter((key) => hasText(data, key));
    const hint = other === undefined ? '' : ` Its ${other} is for https URLs.`;
    return `${secret} has no key identity: add the private key that Git over SSH logs in with.${hint}`;
  }
  if (!hasText(data, 'known_hosts')) {
    return `${secret} has no key known_hosts: add the host's keys, such as from ssh-keyscan, and compare them with those that the host publishes.`;
  }
  return identityFault(secret, data);
}

/** Checks the form alone; the login shows if it can be read. */
function identityFault(secret: string, data: SecretData): string | undefined {
  const value = data.get('identity');
  if (value === undefined || value === 'sealed') return undefined;
  return privateKeyProblem(secret, IDENTITY, textOf(value), hasText(data, 'password'));
}

/** Checks the form alone; signing shows if it can be read. */
function signingFault(secret: string, data: SecretData): string | undefined {
  const value = data.get(SIGNING_KEY);
  if (value === 'sealed') return undefined;
  const key = value && textOf(value);
  return signingProblem(secret, { key, hasPassphrase: hasText(data, SIGNING_PASSPHRASE) });
}

/** A GitHub App replaces a token. */
function tokenFault(
  reference: ForgeReference,
  secret: string,
  has: (key: string) => boolean,
): string | undefined {
  if (isGitHubApp(has))
    return gitHubAppFault(secret, reference.type, has) ?? appHostFault(reference, secret, has);
  if (has('token') || has(BEARER_TOKEN)) return undefined;
  return `${secret} has no key token: add a token that may open pull requests.${unusedHint(reference, has)}`;
}

function appHostFault(
  { url }: ForgeReference,
  secret: string,
  has: (key: string) => boolean,
): string | undefined {
  if (has(GITHUB_APP.baseUrl) || !URL.canParse(url)) return undefined;
  return appOfOtherHost(secret, gitHubHostOf(new URL(url)));
}

function isSsh({ url }: Pick<ForgeReference, 'url'>): boolean {
  return url.startsWith('ssh:');
}
