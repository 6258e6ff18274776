import type { ClusterRef, Target } from '../../api/pipeline.ts';

/** Equal for two targets that stand for the same application object. */
export function targetKey(target: Target, namespace: string): string {
  const { clusterRef } = target;
  return clusterRef ? `${target.namespace}/${clusterKey(clusterRef, namespace)}` : target.namespace;
}

/** `kind/namespace/name`; a cluster without a namespace is in the Pipeline's. */
export function clusterKey(ref: ClusterRef, namespace: string): string {
  return `${ref.kind}/${ref.namespace ?? namespace}/${ref.name}`;
}
