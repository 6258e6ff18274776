import { keysOfPart, REGISTRY_LOGIN } from '../../../lib/net/pure.ts';
import type { SecretData } from '../facts.ts';
import type { ForgeNeed, PartNeed, SecretNeed } from '../needs.ts';

/** Which keys of a Secret with credentials are read, and why others do not serve. */

/** Without the keys that another Secret is named for. */
export function ownData({ elsewhere = [] }: ForgeNeed, data: SecretData): SecretData {
  if (elsewhere.length === 0) return data;
  const others = new Set(elsewhere.flatMap(keysOfPart));
  return new Map([...data].filter(([key]) => !others.has(key)));
}

/** What certificate authorities are read from. */
export function tlsData(need: SecretNeed, data: SecretData | undefined): SecretData | undefined {
  if (need.use === 'part') return need.part === 'tls' ? data : undefined;
  return need.use === 'forge' && data ? ownData(need, data) : undefined;
}

export function provesWebhooks(need: ForgeNeed | PartNeed): boolean {
  return need.use === 'part' ? need.part === 'webhook' : !need.elsewhere?.includes('webhook');
}

/** Why what a Secret of Flux holds does not serve here. */
export function unusedHint(need: Pick<ForgeNeed, 'url' | 'reaches'>, has: (key: string) => boolean): string {
  if (has(REGISTRY_LOGIN)) return ` Its ${REGISTRY_LOGIN} is a login to registries of images alone.`;
  if (need.url.startsWith('ssh:')) return '';
  if (has('identity')) return ' Its identity is for a URL by ssh.';
  const isUser = need.reaches === 'forge' && has('username') && has('password');
  return isUser
    ? ' Its username and password are for Git alone: if the password is a token, put it there too.'
    : '';
}
