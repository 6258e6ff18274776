import * as v from 'valibot';
import type { AppRef } from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import type { SpecState } from './rollout.ts';

/**
 * Deployments, StatefulSets and DaemonSets, as kstatus has them (sigs.k8s.io/cli-utils, pkg/kstatus): all Pods are of
 * the present template and ready. Stricter than kstatus, a StatefulSet with OnDelete or a partition is deployed once
 * all of its Pods are.
 */

const FIRST = { abortEarly: true };
const MAX_MESSAGE = 1024;

const text = v.fallback(v.optional(v.string()), undefined);
const count = (absent: number) => v.fallback(v.optional(v.number(), absent), absent);
const time = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())), undefined);

const Condition = v.object({
  type: v.string(),
  status: v.string(),
  reason: text,
  message: text,
  lastUpdateTime: time,
  lastTransitionTime: time,
});

const Workload = v.object({
  metadata: v.object({ generation: v.number() }),
  spec: v.object({
    replicas: count(1),
    paused: v.optional(v.unknown()),
    progressDeadlineSeconds: v.fallback(v.optional(v.number()), undefined),
  }),
  status: v.object({
    observedGeneration: v.number(),
    replicas: count(0),
    updatedReplicas: count(0),
    readyReplicas: count(0),
    availableReplicas: count(0),
    currentReplicas: count(0),
    currentRevision: text,
    updateRevision: text,
    desiredNumberScheduled: count(-1),
    currentNumberScheduled: count(0),
    updatedNumberScheduled: count(0),
    numberAvailable: count(0),
    numberReady: count(0),
    conditions: v.fallback(v.optional(v.array(Condition), []), []),
  }),
});
type Workload = v.InferOutput<typeof Workload>;

export function workloadState({ kind }: Pick<AppRef, 'kind'>, object: unknown): SpecState {
  const parsed = v.safeParse(Workload, object, FIRST);
  if (!parsed.success) return underWay('Its controller has not observed it yet.');
  const workload = parsed.output;
  if (workload.status.observedGeneration < workload.metadata.generation) {
    return underWay('Its controller has not observed its latest generation yet.');
  }
  switch (kind) {
    case 'Deployment':
      return deployment(workload);
    case 'StatefulSet':
      return statefulSet(workload);
    default:
      return daemonSet(workload);
  }
}

/** A Deployment with this deadline, or none, never reports a failure. */
const NO_DEADLINE = 2 ** 31 - 1;

function deployment({ spec, status }: Workload): SpecState {
  if (spec.paused === true)
    return { kind: 'held', message: 'It is paused: resume it to have it rolled out and promoted.' };
  const progressing = status.conditions.find((one) => one.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    const message = progressing.message ?? 'Its progress deadline is exceeded.';
    return { kind: 'failed', message: cut(message, MAX_MESSAGE) };
  }
  const waits =
    shortOf('updated', status.updatedReplicas, spec.replicas) ??
    left(status.replicas, spec.replicas) ??
    shortOf('available', status.availableReplicas, status.updatedReplicas) ??
    shortOf('ready', status.readyReplicas, spec.replicas);
  if (waits) return waits;
  const isDone = progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable';
  const hasDeadline = (spec.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
  if (hasDeadline && !isDone) return underWay('Its new ReplicaSet is not available yet.');
  const available = status.conditions.find((one) => one.type === 'Available');
  if (available?.status !== 'True') return underWay('It is not available yet.');
  return { kind: 'deployed', since: progressing?.lastUpdateTime ?? progressing?.lastTransitionTime };
}

function statefulSet({ spec, status }: Workload): SpecState {
  const waits =
    shortOf('there', status.replicas, spec.replicas) ??
    shortOf('ready', status.readyReplicas, spec.replicas) ??
    left(status.replicas, spec.replicas);
  if (waits) return waits;
  if (status.currentRevision === status.updateRevision) return { kind: 'deployed' };
  return shortOf('updated', status.updatedReplicas, spec.replicas) ?? { kind: 'deployed' };
}

function daemonSet({ status }: Workload): SpecState {
  const { desiredNumberScheduled: wanted } = status;
  if (wanted < 0) return underWay('Its controller has not counted its Pods yet.');
  const waits =
    shortOf('scheduled', status.currentNumberScheduled, wanted) ??
    shortOf('updated', status.updatedNumberScheduled, wanted) ??
    shortOf('available', status.numberAvailable, wanted) ??
    shortOf('ready', status.numberReady, wanted);
  return waits ?? { kind: 'deployed' };
}

function shortOf(what: string, has: number, wanted: number): SpecState | undefined {
  return has < wanted ? underWay(`${has} of ${wanted} Pods are ${what}.`) : undefined;
}

function left(has: number, wanted: number): SpecState | undefined {
  return has > wanted ? underWay(`${has - wanted} old Pods are still there.`) : undefined;
}

function underWay(message: string): SpecState {
  return { kind: 'under-way', message };
}
