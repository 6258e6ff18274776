import * as v from 'valibot';
import type { AppRef } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import { cut, valuesAt } from '../../lib/text/index.ts';
import type { RevisionPath } from '../model/revision-path.ts';
import { type AtPaths, atPaths } from './application-paths.ts';
import { chartSource, type NamedSource } from './chart-source.ts';
import { isBuiltAnew } from './full-revision.ts';
import { type HelmTests, helmTests } from './helm-tests.ts';
import { isSuspended } from './spec-state.ts';

/** An application object is parsed once, at the border, and only this is kept of it. */

/** The greatest length of a revision in a Pipeline's status. */
export const MAX_REVISION = 512;
const MAX_MESSAGE = 1024;
/** A digest, perhaps with a tag before it. */
const MAX_ARTIFACT = 300;

const time = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(40), v.isoTimestamp())), undefined);
/** Stands for a longer one, which `readApplication` reports by its length: the text itself is not kept. */
const TOO_LONG = '.'.repeat(MAX_REVISION + 1);
const revision = v.pipe(
  v.string(),
  v.transform((text) => (text.length > MAX_REVISION ? TOO_LONG : text)),
);
const message = v.pipe(
  v.string(),
  v.transform((text) => cut(text, MAX_MESSAGE)),
);
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

export type Ready = v.InferOutput<typeof Ready>;

/** An invalid value counts as absent. */
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

/** The part of a history that is used: the running release, a pending one, the snapshots. */
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

const Flux = v.object({
  metadata: v.object({ generation: v.optional(v.number(), 0) }),
  status: v.optional(Status, {}),
});

/** The value at the kind's configured path. */
interface RevisionAt {
  readonly path: string;
  readonly value?: string;
  /** The value is there, but is not a text or number of at most 512 characters. */
  readonly unusable?: true;
}

/** An application as it is kept, so small that there can be thousands. */
export interface Application extends v.InferOutput<typeof Flux> {
  readonly revisionAt?: RevisionAt;
  readonly atPaths?: AtPaths;
  readonly builtAnew?: boolean;
  readonly suspended?: boolean;
  readonly helmTests?: HelmTests;
  readonly chartSource?: NamedSource;
}

/** An object that was read. Null: it exists, but is not an application that can be parsed. */
export type ParsedApplication = Application | null;

/** Parsing stops at the first fault, as another cluster's object may have a million. */
const FIRST = { abortEarly: true };

/** Parses of a HelmRelease, a Kustomization or any object with a Ready condition what `readApplication` needs. */
export function parseApplication(
  object: unknown,
  { path, kind, paths = [] }: Viewing = {},
): ParsedApplication {
  const parsed = v.safeParse(Flux, object, FIRST);
  if (!parsed.success) return null;
  return {
    metadata: parsed.output.metadata,
    status: parsed.output.status,
    ...(path && { revisionAt: revisionAt(object, path) }),
    ...(kind && paths.length > 0 && { atPaths: atPaths(kind, object, paths) }),
    ...(isBuiltAnew(object) && { builtAnew: true }),
    ...(isSuspended(object) && { suspended: true }),
    ...defined({ chartSource: chartSource(object), helmTests: helmTests(object) }),
  };
}

/** The parts of an object that are parsed. */
export interface Viewing {
  /** The path of the revision in objects of this kind, if it is not where Flux's have it. */
  readonly path?: RevisionPath | undefined;
  readonly kind?: Pick<AppRef, 'apiVersion' | 'kind'>;
  /** The paths that Pipelines name. */
  readonly paths?: readonly RevisionPath[];
}

/** Reports whether the object has values at these paths. */
export function showsPaths(application: ParsedApplication, paths: readonly RevisionPath[]): boolean {
  if (paths.length === 0) return true;
  const values = application?.atPaths?.values;
  return values !== undefined && paths.every(({ text }) => Object.hasOwn(values, text));
}

function revisionAt(object: unknown, path: RevisionPath): RevisionAt {
  const [found] = valuesAt(object, path);
  if (found === undefined || found === '') return { path: path.text };
  const value = typeof found === 'number' ? String(found) : found;
  if (typeof value !== 'string' || value.length > MAX_REVISION) return { path: path.text, unusable: true };
  return { path: path.text, value };
}
