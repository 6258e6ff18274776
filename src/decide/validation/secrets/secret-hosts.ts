import { type HostPolicy, PROXY_ADDRESS, proxyOf } from '../../../lib/net/pure.ts';
import { type AllowedHosts, secretHostProblem } from '../../model/allowed-hosts.ts';
import type { FieldProblem } from '../problem.ts';
import type { ReferencedObjects, ReferencedSecret } from '../referenced-objects.ts';
import type { SecretReference } from '../references.ts';
import { isSealed, textIn } from './secret-text.ts';

/** The proxy that a found Secret names, as far as it can be read. */
export function proxyIn({ values }: ReferencedSecret): URL | undefined {
  if (!values || isSealed(values, [PROXY_ADDRESS])) return undefined;
  return proxyOf(textIn(values));
}

/**
 * Credentials pass through the proxy that is named beside them. Its owner sees no more than a tunnel, unless the
 * Pipeline names a certificate authority of theirs as well: they can then act as the host, and have any commit signed.
 * The annotations of the credentials, of the signing key and of the client certificate must allow its host.
 */
export function proxiedProblems(
  references: readonly SecretReference[],
  namespace: string,
  { secrets }: ReferencedObjects,
  policy: HostPolicy,
): FieldProblem[] {
  return references.flatMap((reference): FieldProblem[] => {
    if (reference.use === 'hmac' || reference.proxy === undefined) return [];
    const [own, through] = [secrets.get(reference.name), secrets.get(reference.proxy)];
    if (own?.kind !== 'found' || through?.kind !== 'found') return [];
    const proxy = proxyIn(through.secret);
    const secret = `Secret ${namespace}/${reference.name}`;
    const message = proxy && goesThrough(secret, proxy, own.secret.allowedHosts, policy);
    if (message === undefined) return [];
    return [{ rule: 'secret-host', ...place(reference), value: reference.name, message }];
  });
}

/** Without an annotation the problem of the proxy would only repeat that of the repository's host. */
function goesThrough(secret: string, proxy: URL, allowed: AllowedHosts, policy: HostPolicy) {
  return allowed === undefined ? undefined : secretHostProblem(secret, { proxy }, allowed, policy);
}

/** The destination of a token depends on the URL beside `secretRef` too. */
export function place({ use, field }: SecretReference): { field: string; scope?: string } {
  return use === 'hmac' ? { field } : { field, scope: field.replace(/(\.commit)?\.\w+\.name$/, '') };
}

/** A key that authenticates events or webhooks is never sent to a host. */
export function secretHostFault(
  reference: SecretReference,
  secret: string,
  found: ReferencedSecret,
  policy: HostPolicy,
): string | undefined {
  if (reference.use === 'hmac') return undefined;
  if (reference.use === 'part' && reference.part === 'webhook') return undefined;
  const proxy = reference.use === 'part' && reference.part === 'proxy' ? proxyIn(found) : undefined;
  if (reference.use === 'part' && reference.part === 'proxy' && !proxy) return undefined;
  const to = proxy ? { proxy } : reference.url;
  return secretHostProblem(secret, to, found.allowedHosts, policy);
}
