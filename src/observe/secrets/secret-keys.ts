import { APPROVAL_KEY, APPROVAL_KEY_PREVIOUS, HMAC_KEY, HMAC_KEY_PREVIOUS } from '../../api/group.ts';
import { GITHUB_APP } from '../../lib/forges/pure.ts';
import { PART_KEYS, WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS } from '../../lib/net/pure.ts';
import type { StoredSecret } from './secrets.ts';

/** The part of a Secret that is kept. A Secret may hold a megabyte for other users, and any Pipeline can name it. */
export interface Selection {
  readonly keys: readonly string[];
  /** A longer value is kept as an empty one: it proves nothing, but its key exists. */
  readonly maxValueBytes: number;
  /** Keeps the hosts that it may be sent to. */
  readonly hosts: boolean;
}

const KIB = 1024;

const PROOF_KEYS = [
  HMAC_KEY,
  HMAC_KEY_PREVIOUS,
  APPROVAL_KEY,
  APPROVAL_KEY_PREVIOUS,
  WEBHOOK_SECRET,
  WEBHOOK_SECRET_PREVIOUS,
];

/** The first one that is there holds a kubeconfig. Cluster API and Flux write `value`, Flux knows `value.yaml` too. */
export const KUBECONFIG_KEYS = ['kubeconfig', 'value', 'value.yaml'] as const;

/** The keys that prove signed events, approvals and the forges' webhooks. */
export const PROOFS: Selection = { keys: PROOF_KEYS, maxValueBytes: 16 * KIB, hosts: false };

/** The keys that the rules for Pipelines check. */
export const RULED: Selection = {
  keys: [
    ...PROOF_KEYS,
    ...['token', 'username', 'password', 'identity', 'known_hosts'],
    ...Object.values(GITHUB_APP),
    ...PART_KEYS,
    ...KUBECONFIG_KEYS,
  ],
  maxValueBytes: Number.POSITIVE_INFINITY,
  hosts: true,
};

export function selected(secret: StoredSecret, { keys, maxValueBytes, hosts }: Selection): StoredSecret {
  const values = new Map<string, Uint8Array>();
  for (const key of keys) {
    const value = secret.values.get(key);
    if (value) values.set(key, value.length <= maxValueBytes ? value : new Uint8Array());
  }
  const { allowedHosts, version } = secret;
  return {
    values,
    ...(hosts && allowedHosts && { allowedHosts }),
    ...(version !== undefined && { version }),
  };
}

/** About as many bytes as it takes in memory, without the part that each takes alike. */
export function sizeOf({ values, allowedHosts = [] }: StoredSecret): number {
  const hosts = allowedHosts.reduce((sum, host) => sum + host.length, 0);
  return [...values.values()].reduce((sum, value) => sum + value.length, hosts);
}
