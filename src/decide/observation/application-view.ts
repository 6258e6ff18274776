import * as v from 'valibot';
import type { AppRef } from '../../api/pipeline.ts';
import { type RevisionPath, valueAt } from '../../lib/text/index.ts';
import { AtPaths, atPaths } from './application-paths.ts';
import { isBuiltAnew } from './application-revision.ts';
import { chartSource } from './chart-source.ts';
import { HELM_TESTS, helmTests } from './helm-tests.ts';
import { isSuspended } from './spec-state.ts';

/** What is kept of an application object. */

/** As long as a revision may be in a Pipeline's status. */
export const MAX_REVISION = 512;
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

export const Ready = v.object({
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
export type Entry = v.InferOutput<typeof Entry>;

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

export const Application = v.object({
  metadata: v.object({ generation: v.optional(v.number(), 0) }),
  status: v.optional(Status, {}),
  revisionAt: v.optional(AtPath),
  atPaths: v.optional(AtPaths),
  builtAnew: v.optional(v.boolean()),
  suspended: v.optional(v.boolean()),
  helmTests: v.optional(v.picklist(HELM_TESTS)),
  chartSource: v.optional(v.object({ name: v.string(), namespace: v.optional(v.string()) })),
});
export type Application = v.InferOutput<typeof Application>;

/** Another cluster's object may be wrong at a million places. */
export const FIRST = { abortEarly: true };

/**
 * Of a HelmRelease, a Kustomization or any object with a Ready condition what `readApplication` needs, and
 * so small that thousands can be kept; undefined for what is none of these.
 */
export function viewApplication(
  object: unknown,
  { path, kind, paths = [] }: Viewing = {},
): Application | undefined {
  const parsed = v.safeParse(Application, object, FIRST);
  if (!parsed.success) return undefined;
  const { metadata, status } = parsed.output;
  const builtAnew = isBuiltAnew(object) && { builtAnew: true };
  const source = chartSource(object);
  const tests = helmTests(object);
  const kept = {
    ...builtAnew,
    ...(source && { chartSource: source }),
    ...(isSuspended(object) && { suspended: true }),
    ...(tests && { helmTests: tests }),
  };
  return {
    metadata,
    status,
    ...(path && { revisionAt: revisionAt(object, path) }),
    ...(kind && paths.length > 0 && { atPaths: atPaths(kind, object, paths) }),
    ...kept,
  };
}

/** What is to be seen of an object. */
export interface Viewing {
  /** Where objects of this kind have their revision, when it is not where Flux's have it. */
  readonly path?: RevisionPath | undefined;
  readonly kind?: Pick<AppRef, 'apiVersion' | 'kind'>;
  /** What Pipelines have in their specs. */
  readonly paths?: readonly RevisionPath[];
}

/** Whether a view has what stands at these paths. */
export function showsPaths(view: unknown, paths: readonly RevisionPath[]): boolean {
  if (paths.length === 0) return true;
  const values = (view as Application | null)?.atPaths?.values;
  return values !== undefined && paths.every(({ text }) => Object.hasOwn(values, text));
}

function revisionAt(object: unknown, path: RevisionPath): v.InferOutput<typeof AtPath> {
  const found = valueAt(object, path);
  if (found === undefined || found === '') return { path: path.text };
  const value = typeof found === 'number' ? String(found) : found;
  if (typeof value !== 'string' || value.length > MAX_REVISION) return { path: path.text, unusable: true };
  return { path: path.text, value };
}

function cutTo(length: number): (text: string) => string {
  return (text) => (text.length <= length ? text : text.slice(0, length));
}
