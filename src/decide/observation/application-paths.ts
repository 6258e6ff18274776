import type { AppRef } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import type { Source } from '../model/artifacts.ts';
import { isUnmistakable, parseRevision, setOf, shortRevision } from '../model/revision.ts';
import type { RevisionPath } from '../model/revision-path.ts';
import type { Keeps, Observation } from './observation.ts';
import { faultSentence, type PathValue, pathValue } from './path-value.ts';
import type { SpecState } from './rollout.ts';
import { specState } from './spec-state.ts';

/** The revision of an application whose Pipeline names paths in its spec, perhaps beside Flux's own revision. */

export interface AtPaths {
  readonly state: SpecState;
  /** The values by the text of their path. */
  readonly values: Readonly<Record<string, PathValue>>;
}

type Kind = Pick<AppRef, 'apiVersion' | 'kind'>;

export function atPaths(kind: Kind, object: unknown, paths: readonly RevisionPath[]): AtPaths {
  const values = paths.map((path) => [path.text, pathValue(object, path)] as const);
  return { state: specState(kind, object), values: Object.fromEntries(values) };
}

interface Reported {
  readonly revision?: string;
  readonly fullRevision?: string;
}

export interface SeenAtPaths {
  /** The observation by Flux's status alone. */
  readonly flux: Observation;
  /** The revision that Flux tried last. */
  readonly attempted: Reported;
  readonly at: AtPaths;
  readonly sources: readonly Source[];
}

type Application = Extract<Observation, { kind: 'application' }>;

export function withPaths(appRef: AppRef, seen: SeenAtPaths): Observation {
  const { flux, at, sources } = seen;
  if (flux.kind !== 'application') return flux;
  const fault = firstFault(appRef, seen);
  if (fault !== undefined) return keeping({ as: 'unknown' }, fault);
  const wanted = composed(seen, attemptedOr(flux, seen.attempted));
  if (isTooLong(wanted) || isTooLong(composed(seen, flux))) return keeping({ as: 'unknown' }, TOO_LONG);
  const { state } = at;
  const takesFlux = sources.some(({ path }) => path === undefined);
  const { tag, chartSource } = flux;
  const source = takesFlux ? { ...(tag !== undefined && { tag }), ...(chartSource && { chartSource }) } : {};
  if (state.kind === 'deployed') return deployed(seen, flux, state.since, source);
  return { ...underWay(state, wanted), ...source };
}

/** A release of a chart may be the newest, and its version be deployed before the status shows it. */
function attemptedOr(flux: Application, attempted: Reported): Reported {
  return attempted.revision === undefined ? flux : attempted;
}

function deployed(
  seen: SeenAtPaths,
  flux: Application,
  since: string | undefined,
  source: Partial<Application>,
): Observation {
  const runs = composed(seen, flux);
  const takesFlux = seen.sources.some(({ path }) => path === undefined);
  if (takesFlux && !flux.ready) {
    return keeping({ as: flux.steady ? 'reconciling' : 'unknown', ...runs }, flux.message ?? NOT_READY);
  }
  if (runs.revision === undefined) return keeping({ as: 'unknown' }, SAYS_NONE);
  const at = since ?? flux.deployedAt;
  return {
    kind: 'application',
    ready: true,
    ...runs,
    ...source,
    ...defined({ deployedAt: at }),
  };
}

const MAX_REVISION = 512;
const NOT_READY = 'It is not ready.';
const SAYS_NONE = 'It is ready, but does not report which revision it runs.';
const TOO_LONG = `The revisions of its artifacts are longer than ${MAX_REVISION} characters in all: name fewer artifacts.`;

function isTooLong({ revision = '', fullRevision = '' }: Reported): boolean {
  return revision.length > MAX_REVISION || fullRevision.length > MAX_REVISION;
}

/** Names the revisions of an observation as those of the Pipeline's only artifact. */
export function asArtifact(flux: Observation, artifact: string): Observation {
  if (flux.kind !== 'application') return flux;
  const { revision, fullRevision, failed, failedFull, deploying, ...rest } = flux;
  const named = (one: string | undefined) =>
    one === undefined ? undefined : (joined([{ artifact, revision: one }]) ?? one);
  const reported = (one: Reported): Reported =>
    defined({ revision: named(one.revision), fullRevision: named(one.fullRevision) });
  if ([revision, fullRevision, failed, failedFull].some((one) => one && !isUnmistakable(inSet(one)))) {
    return keeping({ as: 'unknown' }, mistakable(artifact));
  }
  return {
    ...rest,
    ...reported(defined({ revision, fullRevision })),
    ...defined({
      failed: named(failed),
      failedFull: named(failedFull),
      deploying: deploying && reported(deploying),
    }),
  };
}

function mistakable(artifact: string): string {
  return `The revision of the artifact ${artifact} has a comma or an equals sign, which separate artifacts.`;
}

type NotDeployed = Exclude<SpecState, { kind: 'deployed' }>;

function underWay(state: NotDeployed, wanted: Reported): Application {
  const { message: words } = state;
  switch (state.kind) {
    case 'held': {
      const says = wanted.revision === undefined ? '' : ` Its spec says ${short(wanted)}.`;
      return keeping(
        { as: 'held', ...wanted },
        `${words}${says} Its revision is known once it is rolled out.`,
      );
    }
    case 'reconciling':
      return { ...keeping({ as: 'reconciling', ...wanted }, words), deploying: wanted };
    case 'under-way':
      return { ...keeping({ as: 'unknown', ...wanted }, words), deploying: wanted };
    case 'failed': {
      const { revision, fullRevision } = wanted;
      return {
        ...keeping({ as: 'unknown', ...wanted }, words),
        ...defined({ failed: revision, failedFull: fullRevision }),
      };
    }
  }
}

function short({ revision = '', fullRevision }: Reported): string {
  return shortRevision(fullRevision ?? revision);
}

function keeping(keeps: Keeps, message: string): Application {
  return { kind: 'application', ready: false, keeps, message };
}

/** The sentence about the first artifact that has no revision there. */
function firstFault({ kind }: AppRef, { at, sources, flux }: SeenAtPaths): string | undefined {
  for (const { path, field, artifact } of sources) {
    const value = path && at.values[path.text];
    if (path && (!value || 'fault' in value)) {
      return faultSentence(value?.fault ?? 'absent', { kind, path: path.text, field });
    }
    const runs = path || flux.kind !== 'application' ? undefined : flux.revision;
    if (artifact !== undefined && runs !== undefined && !isUnmistakable(inSet(runs))) {
      return mistakable(artifact);
    }
  }
  return undefined;
}

/** The commit stands for a branch whose name cannot stand among artifacts. */
function inSet(revision: string): string {
  const { commit } = parseRevision(revision);
  return isUnmistakable(revision) || commit === undefined ? revision : `sha1:${commit}`;
}

/** The revision of all artifacts, with Flux's own if one of them uses it. */
function composed({ at, sources }: SeenAtPaths, flux: Reported): Reported {
  const parts = sources.map(({ artifact, path }) => ({ artifact, ...(path ? valueIn(at, path) : flux) }));
  const plain = joined(parts.map(({ artifact, revision }) => ({ artifact, revision })));
  const full = joined(
    parts.map(({ artifact, revision, fullRevision = revision }) => ({ artifact, revision: fullRevision })),
  );
  if (plain === undefined) return {};
  return { revision: plain, ...(full !== plain && full !== undefined && { fullRevision: full }) };
}

function valueIn({ values }: AtPaths, { text }: RevisionPath): Reported {
  const found = values[text];
  return found && 'value' in found ? { revision: found.value } : {};
}

interface Part {
  readonly artifact: string | undefined;
  readonly revision: string | undefined;
}

/** Returns undefined if one of them is not known. */
function joined(parts: readonly Part[]): string | undefined {
  const [only] = parts;
  if (only?.artifact === undefined) return only?.revision;
  const members = parts.flatMap(({ artifact = '', revision }) => {
    return revision === undefined ? [] : [{ artifact, revision: inSet(revision) }];
  });
  return members.length === parts.length ? setOf(members) : undefined;
}
