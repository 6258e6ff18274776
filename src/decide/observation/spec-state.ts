import * as v from 'valibot';
import type { AppRef } from '../../api/pipeline.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { cut } from '../../lib/text/index.ts';
import { isWorkload } from '../model/artifacts.ts';
import { SUSPENDED } from '../model/suspended.ts';
import { classifyEvent } from './event-reason.ts';
import { helmTests, TESTS_AWAITED } from './helm-tests.ts';
import { readyWords } from './ready-words.ts';
import type { SpecState } from './rollout.ts';
import { snapshotSince } from './snapshots.ts';
import { workloadState } from './workload-state.ts';

const FIRST = { abortEarly: true };
const MAX_MESSAGE = 1024;

const text = v.fallback(v.optional(v.string()), undefined);
const number = v.fallback(v.optional(v.number()), undefined);
/** Some kinds write it as text. */
const generation = v.fallback(
  v.optional(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))])),
  undefined,
);
const time = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())), undefined);

const Condition = v.object({
  type: v.string(),
  status: v.string(),
  reason: text,
  message: text,
  observedGeneration: generation,
  lastTransitionTime: time,
});
type Condition = v.InferOutput<typeof Condition>;

const Entry = v.object({ version: number, status: text, configDigest: text, lastDeployed: time });
type Entry = v.InferOutput<typeof Entry>;

const Subject = v.object({
  metadata: v.object({ generation: v.optional(v.number(), 0), deletionTimestamp: v.optional(v.unknown()) }),
  status: v.optional(
    v.object({
      observedGeneration: generation,
      conditions: v.fallback(v.optional(v.array(Condition), []), []),
      lastAttemptedGeneration: generation,
      lastAttemptedConfigDigest: text,
      history: v.fallback(v.optional(v.array(v.unknown()), []), []),
    }),
    {},
  ),
});
type Subject = v.InferOutput<typeof Subject>;

const Suspended = v.object({ spec: v.object({ suspend: v.literal(true) }) });

/** A suspended object is not reconciled: its status may be out of date. */
export function isSuspended(object: unknown): boolean {
  return v.is(Suspended, object);
}

type Kind = Pick<AppRef, 'apiVersion' | 'kind'>;

export function specState(kind: Kind, object: unknown): SpecState {
  const parsed = v.safeParse(Subject, object, FIRST);
  if (!parsed.success) return underWay('Its status is not understood.');
  const subject = parsed.output;
  if (subject.metadata.deletionTimestamp != null) return { kind: 'held', message: 'It is being deleted.' };
  if (isWorkload(kind)) return workloadState(kind, object);
  if (isSuspended(object)) return { kind: 'held', message: SUSPENDED };
  return readiness(subject) ?? untested(object) ?? releaseState(kind, subject);
}

/** Undefined: Ready is True at the present generation, and no other condition contradicts it. */
function readiness({ metadata, status }: Subject): SpecState | undefined {
  const find = (type: string) => status.conditions.find((one) => one.type === type);
  const ready = find('Ready');
  const { generation } = metadata;
  if (!ready) return underWay('It has no Ready condition yet.');
  const looked = [status.observedGeneration, ready.observedGeneration].filter((one) => one !== undefined);
  if (looked.some((one) => one !== generation)) return underWay(NOT_LOOKED);
  if (looked.length === 0) return underWay(NOT_REPORTED);
  if (ready.status === 'False' && isFailure(ready)) return { kind: 'failed', message: wordsOf(ready) };
  const stalled = find('Stalled');
  if (stalled?.status === 'True') return { kind: 'failed', message: wordsOf(stalled) };
  if (ready.status === 'Unknown' || find('Reconciling')?.status === 'True') {
    return { kind: 'reconciling', message: wordsOf(ready) };
  }
  return ready.status === 'True' ? undefined : underWay(wordsOf(ready));
}

function untested(object: unknown): SpecState | undefined {
  const tests = helmTests(object);
  if (tests === undefined) return undefined;
  return underWay(tests === 'failed' ? 'Its Helm tests failed.' : TESTS_AWAITED);
}

/** A HelmRelease is deployed once the running release has the values of the present generation. */
function releaseState({ apiVersion, kind }: Kind, { metadata, status }: Subject): SpecState {
  const ready = status.conditions.find((one) => one.type === 'Ready');
  const isRelease = kind === 'HelmRelease' && groupOf(apiVersion) === 'helm.toolkit.fluxcd.io';
  if (!isRelease)
    return {
      kind: 'deployed',
      since: snapshotSince(snapshotsIn(status.history)) ?? ready?.lastTransitionTime,
    };
  const { lastAttemptedGeneration, lastAttemptedConfigDigest: digest } = status;
  const newest = newestRelease(status.history);
  if (lastAttemptedGeneration === undefined || digest === undefined || !newest?.configDigest) {
    return underWay(TOO_OLD);
  }
  const isAttempted = lastAttemptedGeneration === metadata.generation;
  const isThis = newest.status === 'deployed' && newest.configDigest === digest;
  return isAttempted && isThis ? { kind: 'deployed', since: newest.lastDeployed } : underWay(NOT_RELEASED);
}

const NOT_LOOKED = 'Its controller has not observed its latest generation yet.';
const NOT_REPORTED =
  'Its status has no observedGeneration, so it is not known whether what runs is what its spec says.';
const NOT_RELEASED = 'It is ready, but Helm has not released its latest values yet.';
const TOO_OLD =
  'Its status does not say which values Helm has released (lastAttemptedGeneration, lastAttemptedConfigDigest and configDigest in its history): helm-controller 1.0 and later write them.';

function newestRelease(history: readonly unknown[]): Entry | undefined {
  const releases = history.flatMap((one) => {
    const parsed = v.safeParse(Entry, one, FIRST);
    return parsed.success ? [parsed.output] : [];
  });
  return releases.toSorted((one, other) => (other.version ?? 0) - (one.version ?? 0))[0];
}

const Snapshot = v.object({ firstReconciled: time, lastReconciled: time });

/** Flux keeps five releases. */
function snapshotsIn(history: readonly unknown[]) {
  return history.slice(0, 10).flatMap((one) => {
    const parsed = v.safeParse(Snapshot, one, FIRST);
    return parsed.success ? [parsed.output] : [];
  });
}

function isFailure({ reason = '' }: Condition): boolean {
  return classifyEvent({ severity: 'info', reason, message: '' }) === 'failed';
}

function wordsOf(condition: Condition): string {
  return cut(readyWords(condition), MAX_MESSAGE);
}

function underWay(message: string): SpecState {
  return { kind: 'under-way', message };
}
