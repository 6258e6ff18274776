import { signingProblem } from '../../../lib/git/pure.ts';
import {
  AUTHORITY_KEYS,
  certificateFault,
  type HostPolicy,
  halfCertificateFault,
  hasClientCertificate,
  keysOfPart,
  PROXY_ADDRESS,
  proxyAddressFault,
  proxyHostProblem,
  proxyKeysFault,
  proxyOf,
  type SecretPart,
  signingKeysOf,
  WEBHOOK_SECRET,
} from '../../../lib/net/pure.ts';
import { authorityFault } from '../authorities.ts';
import type { SecretData } from '../referenced-objects.ts';
import type { PartReference } from '../references.ts';
import { hasIn, isSealed, textIn } from './secret-text.ts';

/** The keys to create a missing Secret with. */
export function keysForPart(part: SecretPart): string {
  switch (part) {
    case 'tls':
      return 'the keys tls.crt and tls.key, or ca.crt, or all of them';
    case 'proxy':
      return `the key ${PROXY_ADDRESS}`;
    case 'signing':
      return 'the key signing-key';
    case 'webhook':
      return `the key ${WEBHOOK_SECRET}`;
  }
}

/** Checks a separate Secret for a part of the credentials. */
export function partFault(
  { part }: PartReference,
  secret: string,
  data: SecretData,
  policy: HostPolicy,
): string | undefined {
  switch (part) {
    case 'tls':
      return tlsFault(secret, data) ?? authorityFault(secret, data) ?? emptyFault(secret, data);
    case 'proxy':
      return proxyFault(secret, data, policy);
    case 'signing':
      return ownSigningFault(secret, data);
    case 'webhook':
      if (hasIn(data)(WEBHOOK_SECRET)) return undefined;
      return `${secret} has no key ${WEBHOOK_SECRET}: add the secret of the forge's webhook.`;
  }
}

/** Also checks a Secret with the credentials. */
export function tlsFault(secret: string, data: SecretData): string | undefined {
  const half = halfCertificateFault(secret, hasIn(data));
  if (half !== undefined || isSealed(data, keysOfPart('tls'))) return half;
  return certificateFault(secret, textIn(data));
}

function emptyFault(secret: string, data: SecretData): string | undefined {
  const has = hasIn(data);
  if (hasClientCertificate(has) || AUTHORITY_KEYS.some(has)) return undefined;
  return `${secret} has neither tls.crt and tls.key nor ca.crt: add a client certificate with its private key, or a certificate authority.`;
}

function proxyFault(secret: string, data: SecretData, policy: HostPolicy): string | undefined {
  const lacking = proxyKeysFault(secret, hasIn(data));
  if (lacking !== undefined || isSealed(data, [PROXY_ADDRESS])) return lacking;
  const read = textIn(data);
  const fault = proxyAddressFault(secret, read);
  const url = proxyOf(read);
  if (fault !== undefined || !url) return fault;
  const problem = proxyHostProblem(url, policy);
  return problem === undefined ? undefined : `${secret} names a proxy that is not used: ${problem}`;
}

function ownSigningFault(secret: string, data: SecretData): string | undefined {
  const names = signingKeysOf((key) => data.has(key));
  if (isSealed(data, [names.key])) return undefined;
  const hasPassphrase = hasIn(data)(names.passphrase);
  if (!data.has(names.key)) {
    return `${secret} has none of the keys signing-key, git.asc and identity: add the private key that signs commits.`;
  }
  return signingProblem(secret, { key: textIn(data)(names.key) ?? '', hasPassphrase, names });
}
