import * as v from 'valibot';
import { ALLOWED_HOSTS } from '../../api/group.ts';
import { hostList } from '../../decide/model/allowed-hosts.ts';
import { defined } from '../../lib/defined.ts';
import { hasCode } from '../../lib/errors.ts';
import { parseFirst } from '../../lib/first-fault.ts';
import { type KubeClient, resourcePath } from '../../lib/kube/index.ts';

export interface StoredSecret {
  /** The decoded values by key. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** The only hosts that it may be sent to, where its annotation names them. */
  readonly allowedHosts?: readonly string[];
  /** Changes with each change of the Secret. */
  readonly version?: string;
}

/** Secrets one by one, by name: they are neither listed nor watched, so the right to `get` suffices. */
export interface Secrets {
  /** Reads a Secret; undefined when it does not exist. Gives up after 3 s. */
  read(namespace: string, name: string): Promise<StoredSecret | undefined>;
}

const TIMEOUT_MS = 3000;

const Secret = v.object({
  metadata: v.optional(
    v.object({
      annotations: v.nullish(v.record(v.string(), v.string())),
      resourceVersion: v.optional(v.string()),
    }),
  ),
  data: v.nullish(v.record(v.string(), v.string()), {}),
});

export function createSecrets(client: KubeClient): Secrets {
  async function read(namespace: string, name: string): Promise<StoredSecret | undefined> {
    const path = resourcePath({ apiVersion: 'v1', namespace, plural: 'secrets', name });
    try {
      return decoded(await client.request({ method: 'GET', path, timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      if (hasCode(error, 'ApiNotFound')) return undefined;
      throw error;
    }
  }

  return { read };
}

function decoded(raw: unknown): StoredSecret {
  const { metadata, data } = parseFirst(Secret, raw);
  const entries = Object.entries(data ?? {});
  const values = new Map(entries.map(([key, value]) => [key, new Uint8Array(Buffer.from(value, 'base64'))]));
  const hosts = metadata?.annotations?.[ALLOWED_HOSTS];
  const version = metadata?.resourceVersion;
  return {
    values,
    ...defined({ allowedHosts: hosts === undefined ? undefined : hostList(hosts), version }),
  };
}
