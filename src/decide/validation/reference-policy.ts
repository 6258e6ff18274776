import type { PipelineSpec, Target } from '../../api/pipeline.ts';
import { applicationKindProblem } from '../model/application-kind.ts';
import { environmentField, type FieldProblem } from './problem.ts';

/** The operator's policy for references, beside the kinds that may be applications. */
export interface ReferencePolicy {
  /** `--no-cross-namespace-refs`; absent: references to other namespaces are allowed. */
  readonly noCrossNamespaceRefs?: boolean;
}

/** The kind of the application, and the namespaces that targets and their clusters are in. */
export function referenceProblems(
  spec: PipelineSpec,
  policy: ReferencePolicy,
  namespace: string,
): FieldProblem[] {
  return [...kindProblems(spec), ...namespaceProblems(spec, policy, namespace)];
}

function kindProblems({ appRef }: PipelineSpec): FieldProblem[] {
  const message = applicationKindProblem(appRef);
  if (!message) return [];
  const place = { field: 'spec.appRef.apiVersion', scope: 'spec.appRef', value: appRef.apiVersion };
  return [{ rule: 'application-kind', ...place, message }];
}

function namespaceProblems(spec: PipelineSpec, policy: ReferencePolicy, own: string): FieldProblem[] {
  return spec.environments.flatMap(({ targets }, index) =>
    targets.flatMap((target, position): FieldProblem[] => {
      const refused = refusedReference(target, policy, own);
      if (!refused) return [];
      const field = `${environmentField(index)}.targets[${position}]${refused.below}`;
      return [{ rule: 'cross-namespace-ref', field, value: refused.namespace, message: refused.message }];
    }),
  );
}

export interface RefusedReference {
  /** Path below the target. */
  readonly below: string;
  readonly namespace: string;
  /** The sentence without the namespace. */
  readonly message: string;
}

/**
 * The reference of a target that `--no-cross-namespace-refs` rejects: to a namespace of this cluster, or to the cluster
 * that it is on. On another cluster it may name any namespace.
 */
export function refusedReference(
  { namespace, clusterRef }: Target,
  { noCrossNamespaceRefs }: ReferencePolicy,
  own: string,
): RefusedReference | undefined {
  if (!noCrossNamespaceRefs) return undefined;
  const [named, below, noun] = clusterRef
    ? [clusterRef.namespace ?? own, '.clusterRef.namespace', clusterRef.kind]
    : [namespace, '.namespace', 'target'];
  if (named === own) return undefined;
  const message = `References to other namespaces are not allowed here (--no-cross-namespace-refs): name a ${noun} in ${own}, the Pipeline's namespace.`;
  return { below, namespace: named, message };
}
