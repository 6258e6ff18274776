import * as v from 'valibot';
import {
  apiVersionName,
  CLUSTER_KINDS,
  environmentName,
  kindName,
  namespaceName,
  objectName,
} from './names.ts';
import { GATES_OF_FIRST, NOTHING_BELOW, ON_TOP_FIELDS, ON_TOP_RULES, Promotion } from './promotion.ts';
import { artifacts, RevisionSource } from './revision-source.ts';
import { rules } from './rules.ts';
import type { PipelineStatus } from './status.ts';

export type { Approvals } from './approvals.ts';
export type { Deployment, DeploymentPhase, TargetStatus } from './deployment-status.ts';
export type { Gates, Weekday, Window } from './gates.ts';
export {
  GATES_OF_FIRST,
  NOT_MANUAL,
  NOTHING_BELOW,
  ON_TOP,
  PROMOTION_AND_GATES,
  type Promotion,
} from './promotion.ts';
export {
  type AbandonedPullRequest,
  type CheckState,
  MAX_ABANDONED,
  type PullRequestRef,
  type PullRequestRepository,
} from './pull-request.ts';
export {
  type Arrived,
  EnvironmentStatus,
  type Execution,
  ExecutionEntry,
  type ExecutionOutcome,
  type Failure,
  type HeldBy,
  MAX_EXECUTIONS,
  MAX_REJECTED,
  type MergedInto,
  PipelineStatus,
  PROMOTION_PHASES,
  type PromotionPhase,
  type PromotionStatus,
  type Rejection,
} from './status.ts';
export {
  NO_STRATEGY,
  type PullRequestStrategy,
  type PushStrategy,
  SEVERAL_STRATEGIES,
  type Strategy,
} from './strategy.ts';

/**
 * The Pipeline resource, `pipelines.weave.works/v1alpha1`. One schema per shape with the type of the same
 * name beside it; the CustomResourceDefinition is generated from here, so `v.description` is what
 * `kubectl explain` prints, and `rules` is what the API server holds by CEL.
 */

export const AppRef = v.object({
  apiVersion: apiVersionName(
    'API group and version of the application object, such as helm.toolkit.fluxcd.io/v2. Events match by group; the version does not matter.',
  ),
  kind: kindName('Kind of the application object, such as HelmRelease or Kustomization.'),
  name: objectName("Name of the application object; it is looked up in each target's namespace."),
});
export type AppRef = v.InferOutput<typeof AppRef>;

export const ClusterRef = v.object({
  apiVersion: v.optional(
    v.pipe(v.string(), v.maxLength(253), v.description('Ignored; accepted for compatibility.')),
  ),
  kind: v.pipe(v.picklist(CLUSTER_KINDS), v.description('GitopsCluster, or Secret for a kubeconfig.')),
  name: objectName('Name of the GitopsCluster or Secret.'),
  namespace: v.optional(namespaceName("Namespace of the GitopsCluster or Secret. Default: the Pipeline's.")),
});
export type ClusterRef = v.InferOutput<typeof ClusterRef>;

export const Target = v.pipe(
  v.object({
    namespace: namespaceName('Namespace of the application object on its cluster.'),
    clusterRef: v.optional(
      v.pipe(
        ClusterRef,
        v.description('Cluster of this target. Default: the cluster that Turnpike runs in.'),
      ),
    ),
  }),
  v.description('A namespace, on this cluster or another one.'),
);
export type Target = v.InferOutput<typeof Target>;

export const Environment = v.pipe(
  v.object({
    name: environmentName(
      'Name of the environment, unique in the Pipeline; part of the path of its webhook and of the branch of its pull requests.',
    ),
    targets: v.pipe(
      v.array(Target),
      v.maxLength(50),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      rules(
        {
          rule: 'self.size() > 0',
          message: 'Write at least one target: the namespace where the application runs in this environment.',
          schema: { minItems: 1 },
        },
        {
          rule: 'self.all(target, self.exists_one(other, other == target))',
          message: 'A target is written twice: remove one of them.',
          schema: { uniqueItems: true },
        },
      ),
      v.description('Where the application runs in this environment: 1 to 50 targets, each of them once.'),
    ),
    promotion: v.optional(
      v.pipe(
        Promotion,
        v.description("How the application gets into this environment. Default: the Pipeline's promotion."),
      ),
    ),
    ...ON_TOP_FIELDS,
  }),
  rules(...ON_TOP_RULES),
  v.description('An environment of the application, such as dev or prod.'),
);
export type Environment = v.InferOutput<typeof Environment>;

export const REVISION_AND_ARTIFACTS =
  'Keep one of revision and artifacts: with artifacts, the revision consists of them.';

export const PipelineSpec = v.pipe(
  v.object({
    appRef: v.pipe(AppRef, v.description('The application that is promoted.')),
    revision: v.optional(
      v.pipe(
        RevisionSource,
        v.description(
          'Where the application object has its revision. Default: what Flux reports as its revision, such as the version of a chart.',
        ),
      ),
    ),
    artifacts: v.optional(artifacts),
    environments: v.pipe(
      v.array(Environment),
      v.minLength(1),
      v.maxLength(50),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      rules(
        {
          rule: 'self.all(one, !has(one.name) || self.exists_one(other, has(other.name) && other.name == one.name))',
          message: 'Two environments have the same name: give each a name of its own.',
        },
        {
          rule: 'self.size() == 0 || !(has(self[0].gates) || has(self[0].manual) || has(self[0].approvals))',
          message: GATES_OF_FIRST,
        },
      ),
      v.description('The environments in the order of promotion: 1 to 50.'),
    ),
    promotion: v.optional(
      v.pipe(
        Promotion,
        v.description(
          'How the application gets into each environment that has no promotion of its own; nothing is promoted into the first one. Default: no promotion.',
        ),
      ),
    ),
    suspend: v.optional(
      v.pipe(
        v.boolean(),
        v.description('Hold all promotions; deployments are still recorded. Default: false.'),
      ),
    ),
  }),
  rules(
    {
      rule: '!has(self.revision) || !has(self.artifacts)',
      message: REVISION_AND_ARTIFACTS,
      fieldPath: '.artifacts',
    },
    {
      rule: 'has(self.promotion) || !has(self.environments) || !self.environments.exists(one, has(one.gates) || has(one.manual) || has(one.approvals))',
      message: NOTHING_BELOW,
      fieldPath: '.promotion',
    },
  ),
);
export type PipelineSpec = v.InferOutput<typeof PipelineSpec>;

/** The part of an object's metadata that is used here. */
export const ObjectMeta = v.object({
  name: v.string(),
  namespace: v.string(),
  uid: v.optional(v.string(), ''),
  generation: v.optional(v.number(), 0),
  resourceVersion: v.optional(v.string(), ''),
  deletionTimestamp: v.optional(v.string()),
  labels: v.optional(v.record(v.string(), v.string())),
  annotations: v.optional(v.record(v.string(), v.string())),
});
export type ObjectMeta = v.InferOutput<typeof ObjectMeta>;

/** A Pipeline whose spec holds to the schema. */
export interface Pipeline {
  readonly metadata: ObjectMeta;
  readonly spec: PipelineSpec;
  readonly status: PipelineStatus;
}

/** A Pipeline as the cluster has it; one that got in before the webhook existed may not hold to the schema. */
export interface StoredPipeline {
  readonly metadata: ObjectMeta;
  readonly spec:
    | { readonly ok: true; readonly value: PipelineSpec }
    | { readonly ok: false; readonly problems: readonly string[] };
  readonly status: PipelineStatus;
}

/** `namespace/name` of a Pipeline: the key of queues, caches and logs. */
export type PipelineKey = string & { readonly __brand: 'PipelineKey' };

export function pipelineKey(namespace: string, name: string): PipelineKey {
  return `${namespace}/${name}` as PipelineKey;
}

/** The namespace and the name that a key is made of. */
export function keyNames(key: PipelineKey): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
