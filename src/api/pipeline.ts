import * as v from 'valibot';
import { Condition } from './condition.ts';
import { apiVersionName, environmentName, kindName, namespaceName, objectName } from './names.ts';

/**
 * The Pipeline resource, `pipelines.weave.works/v1alpha1`. One schema per shape with the type of the same
 * name beside it; the CustomResourceDefinition is generated from here, so `v.description` is what
 * `kubectl explain` prints.
 */

const time = (description: string) =>
  v.pipe(v.string(), v.metadata({ format: 'date-time' }), v.description(description));

export const LocalSecretRef = v.object({
  name: objectName("Name of a Secret in the Pipeline's namespace."),
});
export type LocalSecretRef = v.InferOutput<typeof LocalSecretRef>;

export const AppRef = v.object({
  apiVersion: apiVersionName(
    'API group and version of the application object, such as helm.toolkit.fluxcd.io/v2. Events match by group; the version does not matter.',
  ),
  kind: kindName('Kind of the application object, such as HelmRelease or Kustomization.'),
  name: objectName("Name of the application object; it is looked up in each target's namespace."),
});
export type AppRef = v.InferOutput<typeof AppRef>;

export const ClusterRef = v.object({
  apiVersion: v.optional(v.pipe(v.string(), v.maxLength(253), v.description('Ignored.'))),
  kind: v.pipe(
    v.picklist(['GitopsCluster', 'Secret']),
    v.description('GitopsCluster, or Secret for a kubeconfig itself.'),
  ),
  name: objectName('Name of the GitopsCluster or Secret.'),
  namespace: v.optional(namespaceName("Its namespace. Default: the Pipeline's.")),
});
export type ClusterRef = v.InferOutput<typeof ClusterRef>;

export const Target = v.object({
  namespace: namespaceName('Namespace of the application object on its cluster.'),
  clusterRef: v.optional(
    v.pipe(ClusterRef, v.description('Cluster of this target. Default: the cluster that Turnpike runs in.')),
  ),
});
export type Target = v.InferOutput<typeof Target>;

export const FORGE_TYPES = ['github', 'gitlab', 'bitbucket-server', 'gitea', 'azure-devops'] as const;
export type ForgeType = (typeof FORGE_TYPES)[number];

export const PullRequestStrategy = v.object({
  type: v.pipe(v.picklist(FORGE_TYPES), v.description('The kind of forge behind the URL.')),
  url: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(2048),
    v.description('HTTPS URL of the Git repository, without user or password in it.'),
  ),
  baseBranch: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(244),
    v.description('Branch that pull requests go to.'),
  ),
  secretRef: v.pipe(
    LocalSecretRef,
    v.description(
      "Secret with the credentials: token for the forge's API; username and password for Git over HTTPS (the token alone serves when they are missing); caFile for a private certificate authority.",
    ),
  ),
});
export type PullRequestStrategy = v.InferOutput<typeof PullRequestStrategy>;

export const Strategy = v.object({
  'pull-request': v.optional(
    v.pipe(PullRequestStrategy, v.description('Open a pull request that changes the marked version.')),
  ),
  notification: v.optional(
    v.pipe(
      v.object({}),
      v.description("Raise the event Promote on the Pipeline, for Flux's notification-controller."),
    ),
  ),
  secretRef: v.optional(
    v.pipe(
      LocalSecretRef,
      v.description('Secret with the key hmac-key, which signs the events and approvals for this promotion.'),
    ),
  ),
});
export type Strategy = v.InferOutput<typeof Strategy>;

export const Promotion = v.object({
  manual: v.optional(
    v.pipe(v.boolean(), v.description('Wait for an approval before each promotion. Default: false.')),
  ),
  strategy: v.pipe(Strategy, v.description('How a promotion is done: exactly one of the strategies.')),
});
export type Promotion = v.InferOutput<typeof Promotion>;

export const Environment = v.object({
  name: environmentName('Name of the environment, unique in the Pipeline.'),
  targets: v.pipe(
    v.array(Target),
    v.maxLength(50),
    v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
    v.description('Where the application runs in this environment; at least one.'),
  ),
  promotion: v.optional(
    v.pipe(
      Promotion,
      v.description("How the application gets into this environment. Default: the Pipeline's promotion."),
    ),
  ),
});
export type Environment = v.InferOutput<typeof Environment>;

export const PipelineSpec = v.object({
  appRef: v.pipe(AppRef, v.description('The application that travels through the environments.')),
  environments: v.pipe(
    v.array(Environment),
    v.minLength(1),
    v.maxLength(50),
    v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
    v.description('The environments in the order of promotion, the first one first.'),
  ),
  promotion: v.optional(
    v.pipe(Promotion, v.description('How the application gets into the next environment.')),
  ),
  suspend: v.optional(
    v.pipe(
      v.boolean(),
      v.description('Hold all promotions; deployments are still recorded. Default: false.'),
    ),
  ),
});
export type PipelineSpec = v.InferOutput<typeof PipelineSpec>;

const revision = (description: string) => v.pipe(v.string(), v.maxLength(512), v.description(description));
const message = (description: string) => v.pipe(v.string(), v.maxLength(2048), v.description(description));

export const TargetStatus = v.object({
  clusterAppRef: v.pipe(
    v.object({
      apiVersion: v.pipe(v.string(), v.description('API group and version of the application object.')),
      kind: v.pipe(v.string(), v.description('Kind of the application object.')),
      name: v.pipe(v.string(), v.description('Name of the application object.')),
      clusterRef: v.optional(
        v.pipe(ClusterRef, v.description('Its cluster; absent for the one that Turnpike runs in.')),
      ),
    }),
    v.description('The application object and its cluster.'),
  ),
  namespace: v.optional(v.pipe(v.string(), v.description("The target's namespace on its cluster."))),
  ready: v.pipe(v.boolean(), v.description('Whether the application is ready at the revision.')),
  revision: v.optional(revision('The revision that the target runs.')),
  error: v.optional(message('Why the target is not ready, or cannot be read.')),
  observedAt: v.optional(time('When the last event of this target was sent.')),
});
export type TargetStatus = v.InferOutput<typeof TargetStatus>;

export const DEPLOYMENT_PHASES = ['Succeeded', 'Failed', 'Progressing', 'RolledBack', 'Uninstalled'] as const;
export type DeploymentPhase = (typeof DEPLOYMENT_PHASES)[number];

export const Deployment = v.object({
  revision: revision('The revision of the last deployment that was seen.'),
  phase: v.pipe(v.picklist(DEPLOYMENT_PHASES), v.description('What became of it.')),
  message: v.optional(message("Flux's own words.")),
  observedAt: time("When it happened, by the event's timestamp or the application's status."),
  source: v.pipe(v.picklist(['webhook', 'watch']), v.description('How it was learnt.')),
});
export type Deployment = v.InferOutput<typeof Deployment>;

export const PROMOTION_PHASES = [
  'Pending',
  'WaitingApproval',
  'Promoting',
  'PullRequestOpen',
  'Merged',
  'Succeeded',
  'Failed',
  'Rejected',
  'Superseded',
] as const;
export type PromotionPhase = (typeof PROMOTION_PHASES)[number];

export const PullRequestRef = v.object({
  url: v.pipe(v.string(), v.maxLength(2048), v.description('Its page.')),
  number: v.pipe(v.number(), v.integer(), v.description('Its number.')),
});
export type PullRequestRef = v.InferOutput<typeof PullRequestRef>;

export const PromotionStatus = v.object({
  revision: revision('The revision that is brought into this environment.'),
  phase: v.pipe(v.picklist(PROMOTION_PHASES), v.description('How far it is.')),
  attempts: v.optional(
    v.pipe(v.number(), v.integer(), v.description('How many times it was tried since it was last changed.')),
  ),
  nextAttemptAt: v.optional(time('When it is tried next.')),
  pullRequest: v.optional(v.pipe(PullRequestRef, v.description('Its pull request.'))),
  startedAt: v.optional(time('When it was recorded.')),
  updatedAt: v.optional(time('When its phase changed last.')),
  approvedBy: v.optional(v.pipe(v.string(), v.maxLength(512), v.description('Who approved it.'))),
  message: v.optional(message('What it waits for, in a sentence.')),
});
export type PromotionStatus = v.InferOutput<typeof PromotionStatus>;

export const EnvironmentStatus = v.object({
  waitingApproval: v.optional(
    v.pipe(
      v.object({ revision: revision('The revision that waits; empty when none does.') }),
      v.description('What waits for an approval.'),
    ),
  ),
  targets: v.optional(
    v.pipe(
      v.array(TargetStatus),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description('The state of each target, in the order of the spec.'),
    ),
  ),
  deployment: v.optional(
    v.pipe(Deployment, v.description('The last deployment to this environment that was seen.')),
  ),
  promotion: v.optional(v.pipe(PromotionStatus, v.description('The last promotion into this environment.'))),
});
export type EnvironmentStatus = v.InferOutput<typeof EnvironmentStatus>;

export const PipelineStatus = v.object({
  observedGeneration: v.optional(
    v.pipe(v.number(), v.integer(), v.description('The generation of the spec that was acted on.')),
  ),
  conditions: v.optional(
    v.pipe(
      v.array(Condition),
      v.metadata({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
      v.description('Ready, and what stands in its way.'),
    ),
  ),
  summary: v.optional(
    v.pipe(v.string(), v.maxLength(2048), v.description('All environments in one line, for kubectl get.')),
  ),
  lastHandledReconcileAt: v.optional(
    v.pipe(v.string(), v.description('The last value of the annotation reconcile.fluxcd.io/requestedAt.')),
  ),
  environments: v.optional(
    v.pipe(v.record(v.string(), EnvironmentStatus), v.description('State by the name of the environment.')),
  ),
});
export type PipelineStatus = v.InferOutput<typeof PipelineStatus>;

/** What of an object's metadata is used here. */
export const ObjectMeta = v.object({
  name: v.string(),
  namespace: v.string(),
  uid: v.optional(v.string(), ''),
  generation: v.optional(v.number(), 0),
  resourceVersion: v.optional(v.string(), ''),
  deletionTimestamp: v.optional(v.string()),
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
