import { createHash } from 'node:crypto';
import type { LabelSelector } from '../../lib/kube/pure.ts';

/** The Pipelines that one leader acts on. */
export interface Shard {
  /** Empty: all. */
  readonly namespace: string;
  readonly selector: LabelSelector;
}

const LEASE = 'turnpike-leader';
const DIGITS = 8;

/**
 * The name of the Lease that the replicas of a shard share: two shards of one namespace never have the same.
 * docs/sharding.md tells people how to compute it.
 */
export function leaseName({ namespace, selector }: Shard): string {
  if (namespace === '' && selector.text === '') return LEASE;
  const text = `namespace=${namespace}\nselector=${selector.text}`;
  return `${LEASE}-${createHash('sha256').update(text).digest('hex').slice(0, DIGITS)}`;
}
