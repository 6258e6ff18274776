import { isIP } from 'node:net';
import { TurnpikeError } from '../../errors.ts';
import { withoutBrackets } from '../addresses.ts';
import { type HostPolicy, isForbiddenAddress, isInsecureHost } from '../hosts.ts';
import type { Lookup } from '../lookup.ts';

export async function refuseForbiddenAddresses(url: URL, policy: HostPolicy, lookup: Lookup): Promise<void> {
  const host = withoutBrackets(url.hostname);
  if (isIP(host) !== 0 || isInsecureHost(url, policy)) return;
  const forbidden = (await lookup(host)).find(isForbiddenAddress);
  if (forbidden === undefined) return;
  throw new TurnpikeError(
    'HostNotAllowed',
    `${host} resolves to ${forbidden}, a loopback, link-local or metadata address: list ${url.host} in --insecure-git-hosts if this is intended.`,
    { retry: 'backoff' },
  );
}
