import { allowsNamespace, noGitopsCluster } from '../../decide/validation.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { ClusterAddress, FoundCluster } from './source.ts';

/** Whose Pipelines may use a cluster, as far as it was looked at. */
export interface ClusterUsers {
  /** Undefined: it is not there. Returns whether anything has changed. */
  learn(found: FoundCluster | undefined): boolean;
  /** The error for Pipelines of a namespace that may not use it: the same as where it is not there. */
  refusal(namespace: string): TurnpikeError | undefined;
}

/** The annotation of a GitopsCluster that is not there: nobody of another namespace may use it. */
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
