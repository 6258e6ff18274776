import * as v from 'valibot';
import { hasCode } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import type { KubeClient } from '../client/transport.ts';
import { resourcePath } from '../path.ts';
import type { CertificateState } from './renew.ts';

/** The Secret in which the replicas share their certificates. */
export interface CertificateSecret {
  read(): Promise<StoredCertificates>;
  /** Writes unless somebody else was faster; whether it did. */
  write(state: CertificateState, last: StoredCertificates): Promise<boolean>;
}

export interface StoredCertificates {
  readonly state: Partial<CertificateState>;
  /** The Secret as it is; undefined when there is none. */
  readonly secret: RawSecret | undefined;
}

const RawSecret = v.looseObject({ data: v.nullish(v.record(v.string(), v.string())) });
type RawSecret = v.InferOutput<typeof RawSecret>;

const KEYS = {
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  leaf: 'tls.crt',
  leafKey: 'tls.key',
  previousAuthority: 'ca-previous.crt',
} as const;

/**
 * An existing Secret without the keys is filled, so that manifests can ship an empty one and the right to
 * create Secrets, which RBAC cannot limit to a name, is not needed.
 */
export function createCertificateSecret(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): CertificateSecret {
  const collection = { apiVersion: 'v1', namespace, plural: 'secrets' };
  const path = resourcePath({ ...collection, name });

  async function read(): Promise<StoredCertificates> {
    try {
      const secret = parseFirst(RawSecret, await client.request({ method: 'GET', path }));
      return { state: decode(secret.data ?? {}), secret };
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) return { state: {}, secret: undefined };
      throw error;
    }
  }

  async function write(state: CertificateState, last: StoredCertificates): Promise<boolean> {
    const empty = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque' };
    const body = { ...(last.secret ?? empty), data: { ...others(last.secret), ...encode(state) } };
    const target = last.secret ? { method: 'PUT', path } : { method: 'POST', path: resourcePath(collection) };
    try {
      await client.request({ ...target, body });
      return true;
    } catch (error) {
      if (hasCode(error, 'ApiConflict') || (last.secret && hasCode(error, 'ApiNotFound'))) return false;
      throw error;
    }
  }

  return { read, write };
}

function decode(data: Readonly<Record<string, string>>): Partial<CertificateState> {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const previousAuthority = text(KEYS.previousAuthority);
  return {
    authority: { cert: text(KEYS.authority), key: text(KEYS.authorityKey) },
    leaf: { cert: text(KEYS.leaf), key: text(KEYS.leafKey) },
    ...(previousAuthority && { previousAuthority }),
  };
}

function encode({ authority, leaf, previousAuthority }: CertificateState): Record<string, string> {
  const texts = {
    [KEYS.authority]: authority.cert,
    [KEYS.authorityKey]: authority.key,
    [KEYS.leaf]: leaf.cert,
    [KEYS.leafKey]: leaf.key,
    ...(previousAuthority && { [KEYS.previousAuthority]: previousAuthority }),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

/** The other keys of the Secret, which stay there. */
function others(secret: RawSecret | undefined): Record<string, string> {
  const ours = new Set<string>(Object.values(KEYS));
  return Object.fromEntries(Object.entries(secret?.data ?? {}).filter(([key]) => !ours.has(key)));
}
