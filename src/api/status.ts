import * as v from 'valibot';
import { Condition } from './condition.ts';
import { Deployment, TargetStatus } from './deployment-status.ts';
import { AbandonedPullRequest, PullRequestRef } from './pull-request.ts';
import { message, revision, time } from './status-fields.ts';

/** A Pipeline's status: what Turnpike has seen and done. */

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

/** Reasons that a promotion is not carried out, in one word for programs. */
export const HOLDS = [
  'Suspended',
  'Soak',
  'Window',
  'Versions',
  'NewerTarget',
  'NothingNew',
  'PreviousEnvironment',
] as const;
export type HeldBy = (typeof HOLDS)[number];

export const MergedInto = v.object({
  url: v.pipe(v.string(), v.maxLength(2048), v.description('URL of the repository, as written in the spec.')),
  branch: v.pipe(v.string(), v.maxLength(512), v.description('The branch that it is in.')),
});
export type MergedInto = v.InferOutput<typeof MergedInto>;

export const Failure = v.object({
  message: message('The error, and what to do about it.'),
  since: time('When the error first occurred.'),
  retry: v.pipe(
    v.picklist(['never', 'backoff']),
    v.description('never: a person has to fix the cause; backoff: Turnpike tries again.'),
  ),
});
export type Failure = v.InferOutput<typeof Failure>;

const byVersion = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(32), v.description('revision, or the name of an artifact.'))),
  v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
  v.description(
    'Artifacts whose changed fields name no digest, or revision if there are no artifacts: they have arrived once their version runs, with any digest.',
  ),
);

/** Kept as long as that version runs: the environments after this one get the digest that was promoted. */
export const Arrived = v.object({
  revision: revision(
    'The revision that was promoted; another registry may have its version under another digest.',
  ),
  byVersion,
});
export type Arrived = v.InferOutput<typeof Arrived>;

export const PromotionStatus = v.object({
  revision: revision('The revision that is promoted into this environment.'),
  phase: v.pipe(
    v.picklist(PROMOTION_PHASES),
    v.description(`Phase of the promotion: ${PROMOTION_PHASES.join(', ')}.`),
  ),
  attempts: v.optional(
    v.pipe(v.number(), v.integer(), v.description('Number of attempts since it was recorded.')),
  ),
  nextAttemptAt: v.optional(time('Time of the next attempt; absent if none is due.')),
  mayBeOpen: v.optional(
    v.pipe(
      v.boolean(),
      v.description('An attempt at the previous revision may have opened a pull request that is not known.'),
    ),
  ),
  pullRequest: v.optional(v.pipe(PullRequestRef, v.description('The pull request of this promotion.'))),
  startedAt: v.optional(time('When it was recorded.')),
  updatedAt: v.optional(time('When its phase last changed.')),
  approvedBy: v.optional(v.pipe(v.string(), v.maxLength(512), v.description('Who approved it.'))),
  requestedBy: v.optional(
    v.pipe(v.string(), v.maxLength(512), v.description('Who requested it by hand; absent otherwise.')),
  ),
  heldBy: v.optional(
    v.pipe(v.picklist(HOLDS), v.description(`What holds it back for now: ${HOLDS.join(', ')}.`)),
  ),
  message: v.optional(message('What it waits for, or what went wrong, in a sentence.')),
  byVersion: v.optional(byVersion),
  writtenTag: v.optional(revision("Tag of a chart's artifact, as attempts write it.")),
  into: v.optional(
    v.pipe(MergedInto, v.description('Where it was merged or committed to; absent before that.')),
  ),
  failure: v.optional(
    v.pipe(Failure, v.description('The error of the last attempt; absent if it had none.')),
  ),
});
export type PromotionStatus = v.InferOutput<typeof PromotionStatus>;

/** An environment remembers no more of them: the newest ones. */
export const MAX_REJECTED = 50;

export const Rejection = v.pipe(
  v.object({
    revision: revision('The revision that is not promoted into the environment again automatically.'),
    at: time('When it was rejected.'),
    by: v.pipe(v.string(), v.maxLength(512), v.description('Who or what rejected it.')),
  }),
  v.description('A revision that a person rejected, when and how.'),
);
export type Rejection = v.InferOutput<typeof Rejection>;

export const EnvironmentStatus = v.pipe(
  v.object({
    waitingApproval: v.optional(
      v.pipe(
        v.object({ revision: revision('The revision that waits; empty if none does.') }),
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
    promotion: v.optional(
      v.pipe(PromotionStatus, v.description('The last promotion into this environment.')),
    ),
    arrived: v.optional(v.pipe(Arrived, v.description('The revision that arrived by its version alone.'))),
    rejected: v.optional(
      v.pipe(
        v.array(Rejection),
        v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
        v.description('Revisions that were rejected for this environment, newest first: 50 at most.'),
      ),
    ),
  }),
  v.description('State of one environment.'),
);
export type EnvironmentStatus = v.InferOutput<typeof EnvironmentStatus>;

export const EXECUTION_OUTCOMES = [
  'InProgress',
  'Succeeded',
  'Failed',
  'RolledBack',
  'Rejected',
  'Superseded',
] as const;
export type ExecutionOutcome = (typeof EXECUTION_OUTCOMES)[number];

export const ExecutionEntry = v.pipe(
  v.object({
    promotedAt: v.optional(
      time(
        'When its promotion into the environment was carried out: pull request opened, or notification sent.',
      ),
    ),
    mergedAt: v.optional(time('When its change for the environment was merged, or committed to the branch.')),
    mergedInto: v.optional(v.pipe(MergedInto, v.description('Where it was merged.'))),
    deployedAt: v.optional(time('When it was last deployed there.')),
    wholeAt: v.optional(
      time('When all targets first had it, if the next environment needs any one of them.'),
    ),
    failedAt: v.optional(time('When it failed there; absent once it is healthy again.')),
    rolledBackAt: v.optional(time('When the environment was rolled back from it to an earlier revision.')),
  }),
  v.description('The revision in one environment.'),
);
export type ExecutionEntry = v.InferOutput<typeof ExecutionEntry>;

export const Execution = v.pipe(
  v.object({
    revision: revision('The revision that is promoted.'),
    tag: v.optional(revision("Tag of the chart's artifact in its registry, if known.")),
    startedAt: time('When it was first deployed, or requested.'),
    outcome: v.pipe(
      v.picklist(EXECUTION_OUTCOMES),
      v.description(`Outcome of the execution: ${EXECUTION_OUTCOMES.join(', ')}.`),
    ),
    environments: v.pipe(
      v.record(v.string(), ExecutionEntry),
      v.description('Its progress in each environment, by name.'),
    ),
  }),
  v.description('Progress of one revision through the environments.'),
);
export type Execution = v.InferOutput<typeof Execution>;

/** No Pipeline remembers more executions. */
export const MAX_EXECUTIONS = 10;

export const PipelineStatus = v.object({
  observedGeneration: v.optional(
    v.pipe(v.number(), v.integer(), v.description('The generation of the spec that was last reconciled.')),
  ),
  conditions: v.optional(
    v.pipe(
      v.array(Condition),
      v.metadata({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
      v.description('Conditions of the Pipeline: Ready always, others while they are True.'),
    ),
  ),
  summary: v.optional(
    v.pipe(v.string(), v.maxLength(2048), v.description('All environments in one line, for kubectl get.')),
  ),
  revisionsFrom: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(8192),
      v.description(
        'Where the revisions of this status were read in the application object: the paths of spec.revision or spec.artifacts. Absent: what Flux reports as its revision.',
      ),
    ),
  ),
  lastHandledReconcileAt: v.optional(
    v.pipe(v.string(), v.description('The last value of the annotation reconcile.fluxcd.io/requestedAt.')),
  ),
  environments: v.optional(
    v.pipe(
      v.record(v.string(), EnvironmentStatus),
      v.metadata({ 'x-kubernetes-map-type': 'atomic' }),
      v.description('State by the name of the environment.'),
    ),
  ),
  executions: v.optional(
    v.pipe(
      v.array(Execution),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description('The last executions, newest first: 10 at most, fewer if they are long.'),
    ),
  ),
  abandoned: v.optional(
    v.pipe(
      v.array(AbandonedPullRequest),
      v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
      v.description(
        'Pull requests that no longer belong to a promotion, and are to be closed: those of a removed environment, or of a repository that was replaced.',
      ),
    ),
  ),
});
export type PipelineStatus = v.InferOutput<typeof PipelineStatus>;
