import * as v from 'valibot';
import type { AppRef } from '../api/pipeline.ts';
import { type RevisionPath, valueAt } from '../api/revision-path.ts';
import { isBuiltAnew, toldOf } from './application-revision.ts';
import { chartSource, type NamedSource } from './chart-source.ts';
import { meaningOf } from './meaning.ts';
import { isPrintable } from './revision.ts';
import { groupOf } from './route.ts';

/**
 * What was seen of an application at one of its targets. `unreadable`: its cluster cannot be asked;
 * `absent`: there is no such object. In both cases signed events decide.
 */
export type Observation =
  | { readonly kind: 'unreadable'; readonly error: string }
  | { readonly kind: 'absent'; readonly error: string }
  | {
      readonly kind: 'application';
      readonly ready: boolean;
      readonly revision?: string;
      /** The same in its full form, where that is another one, */
      readonly fullRevision?: string;
      /** and the tag of a chart in its registry. */
      readonly tag?: string;
      /** Where the tag can be looked up. */
      readonly chartSource?: NamedSource;
      /** Why it is not ready, in Flux's words. */
      readonly message?: string;
      /** RFC 3339; when the revision was deployed, as far as the object says. */
      readonly deployedAt?: string;
      /** The revision of a deployment that failed. */
      readonly failed?: string;
      readonly failedFull?: string;
      /**
       * Ready is Unknown while what runs is only reconciled once more, as kustomize-controller does at each
       * interval: what was ready before still is.
       */
      readonly steady?: boolean;
      /** Something else than what runs is being deployed: its revision, as far as it is known. */
      readonly deploying?: { readonly revision?: string; readonly fullRevision?: string };
    };

/** As long as a revision may be in a Pipeline's status. */
const MAX_REVISION = 512;
const MAX_MESSAGE = 1024;
/** A digest, perhaps with a tag before it. */
const MAX_ARTIFACT = 300;

const time = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())), undefined);
/** What is longer is cut to a length that is still too long, which `readApplication` reports. */
const revision = v.pipe(v.string(), v.transform(cutTo(MAX_REVISION + 1)));
const message = v.pipe(v.string(), v.transform(cutTo(MAX_MESSAGE)));
/** Some kinds write it as text. */
const generation = v.fallback(
  v.optional(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))])),
  undefined,
);

const Ready = v.object({
  type: v.string(),
  status: v.string(),
  reason: v.optional(message, ''),
  message: v.optional(message, ''),
  observedGeneration: generation,
  lastTransitionTime: time,
});

/** What cannot be one is as if it were not there. */
const artifact = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(MAX_ARTIFACT))), undefined);

/** A release of a HelmRelease, or a snapshot of a Kustomization. */
const Entry = v.object({
  chartVersion: v.optional(revision),
  ociDigest: artifact,
  status: v.optional(v.string()),
  lastDeployed: time,
  firstReconciled: time,
  lastReconciled: time,
});
type Entry = v.InferOutput<typeof Entry>;

/** Flux keeps five snapshots. */
const MAX_SNAPSHOTS = 5;

/** What is used of a history, and no more: the release that runs, one that is on its way, the snapshots. */
function essential(history: Entry[]): Entry[] {
  const first = history[0]?.status?.startsWith('pending-') ? history.slice(0, 1) : [];
  const deployed = history.filter((one) => one.status === 'deployed').slice(0, 1);
  const snapshots = history.filter((one) => one.firstReconciled !== undefined).slice(0, MAX_SNAPSHOTS);
  return [...first, ...deployed, ...snapshots];
}

const Status = v.object({
  observedGeneration: generation,
  conditions: v.optional(
    v.pipe(
      v.array(v.looseObject({ type: v.string() })),
      v.transform((all) => all.filter((one) => one.type === 'Ready').slice(0, 1)),
      v.array(Ready),
    ),
    [],
  ),
  history: v.fallback(v.optional(v.pipe(v.array(Entry), v.transform(essential))), undefined),
  lastAppliedRevision: v.optional(revision),
  lastAttemptedRevision: v.optional(revision),
  lastAttemptedRevisionDigest: artifact,
});

/** What the kind's configured path led to. */
const AtPath = v.object({
  path: v.string(),
  value: v.optional(v.string()),
  /** There is something, but no text or number of at most 512 characters. */
  unusable: v.optional(v.boolean()),
});

const Application = v.object({
  metadata: v.object({ generation: v.optional(v.number(), 0) }),
  status: v.optional(Status, {}),
  revisionAt: v.optional(AtPath),
  builtAnew: v.optional(v.boolean()),
  chartSource: v.optional(v.object({ name: v.string(), namespace: v.optional(v.string()) })),
});
type Application = v.InferOutput<typeof Application>;
/** Another cluster's object may be wrong at a million places. */
const FIRST = { abortEarly: true };

/**
 * Of a HelmRelease, a Kustomization or any object with a Ready condition what `readApplication` needs, and
 * so small that thousands can be kept; undefined for what is none of these. `path`: where objects of this
 * kind have their revision, when it is not where Flux's have it.
 */
export function viewApplication(object: unknown, path?: RevisionPath): Application | undefined {
  const parsed = v.safeParse(Application, object, FIRST);
  if (!parsed.success) return undefined;
  const { metadata, status } = parsed.output;
  const builtAnew = isBuiltAnew(object) && { builtAnew: true };
  const source = chartSource(object);
  const kept = { ...builtAnew, ...(source && { chartSource: source }) };
  return { metadata, status, ...(path && { revisionAt: revisionAt(object, path) }), ...kept };
}

function revisionAt(object: unknown, path: RevisionPath): v.InferOutput<typeof AtPath> {
  const found = valueAt(object, path);
  if (found === undefined || found === '') return { path: path.text };
  const value = typeof found === 'number' ? String(found) : found;
  if (typeof value !== 'string' || value.length > MAX_REVISION) return { path: path.text, unusable: true };
  return { path: path.text, value };
}

/**
 * Reads an application object, or its view. It is ready when its Ready condition is True for the present
 * generation. HelmRelease v2 has no `lastAppliedRevision`: the chart version of the deployed release in its
 * history says what runs.
 */
export function readApplication(appRef: AppRef, object: unknown): Observation {
  const parsed = v.safeParse(Application, object, FIRST);
  if (!parsed.success) {
    return unreadable(`The ${appRef.kind} has no status that is understood here.`);
  }
  const { metadata, status, revisionAt: at, builtAnew = isBuiltAnew(object) } = parsed.output;
  const { chartSource: source = chartSource(object) } = parsed.output;
  if (at?.unusable) {
    return unreadable(
      `The ${appRef.kind} has no text or number of at most ${MAX_REVISION} characters at ${at.path}: correct --revision-paths.`,
    );
  }
  const history = status.history ?? [];
  const release = history.find((one) => one.status === 'deployed');
  const runs = at ? at.value : (release?.chartVersion ?? status.lastAppliedRevision);
  const fault = runs === undefined ? undefined : revisionFault(runs);
  if (fault !== undefined) return unreadable(`The ${appRef.kind} runs a revision ${fault}`);
  const condition = status.conditions?.[0];
  const seen = condition?.observedGeneration ?? status.observedGeneration ?? metadata.generation;
  const current = seen >= metadata.generation;
  const deployedAt = release?.lastDeployed ?? snapshotSince(history) ?? condition?.lastTransitionTime;
  const attempted = recordable(status.lastAttemptedRevision);
  const writesLast = WRITE_REVISION_LAST.includes(groupOf(appRef.apiVersion));
  const way = underWay({
    current,
    condition,
    history,
    runs,
    attempted: at ? undefined : attempted,
    writesLast,
  });
  const ready = current && condition?.status === 'True' && runs !== undefined && !way.deploying;
  const failed = isFailure(condition) ? attempted : undefined;
  const says = { builtAnew, isElsewhere: at !== undefined };
  const tried = toldOf(attempted, status.lastAttemptedRevisionDigest, says).fullRevision;
  return {
    kind: 'application',
    ready,
    ...(runs !== undefined && { revision: runs, ...toldOf(runs, release?.ociDigest, says) }),
    ...withSource(source),
    ...(!ready && { message: notReady({ condition, current, runs, attempted }, at?.path) }),
    ...when(deployedAt),
    ...(current && failed !== undefined && failedAs(failed, tried)),
    ...inFull(way, tried),
  };
}

function withSource(chartSource: NamedSource | undefined) {
  return chartSource && { chartSource };
}

function failedAs(failed: string, fullRevision: string | undefined) {
  return { failed, ...(fullRevision !== undefined && { failedFull: fullRevision }) };
}

function inFull(way: Way, fullRevision: string | undefined): Way {
  if (way.deploying?.revision === undefined || fullRevision === undefined) return way;
  return { ...way, deploying: { ...way.deploying, fullRevision } };
}

/** What keeps it out of the status, the end of a sentence. */
function revisionFault(revision: string): string | undefined {
  if (revision.length > MAX_REVISION) return `of more than ${MAX_REVISION} characters.`;
  if (isPrintable(revision)) return undefined;
  return 'with control characters, or characters that are not seen: deploy one without them.';
}

function when(deployedAt: string | undefined): { deployedAt?: string } {
  return deployedAt === undefined ? {} : { deployedAt };
}

function recordable(revision: string | undefined): string | undefined {
  return revision !== undefined && revisionFault(revision) === undefined ? revision : undefined;
}

type Way = Pick<Extract<Observation, { kind: 'application' }>, 'deploying' | 'steady'>;

interface UnderWay {
  readonly current: boolean;
  readonly condition: ReadyCondition | undefined;
  readonly history: readonly Entry[];
  readonly runs: string | undefined;
  readonly attempted: string | undefined;
  readonly writesLast: boolean;
}

/** Groups whose controllers write the conditions a moment before they write what runs. Others may attempt what changes nothing. */
const WRITE_REVISION_LAST: readonly string[] = ['helm.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io'];

/** Tells a deployment from a reconciliation of what runs already. */
function underWay({ current, condition, history, runs, attempted, writesLast }: UnderWay): Way {
  const isUnknown = current && condition?.status === 'Unknown';
  const isOther = attempted !== undefined && attempted !== runs;
  const isPending = history.some((one) => one.status?.startsWith('pending-'));
  // It is ready, and shows what ran before.
  const isHalfWritten = writesLast && isOther && runs !== undefined && condition?.status === 'True';
  if (!current || isHalfWritten || (isUnknown && (isOther || isPending))) {
    return { deploying: isOther ? { revision: attempted } : {} };
  }
  return isUnknown ? { steady: true } : {};
}

/** Since when the newest snapshot has been applied and no other one: the same content may have been there before. */
function snapshotSince([newest, ...others]: readonly Entry[]): string | undefined {
  if (newest?.firstReconciled === undefined) return undefined;
  const times = [newest.firstReconciled, ...others.flatMap((one) => one.lastReconciled ?? [])];
  return times.toSorted((one, other) => Date.parse(other) - Date.parse(one))[0];
}

type ReadyCondition = v.InferOutput<typeof Ready>;

function unreadable(error: string): Observation {
  return { kind: 'unreadable', error };
}

function cutTo(length: number): (text: string) => string {
  return (text) => (text.length <= length ? text : text.slice(0, length));
}

function isFailure(condition: ReadyCondition | undefined): boolean {
  if (condition?.status !== 'False') return false;
  return meaningOf({ severity: 'info', reason: condition.reason, message: '' }) === 'failed';
}

type Unready = Pick<UnderWay, 'condition' | 'current' | 'runs' | 'attempted'>;

function notReady({ condition, current, runs, attempted }: Unready, path?: string): string {
  if (!current) return 'Flux has not looked at its newest generation yet.';
  if (!condition) return 'It has no Ready condition yet.';
  if (condition.status === 'True') {
    if (runs !== undefined)
      return `It is ready, and its status shows ${runs} until Flux writes ${attempted} there.`;
    const where = path ? `, which it should at ${path}` : '';
    return `It is ready, but does not say which revision it runs${where}.`;
  }
  return condition.message || condition.reason || 'It is not ready.';
}
