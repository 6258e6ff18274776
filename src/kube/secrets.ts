import * as v from 'valibot';
import { hasCode } from '../api/errors.ts';
import { resourcePath } from './path.ts';
import type { KubeClient } from './transport.ts';

export type SecretValues = ReadonlyMap<string, Uint8Array>;

/** Secrets one by one, by name: they are neither listed nor watched, so the right to `get` suffices. */
export interface Secrets {
  /** Its decoded values by key; undefined when there is no such Secret. Gives up after 3 s. */
  read(namespace: string, name: string): Promise<SecretValues | undefined>;
}

const TIMEOUT_MS = 3000;

const Secret = v.object({ data: v.nullish(v.record(v.string(), v.string()), {}) });

export function createSecrets(client: KubeClient): Secrets {
  async function read(namespace: string, name: string): Promise<SecretValues | undefined> {
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

function decoded(raw: unknown): SecretValues {
  const { data } = v.parse(Secret, raw);
  const entries = Object.entries(data ?? {});
  return new Map(entries.map(([key, value]) => [key, new Uint8Array(Buffer.from(value, 'base64'))]));
}
