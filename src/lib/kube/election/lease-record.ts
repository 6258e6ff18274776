import * as v from 'valibot';
import { hasCode } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import type { KubeClient } from '../client/transport.ts';
import { resourcePath } from '../path.ts';

/** The holder as a Lease records it; times in RFC 3339 with microseconds. */
export interface LeaseRecord {
  /** Empty: nobody holds it. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

export interface StoredLease {
  readonly record: LeaseRecord;
  /** With the resourceVersion, and the labels that somebody may have put there. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** One Lease object. Writes succeed only for who has seen the last one. */
export interface LeaseStore {
  read(timeoutMs: number): Promise<StoredLease | undefined>;
  /** `last` undefined: the Lease does not exist yet. Undefined: somebody else was faster. */
  write(
    record: LeaseRecord,
    last: StoredLease | undefined,
    timeoutMs: number,
  ): Promise<StoredLease | undefined>;
}

const API_VERSION = 'coordination.k8s.io/v1';

const Lease = v.object({
  metadata: v.record(v.string(), v.unknown()),
  spec: v.nullish(
    v.object({
      holderIdentity: v.nullish(v.string(), ''),
      leaseDurationSeconds: v.nullish(v.number(), 0),
      acquireTime: v.nullish(v.string(), ''),
      renewTime: v.nullish(v.string(), ''),
      leaseTransitions: v.nullish(v.number(), 0),
    }),
    {},
  ),
});

const NOBODY: LeaseRecord = {
  holderIdentity: '',
  leaseDurationSeconds: 0,
  acquireTime: '',
  renewTime: '',
  leaseTransitions: 0,
};

export function createLeaseStore(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): LeaseStore {
  const collection = { apiVersion: API_VERSION, namespace, plural: 'leases' };

  async function read(timeoutMs: number): Promise<StoredLease | undefined> {
    try {
      const path = resourcePath({ ...collection, name });
      return parseLease(await client.request({ method: 'GET', path, timeoutMs }));
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) return undefined;
      throw error;
    }
  }

  async function write(
    record: LeaseRecord,
    last: StoredLease | undefined,
    timeoutMs: number,
  ): Promise<StoredLease | undefined> {
    const metadata = last?.metadata ?? { name, namespace };
    const target = last
      ? { method: 'PUT', path: resourcePath({ ...collection, name }) }
      : { method: 'POST', path: resourcePath(collection) };
    const body = { apiVersion: API_VERSION, kind: 'Lease', metadata, spec: record };
    try {
      return parseLease(await client.request({ ...target, body, timeoutMs }));
    } catch (error) {
      if (hasCode(error, 'ApiConflict')) return undefined;
      throw error;
    }
  }

  return { read, write };
}

function parseLease(raw: unknown): StoredLease {
  const { metadata, spec } = parseFirst(Lease, raw);
  return { record: { ...NOBODY, ...spec }, metadata };
}

/** Kubernetes' MicroTime. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
