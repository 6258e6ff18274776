import { keysOfPart, REGISTRY_LOGIN } from '../../../lib/net/pure.ts';
import type { SecretData } from '../referenced-objects.ts';
import type { ForgeReference, PartReference, SecretReference } from '../references.ts';

/** The keys of a Secret with credentials that are read, and the reasons for which others are not used. */

/** The data without the keys that another Secret is named for. */
export function ownData({ elsewhere = [] }: ForgeReference, data: SecretData): SecretData {
  if (elsewhere.length === 0) return data;
  const others = new Set(elsewhere.flatMap(keysOfPart));
  return new Map([...data].filter(([key]) => !others.has(key)));
}

/** The data that certificate authorities are read from. */
export function tlsData(reference: SecretReference, data: SecretData | undefined): SecretData | undefined {
  if (reference.use === 'part') return reference.part === 'tls' ? data : undefined;
  return reference.use === 'forge' && data ? ownData(reference, data) : undefined;
}

export function provesWebhooks(reference: ForgeReference | PartReference): boolean {
  return reference.use === 'part' ? reference.part === 'webhook' : !reference.elsewhere?.includes('webhook');
}

/** The reason for which the data of a Secret of Flux cannot be used here. */
export function unusedHint(reference: Pick<ForgeReference, 'url'>, has: (key: string) => boolean): string {
  if (has(REGISTRY_LOGIN)) return ` Its ${REGISTRY_LOGIN} is a login for image registries only.`;
  if (reference.url.startsWith('ssh:')) return '';
  if (has('identity')) return ' Its identity is for ssh URLs.';
  // A push uses them, so it has no such finding.
  return has('username') && has('password')
    ? ' Its username and password are for Git only: if the password is a token, add it as token too.'
    : '';
}
