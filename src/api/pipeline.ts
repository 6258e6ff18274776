import * as v from 'valibot';
import {
  CommitSettings,
  CommitTemplates,
  files,
  merge,
  PRESENTATION,
  PullRequestTemplates,
} from './change.ts';
import { Gates } from './gates.ts';
import {
  apiVersionName,
  CLUSTER_KINDS,
  environmentName,
  FORGE_TYPES,
  kindName,
  namespaceName,
  objectName,
  secretReference,
} from './names.ts';
import { branchOf, repositoryUrl, URL_RULES } from './repository.ts';
import { artifacts, RevisionSource } from './revision-source.ts';
import { rules, secretTextRules } from './rules.ts';
import type { PipelineStatus } from './status.ts';

export type { Gates, Weekday, Window } from './gates.ts';
export { FORGE_TYPES, type ForgeType } from './names.ts';
export * from './status.ts';

/**
 * The Pipeline resource, `pipelines.weave.works/v1alpha1`. One schema per shape with the type of the same
 * name beside it; the CustomResourceDefinition is generated from here, so `v.description` is what
 * `kubectl explain` prints, and `rules` is what the API server holds by CEL.
 */

export const LocalSecretRef = secretReference("Name of a Secret in the Pipeline's namespace.");
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
  apiVersion: v.optional(
    v.pipe(v.string(), v.maxLength(253), v.description('Ignored; kept for manifests that have it.')),
  ),
  kind: v.pipe(v.picklist(CLUSTER_KINDS), v.description('GitopsCluster, or Secret for a kubeconfig itself.')),
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

export const PullRequestStrategy = v.pipe(
  v.object({
    type: v.optional(
      v.pipe(
        v.picklist(FORGE_TYPES),
        v.description(
          `The kind of forge behind the URL: ${FORGE_TYPES.join(', ')}. Default: the one that the URL tells, such as gitlab for gitlab.example.com.`,
        ),
      ),
    ),
    url: repositoryUrl,
    baseBranch: v.optional(branchOf('Branch that pull requests go to. Default: main.'), 'main'),
    secretRef: v.pipe(
      LocalSecretRef,
      v.description(
        "Secret with the credentials: token for the forge's API, or a GitHub App by the keys that Flux has for it; username and password for Git over HTTPS (the token alone serves when they are missing); identity and known_hosts for Git over SSH; caFile for a private certificate authority; webhook-secret for the forge's webhook; signing-key and signing-passphrase for the commits.",
      ),
    ),
    files: v.optional(files),
    ...PRESENTATION,
    merge,
    templates: v.optional(PullRequestTemplates),
    commit: v.optional(CommitSettings),
  }),
  rules(...secretTextRules('url', URL_RULES)),
);
export type PullRequestStrategy = v.InferOutput<typeof PullRequestStrategy>;

export const PushStrategy = v.pipe(
  v.object({
    url: repositoryUrl,
    branch: v.optional(branchOf('Branch that is committed to. Default: main.'), 'main'),
    secretRef: v.pipe(
      LocalSecretRef,
      v.description(
        'Secret with the credentials: username and password, or token, for Git over HTTPS; identity and known_hosts for Git over SSH; caFile for a private certificate authority; signing-key and signing-passphrase for the commits.',
      ),
    ),
    files: v.optional(files),
    templates: v.optional(CommitTemplates),
    commit: v.optional(CommitSettings),
  }),
  rules(...secretTextRules('url', URL_RULES)),
);
export type PushStrategy = v.InferOutput<typeof PushStrategy>;

const STRATEGIES = ['pull-request', 'push', 'notification'] as const;
const NAMES = 'pull-request, push and notification';
export const NO_STRATEGY = `No strategy is named: write one of ${NAMES}.`;
export const SEVERAL_STRATEGIES = `Several strategies are named: keep one of ${NAMES}.`;
const COUNT = STRATEGIES.map((name) => `(has(self.${name.replace('-', '__dash__')}) ? 1 : 0)`).join(' + ');

export const Strategy = v.pipe(
  v.object({
    'pull-request': v.optional(
      v.pipe(PullRequestStrategy, v.description('Open a pull request that changes the marked version.')),
    ),
    push: v.optional(
      v.pipe(PushStrategy, v.description('Commit the changed version to a branch, without a pull request.')),
    ),
    notification: v.optional(
      v.pipe(
        v.object({}),
        v.description(
          "Raise the event Promote on the Pipeline, for Flux's notification-controller. Has no fields: {}.",
        ),
      ),
    ),
    secretRef: v.optional(
      v.pipe(
        LocalSecretRef,
        v.description(
          'Secret with the key hmac-key, which signs the events for this promotion, and approval-key, which signs its approvals: each at least 16 bytes and better 32. Without approval-key, hmac-key signs approvals too.',
        ),
      ),
    ),
  }),
  rules(
    {
      rule: `${COUNT} > 0`,
      message: NO_STRATEGY,
      schema: { oneOf: STRATEGIES.map((name) => ({ required: [name] })) },
    },
    { rule: `${COUNT} < 2`, message: SEVERAL_STRATEGIES },
  ),
);
export type Strategy = v.InferOutput<typeof Strategy>;

export const Promotion = v.object({
  manual: v.optional(
    v.pipe(v.boolean(), v.description('Wait for an approval before each promotion. Default: false.')),
  ),
  strategy: v.pipe(
    Strategy,
    v.description('How a promotion is done: exactly one of pull-request, push and notification.'),
  ),
  gates: v.optional(
    v.pipe(
      Gates,
      v.description('What a revision must pass before it is promoted; an approval comes on top of it.'),
    ),
  ),
});
export type Promotion = v.InferOutput<typeof Promotion>;

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
          message: 'A target is written twice: take one of them out.',
          schema: { uniqueItems: true },
        },
      ),
      v.description('Where the application runs in this environment: 1 to 50 targets, none of them twice.'),
    ),
    promotion: v.optional(
      v.pipe(
        Promotion,
        v.description("How the application gets into this environment. Default: the Pipeline's promotion."),
      ),
    ),
  }),
  v.description('A stage on the way of the application, such as dev or prod.'),
);
export type Environment = v.InferOutput<typeof Environment>;

export const REVISION_AND_ARTIFACTS =
  'Keep one of revision and artifacts: the artifacts are the revision then.';

export const PipelineSpec = v.pipe(
  v.object({
    appRef: v.pipe(AppRef, v.description('The application that travels through the environments.')),
    revision: v.optional(
      v.pipe(
        RevisionSource,
        v.description(
          'Where the application object says its revision. Default: what Flux calls its revision, such as the version of a chart.',
        ),
      ),
    ),
    artifacts: v.optional(artifacts),
    environments: v.pipe(
      v.array(Environment),
      v.minLength(1),
      v.maxLength(50),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      rules({
        rule: 'self.all(one, !has(one.name) || self.exists_one(other, has(other.name) && other.name == one.name))',
        message: 'Two environments have the same name: give each a name of its own.',
      }),
      v.description('The environments in the order of promotion, the first one first: 1 to 50.'),
    ),
    promotion: v.optional(
      v.pipe(
        Promotion,
        v.description(
          'How the application gets into each environment that has no promotion of its own; nothing leads into the first. Default: no promotion.',
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
  rules({
    rule: '!has(self.revision) || !has(self.artifacts)',
    message: REVISION_AND_ARTIFACTS,
    fieldPath: '.artifacts',
  }),
);
export type PipelineSpec = v.InferOutput<typeof PipelineSpec>;

/** What of an object's metadata is used here. */
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
