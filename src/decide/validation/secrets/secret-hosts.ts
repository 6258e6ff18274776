import { type HostPolicy, PROXY_ADDRESS, proxyOf } from '../../../lib/net/pure.ts';
import { type AllowedHosts, secretHostProblem } from '../../model/allowed-hosts.ts';
import type { Facts, SecretFacts } from '../facts.ts';
import type { SecretNeed } from '../needs.ts';
import type { FieldProblem } from '../problem.ts';
import { isSealed, textIn } from './secret-text.ts';

/** The proxy that a found Secret names, as far as it can be read. */
export function proxyIn({ values }: SecretFacts): URL | undefined {
  if (!values || isSealed(values, [PROXY_ADDRESS])) return undefined;
  return proxyOf(textIn(values));
}

/**
 * Credentials go through the proxy that is named beside them. Its owner sees no more than a tunnel, unless the
 * Pipeline names a certificate authority of theirs as well: they are in the place of the host then, and have what they
 * like signed. The annotations of the credentials, of what signs and of what is shown have to allow its host.
 */
export function proxiedProblems(
  needs: readonly SecretNeed[],
  namespace: string,
  { secrets }: Facts,
  policy: HostPolicy,
): FieldProblem[] {
  return needs.flatMap((need): FieldProblem[] => {
    if (need.use === 'hmac' || need.proxy === undefined) return [];
    const [own, through] = [secrets.get(need.name), secrets.get(need.proxy)];
    if (own?.kind !== 'found' || through?.kind !== 'found') return [];
    const proxy = proxyIn(through.secret);
    const secret = `Secret ${namespace}/${need.name}`;
    const message = proxy && goesThrough(secret, proxy, own.secret.allowedHosts, policy);
    if (message === undefined) return [];
    return [{ rule: 'secret-host', ...place(need), value: need.name, message }];
  });
}

/** Without an annotation nothing is said of the proxy that is not said of the repository's host. */
function goesThrough(secret: string, proxy: URL, allowed: AllowedHosts, policy: HostPolicy) {
  return allowed === undefined ? undefined : secretHostProblem(secret, { proxy }, allowed, policy);
}

/** Where a token goes depends on the URL beside `secretRef` too. */
export function place({ use, field }: SecretNeed): { field: string; scope?: string } {
  return use === 'hmac' ? { field } : { field, scope: field.replace(/(\.commit)?\.\w+\.name$/, '') };
}

/** A key that events or webhooks are proven with is sent nowhere. */
export function secretHostFault(
  need: SecretNeed,
  secret: string,
  facts: SecretFacts,
  policy: HostPolicy,
): string | undefined {
  if (need.use === 'hmac') return undefined;
  if (need.use === 'part' && need.part === 'webhook') return undefined;
  const proxy = need.use === 'part' && need.part === 'proxy' ? proxyIn(facts) : undefined;
  if (need.use === 'part' && need.part === 'proxy' && !proxy) return undefined;
  const to = proxy ? { proxy } : need.url;
  return secretHostProblem(secret, to, facts.allowedHosts, policy);
}
