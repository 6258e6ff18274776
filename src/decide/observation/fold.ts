import type {
  EnvironmentStatus,
  Pipeline,
  PipelineSpec,
  PipelineStatus,
  PromotionStatus,
  Target,
  TargetStatus,
} from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { cut } from '../../lib/text/index.ts';
import { originOf } from '../model/artifacts.ts';
import { isUnfinished } from '../model/phase.ts';
import { rejectionOf, withOwnRejection } from '../model/rejections.ts';
import { isSame, type Recorded, revisionOf } from '../model/revision.ts';
import { isApplication } from '../model/route.ts';
import {
  environmentStatus,
  openPullRequest,
  readyRevision,
  withArrived,
  withoutNoToWhatRuns,
} from '../model/state.ts';
import { withAbandoned } from '../promotion/abandon.ts';
import { transition } from '../promotion/step.ts';
import { foldExecutions } from '../report/executions.ts';
import type { Observation } from './application.ts';
import { foldDeployment } from './fold-deployment.ts';

/** Folds the observations of the applications into the status. The cluster is the truth, events are hints. */

/** Observations by environment, in the order of its targets. */
export type Observations = Readonly<Record<string, readonly Observation[]>>;

export function foldObservations(pipeline: Pipeline, seen: Observations, now: Date): PipelineStatus {
  const known = withKnownRejections(ofThisApplication(pipeline, now));
  const status = withAbandoned({ ...pipeline, status: known }, now);
  const environments: Record<string, EnvironmentStatus> = {};
  for (const environment of pipeline.spec.environments) {
    const old = environmentStatus(status, environment.name);
    const identities = environment.targets.map((target) => targetIdentity(pipeline.spec, target));
    const before = identities.map((identity) => findTarget(old, identity));
    const observations = (seen[environment.name] ?? []).map((one, index) => asRecorded(before[index], one));
    const targets = identities.map((identity, index) => {
      return foldTarget(identity, before[index], observations[index], now);
    });
    const state = withoutNoToWhatRuns(withArrived({ ...old, targets }));
    const deployment = foldDeployment({ ...state, wasWhole: readyRevision(old) }, observations, now);
    environments[environment.name] = deployment ? { ...state, deployment } : state;
  }
  return foldExecutions({ ...pipeline, status: { ...status, environments } }, now);
}

/** An earlier version recorded a rejection in the promotion alone. */
function withKnownRejections(status: PipelineStatus): PipelineStatus {
  const isUnknown = ({ promotion, rejected }: EnvironmentStatus) =>
    promotion?.phase === 'Rejected' && !rejectionOf({ rejected }, promotion.revision);
  const entries = Object.entries(status.environments ?? {});
  if (!entries.some(([, state]) => isUnknown(state))) return status;
  const known = entries.map(([name, state]) => [name, isUnknown(state) ? withOwnRejection(state) : state]);
  return { ...status, environments: Object.fromEntries(known) };
}

/** Starts over for another application, or other revisions of it: the records before do not apply to them. */
export function ofThisApplication({ spec, status }: Pipeline, now: Date): PipelineStatus {
  const origin = originOf(spec);
  const isElsewhere = status.revisionsFrom !== origin;
  const isOther = ({ targets = [] }: EnvironmentStatus) =>
    isElsewhere ||
    (targets.length > 0 && !targets.some((target) => isApplication(spec.appRef, target.clusterAppRef)));
  const entries = Object.entries(status.environments ?? {});
  if (!isElsewhere && !entries.some(([, state]) => isOther(state))) return status;
  const { executions: _, revisionsFrom: __, ...rest } = status;
  const message = isElsewhere
    ? `Its revision is read elsewhere now: ${origin ?? 'where Flux has it'}.`
    : `The application is ${spec.appRef.kind} ${spec.appRef.name} now.`;
  const anew = entries.map(([name, state]) => [name, isOther(state) ? ended(state, message, now) : state]);
  return {
    ...rest,
    ...defined({
      revisionsFrom: origin,
      environments: status.environments && Object.fromEntries(anew),
    }),
  };
}

/** The next revision inherits an open pull request. */
function ended(
  { promotion, waitingApproval }: EnvironmentStatus,
  message: string,
  now: Date,
): EnvironmentStatus {
  const waiting = waitingApproval && { waitingApproval: { revision: '' } };
  if (!promotion) return { ...waiting };
  if (!isUnfinished(promotion)) return { ...waiting, ...(openPullRequest(promotion) && { promotion }) };
  const over = transition(promotion, { by: 'otherApplication', message }, now);
  return { ...waiting, promotion: withoutBrought(over) };
}

/** Forgets the revision: a person who closed its pull request did not reject the present application. */
function withoutBrought({ pullRequest, ...promotion }: PromotionStatus): PromotionStatus {
  if (!pullRequest) return promotion;
  const { revision: _, ...rest } = pullRequest;
  return { ...promotion, pullRequest: rest };
}

/** The fields that identify a target's object. */
export type TargetIdentity = Pick<TargetStatus, 'clusterAppRef' | 'namespace'>;

export function targetIdentity(spec: PipelineSpec, target: Target): TargetIdentity {
  const { apiVersion, kind, name } = spec.appRef;
  const clusterRef = target.clusterRef && { clusterRef: target.clusterRef };
  return { clusterAppRef: { apiVersion, kind, name, ...clusterRef }, namespace: target.namespace };
}

/** Finds the record of this very target; targets may have been reordered or renamed in the spec since. */
export function findTarget(state: EnvironmentStatus, identity: TargetIdentity): TargetStatus | undefined {
  const wanted = identityKey(identity);
  return state.targets?.find((target) => identityKey(target) === wanted);
}

function identityKey({ clusterAppRef: app, namespace }: TargetIdentity): string {
  const cluster = app.clusterRef;
  const where = [cluster?.kind, cluster?.namespace, cluster?.name, namespace];
  return JSON.stringify([groupOf(app.apiVersion), app.kind, app.name, ...where]);
}

/** Adds from the record the details of the running revision that an application does not report. */
function asRecorded(before: TargetStatus | undefined, seen: Observation): Observation {
  if (seen.kind !== 'application' || !seen.keeps) return seen;
  const { keeps, deploying, ...rest } = seen;
  const isSameThere = before?.revision !== undefined && isSame(revisionOf(before), revisionOf(keeps));
  const isSteady = keeps.as === 'reconciling' && isSameThere;
  return {
    ...rest,
    ...runningOf(before ?? {}),
    ...(isSteady ? { steady: true } : deploying && { deploying }),
  };
}

/** Folds the observation of an application into its target's status. */
export function foldTarget(
  identity: TargetIdentity,
  before: TargetStatus | undefined,
  looked: Observation | undefined,
  now: Date,
): TargetStatus {
  const seen = looked && asRecorded(before, looked);
  const isBack = before?.seen === 'gone' && seen?.kind === 'application';
  const observedAt = before?.observedAt !== undefined && !isBack && { observedAt: before.observedAt };
  if (seen?.kind === 'application') {
    const ready = seen.ready || isSteady(before, seen);
    return {
      ...identity,
      ready,
      ...runningOf(seen),
      ...tagOf(before, seen),
      ...errorOf(seen, ready),
      ...deployedSince(before, seen),
      ...observedAt,
      seen: 'now',
    };
  }
  const error = cut(seen?.error ?? 'It was not looked at.');
  const wasSeen = before?.seen !== undefined;
  if (seen?.kind === 'absent' && wasSeen) {
    return { ...identity, ready: false, error, observedAt: goneSince(before, now), seen: 'gone' };
  }
  const believed = before?.observedAt ? before : undefined;
  // An application that cannot be read is still there: without its last revision an older one could be promoted.
  const known = seen?.kind === 'absent' ? believed : before;
  return {
    ...identity,
    ready: believed?.ready ?? false,
    ...runningOf(known ?? {}),
    error,
    ...defined({ deployedAt: before?.deployedAt }),
    ...observedAt,
    ...(wasSeen && { seen: 'before' }),
  };
}

function errorOf({ message }: Application, ready: boolean): { error?: string } {
  return message !== undefined && !ready ? { error: cut(message) } : {};
}

/**
 * The time since which an application is gone, whatever events reported before. A later event with an older time does
 * not count either, also after its cluster becomes unreadable. Whole seconds, as in Flux's events.
 */
function goneSince({ seen, observedAt }: TargetStatus, now: Date): string {
  return (seen === 'gone' && observedAt) || new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
}

/** The tag of the chart is found once and kept, as its source may have another one later. */
function tagOf(before: TargetStatus | undefined, seen: Application): { tag?: string } {
  const tag = seen.tag ?? (isSameThere(before, seen) ? before?.tag : undefined);
  return tag === undefined ? {} : { tag };
}

/** The revision that it runs, with the details that Flux's own spelling leaves out. */
function runningOf({ revision, fullRevision, tag }: Recorded & { readonly tag?: string | undefined }) {
  return defined({ revision, fullRevision, tag });
}

type Application = Extract<Observation, { kind: 'application' }>;

/** A reconciliation moves the time that some kinds report: the first time for a revision counts. */
function deployedSince(before: TargetStatus | undefined, seen: Application): { deployedAt?: string } {
  const deployedAt = (isSameThere(before, seen) && before?.deployedAt) || seen.deployedAt;
  return deployedAt === undefined || seen.revision === undefined ? {} : { deployedAt };
}

/** True for a reconciliation of the revision that was ready before, which is not news. */
function isSteady(before: TargetStatus | undefined, seen: Observation): boolean {
  if (seen.kind !== 'application' || !seen.steady || before?.seen !== 'now') return false;
  return before.ready && isSameThere(before, seen);
}

function isSameThere(before: TargetStatus | undefined, seen: Application): boolean {
  return before?.revision !== undefined && isSame(revisionOf(before), revisionOf(seen));
}
