import * as v from 'valibot';
import { CLUSTER_KINDS } from './names.ts';
import { message, revision, time } from './status-fields.ts';

/** The part of a Pipeline's status that says what runs in an environment. */

/** Without rules: what is in the status was in the spec before, and older objects must still take one. */
const ClusterRefStatus = v.pipe(
  v.object({
    apiVersion: v.optional(v.pipe(v.string(), v.description('Ignored.'))),
    kind: v.pipe(v.picklist(CLUSTER_KINDS), v.description('GitopsCluster or Secret.')),
    name: v.pipe(v.string(), v.description('Name of the GitopsCluster or Secret.')),
    namespace: v.optional(
      v.pipe(v.string(), v.description("Namespace of the GitopsCluster or Secret. Default: the Pipeline's.")),
    ),
  }),
  v.description('Cluster of the application object; absent for the one that Turnpike runs in.'),
);

const identity = {
  fullRevision: v.optional(
    revision(
      'The revision as it is compared and promoted, if Flux reports the digest separately. Default: revision.',
    ),
  ),
};

export const SEEN = ['now', 'before', 'gone'] as const;

export const TargetStatus = v.pipe(
  v.object({
    clusterAppRef: v.pipe(
      v.object({
        apiVersion: v.pipe(v.string(), v.description('API group and version of the application object.')),
        kind: v.pipe(v.string(), v.description('Kind of the application object.')),
        name: v.pipe(v.string(), v.description('Name of the application object.')),
        clusterRef: v.optional(ClusterRefStatus),
      }),
      v.description('The application object and its cluster.'),
    ),
    namespace: v.optional(
      v.pipe(v.string(), v.description('Namespace of the application object on its cluster.')),
    ),
    ready: v.pipe(v.boolean(), v.description('Whether the application is ready at the revision.')),
    revision: v.optional(
      revision('The revision that the target runs, as Flux reports it; empty if it runs none.'),
    ),
    ...identity,
    tag: v.optional(revision("Tag of a chart's artifact in its registry, if known.")),
    error: v.optional(
      message('Why the target is not ready, or cannot be read; for a suspended one, what does not run yet.'),
    ),
    deployedAt: v.optional(time('When its revision was deployed, as the application object reports it.')),
    observedAt: v.optional(time('When the last event of this target was sent.')),
    seen: v.optional(
      v.pipe(
        v.picklist(SEEN),
        v.description(
          'Whether the application object itself was seen: now, at the last reconciliation; before, at an earlier one, but it cannot be read now; gone, at an earlier one, but it no longer exists. Absent: never, and signed events decide.',
        ),
      ),
    ),
  }),
  v.description('The application in one namespace of one cluster.'),
);
export type TargetStatus = v.InferOutput<typeof TargetStatus>;

export const DEPLOYMENT_PHASES = ['Succeeded', 'Failed', 'Progressing', 'RolledBack', 'Uninstalled'] as const;
export type DeploymentPhase = (typeof DEPLOYMENT_PHASES)[number];

export const Deployment = v.object({
  revision: revision('The revision of the last deployment that was seen, as Flux reports it.'),
  ...identity,
  phase: v.pipe(
    v.picklist(DEPLOYMENT_PHASES),
    v.description(`Phase of the deployment: ${DEPLOYMENT_PHASES.join(', ')}.`),
  ),
  message: v.optional(message('Message of Flux about it.')),
  startedAt: v.optional(time('When this deployment began, as far as known.')),
  observedAt: time("When it happened, by the event's timestamp or the application's status."),
  source: v.pipe(
    v.picklist(['webhook', 'watch']),
    v.description('Source of this record: webhook, an event; watch, the application object.'),
  ),
});
export type Deployment = v.InferOutput<typeof Deployment>;
