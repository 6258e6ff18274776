import { allowsNamespace, noGitopsCluster } from '../../decide/validation.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { ClusterAddress, FoundCluster } from './source.ts';

/** The namespaces whose Pipelines may use a cluster, as of the last look at it. */
export interface ClusterUsers {
  /** Takes in the cluster that was found, undefined where it does not exist. Returns whether anything has changed. */
  learn(found: FoundCluster | undefined): boolean;
  /** The error for Pipelines of a namespace that may not use it: the same as where it does not exist. */
  refusal(namespace: string): TurnpikeError | undefined;
}

/** The annotation of a GitopsCluster that does not exist: no other namespace may use it. */
const NOBODY = '';

export function createClusterUsers({ kind, namespace, name }: ClusterAddress): ClusterUsers {
  let known: { readonly allowed: string | undefined } | undefined;

  return {
    learn(found) {
      const before = known;
      known = { allowed: found ? found.allowedNamespaces : NOBODY };
      return before !== undefined && before.allowed !== known.allowed;
    },
    refusal(user) {
      if (kind !== 'GitopsCluster' || !known) return undefined;
      if (allowsNamespace(known.allowed, { own: namespace, user })) return undefined;
      const message = noGitopsCluster({ namespace, name }, user);
      return new TurnpikeError('ConfigInvalid', message);
    },
  };
}
