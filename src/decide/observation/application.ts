import type { AppRef } from '../../api/pipeline.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { isFluxAlone, type Source } from '../model/artifacts.ts';
import { isPrintable, shortRevision } from '../model/revision.ts';
import { SUSPENDED } from '../model/suspended.ts';
import {
  type Application,
  type Entry,
  MAX_REVISION,
  type ParsedApplication,
  type Ready,
} from './application-parse.ts';
import { type AtPaths, asArtifact, withPaths } from './application-paths.ts';
import type { NamedSource } from './chart-source.ts';
import { classifyEvent } from './event-reason.ts';
import { revisionDetails } from './full-revision.ts';
import { type HelmTests, TESTS_AWAITED } from './helm-tests.ts';
import type { Observation } from './observation.ts';
import { readyWords } from './ready-words.ts';
import { snapshotSince } from './snapshots.ts';

export type { Keeps, Observation } from './observation.ts';

/** Observes the revision that an application runs: Flux's own, or the one at the Pipeline's paths in its spec. */
export function readApplication(
  appRef: AppRef,
  application: ParsedApplication,
  sources: readonly Source[] = [],
): Observation {
  if (!application) return unreadable(`The ${appRef.kind} has no status that Turnpike understands.`);
  const flux = readFlux(appRef, application);
  if (isFluxAlone(sources)) return flux;
  const [only] = sources;
  if (only?.artifact !== undefined && sources.every(({ path }) => path === undefined)) {
    return asArtifact(flux, only.artifact);
  }
  const { atPaths: at = NOT_ASKED } = application;
  return withPaths(appRef, { flux, attempted: attemptedIn(application), at, sources });
}

/** Stands for the paths of an application that was read without them: nothing is promoted from it. */
const NOT_ASKED: AtPaths = {
  state: { kind: 'under-way', message: 'Its spec was not checked.' },
  values: {},
};

/** The revision that Flux tried last, if it is not the running one. */
function attemptedIn({ status, builtAnew = false, revisionAt: at }: Application) {
  const revision = recordable(status?.lastAttemptedRevision);
  const says = { builtAnew, isElsewhere: at !== undefined };
  return {
    ...(revision !== undefined && { revision }),
    ...revisionDetails(revision, status?.lastAttemptedRevisionDigest, says),
  };
}

/**
 * An application is ready when its Ready condition is True for the present generation. HelmRelease v2 has no
 * `lastAppliedRevision`: the chart version of the deployed release in its history is the running revision.
 */
function readFlux(appRef: AppRef, application: Application): Observation {
  const { metadata, status, revisionAt: at, builtAnew = false, chartSource: source } = application;
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
  const held = heldBy(application);
  const tries = at ? undefined : attempted;
  const { rollout, ready } = progress(held, {
    current,
    condition,
    history,
    runs,
    attempted: tries,
    writesLast,
  });
  const failed = isFailure(condition) ? attempted : undefined;
  const says = { builtAnew, isElsewhere: at !== undefined };
  const tried = revisionDetails(attempted, status.lastAttemptedRevisionDigest, says).fullRevision;
  return {
    kind: 'application',
    ready,
    ...(runs !== undefined && { revision: runs, ...revisionDetails(runs, release?.ociDigest, says) }),
    ...withSource(source),
    ...(!ready && { message: whyNot(held, { condition, current, runs, attempted }, at?.path) }),
    ...when(deployedAt),
    ...(current && failed !== undefined && failedAs(failed, tried)),
    ...inFull(rollout, tried),
  };
}

interface Held {
  readonly suspended: boolean;
  readonly tests: HelmTests | undefined;
}

/** Keeps it from being promoted whatever its Ready condition is. */
function heldBy({ suspended = false, helmTests: tests }: Application): Held {
  return { suspended, tests };
}

function progress({ suspended, tests }: Held, seen: Seen): { rollout: Rollout; ready: boolean } {
  if (suspended) return { rollout: {}, ready: false };
  const rollout = untilTested(rolloutOf(seen), tests, seen);
  const isTrue = seen.current && seen.condition?.status === 'True' && seen.runs !== undefined;
  return { rollout, ready: isTrue && !rollout.deploying && tests === undefined };
}

/** A revision that is rolled out again with other values is tested again, too. */
function untilTested(rollout: Rollout, tests: HelmTests | undefined, { current, runs }: Seen): Rollout {
  const isTested = current && tests === 'awaited' && !rollout.deploying;
  return isTested ? { deploying: runs === undefined ? {} : { revision: runs } } : rollout;
}

function withSource(chartSource: NamedSource | undefined) {
  return chartSource && { chartSource };
}

function failedAs(failed: string, fullRevision: string | undefined) {
  return { failed, ...(fullRevision !== undefined && { failedFull: fullRevision }) };
}

function inFull(rollout: Rollout, fullRevision: string | undefined): Rollout {
  if (rollout.deploying?.revision === undefined || fullRevision === undefined) return rollout;
  return { ...rollout, deploying: { ...rollout.deploying, fullRevision } };
}

/** The end of a sentence about a revision that the status cannot hold. */
function revisionFault(revision: string): string | undefined {
  if (revision.length > MAX_REVISION) return `of more than ${MAX_REVISION} characters.`;
  if (isPrintable(revision)) return undefined;
  return 'with control or invisible characters: deploy one without them.';
}

function when(deployedAt: string | undefined): { deployedAt?: string } {
  return deployedAt === undefined ? {} : { deployedAt };
}

function recordable(revision: string | undefined): string | undefined {
  return revision !== undefined && revisionFault(revision) === undefined ? revision : undefined;
}

type Rollout = Pick<Extract<Observation, { kind: 'application' }>, 'deploying' | 'steady'>;

interface Seen {
  readonly current: boolean;
  readonly condition: Ready | undefined;
  readonly history: readonly Entry[];
  readonly runs: string | undefined;
  readonly attempted: string | undefined;
  readonly writesLast: boolean;
}

/**
 * Groups whose controllers write the conditions a moment before the running revision. Others may attempt a
 * reconciliation that changes nothing.
 */
const WRITE_REVISION_LAST: readonly string[] = ['helm.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io'];

/** Distinguishes a deployment from a reconciliation of the running revision. */
function rolloutOf({ current, condition, history, runs, attempted, writesLast }: Seen): Rollout {
  const isUnknown = current && condition?.status === 'Unknown';
  const isOther = attempted !== undefined && attempted !== runs;
  const isPending = history.some((one) => one.status?.startsWith('pending-'));
  // The application is ready, and shows the revision before.
  const isHalfWritten = writesLast && isOther && runs !== undefined && condition?.status === 'True';
  if (!current || isHalfWritten || (isUnknown && (isOther || isPending))) {
    return { deploying: isOther ? { revision: attempted } : {} };
  }
  return isUnknown ? { steady: true } : {};
}

function unreadable(error: string): Observation {
  return { kind: 'unreadable', error };
}

function isFailure(condition: Ready | undefined): boolean {
  if (condition?.status !== 'False') return false;
  return classifyEvent({ severity: 'info', reason: condition.reason, message: '' }) === 'failed';
}

function whyNot({ suspended, tests }: Held, seen: Unready, path?: string): string {
  if (suspended) return SUSPENDED;
  const { current, condition } = seen;
  if (current && condition && condition.status !== 'False' && tests === 'awaited') return TESTS_AWAITED;
  if (current && condition?.status === 'True' && tests === 'failed') return 'Its Helm tests failed.';
  return notReady(seen, path);
}

type Unready = Pick<Seen, 'condition' | 'current' | 'runs' | 'attempted'>;

function notReady({ condition, current, runs, attempted }: Unready, path?: string): string {
  if (!current) return 'Flux has not observed its latest generation yet.';
  if (!condition) return 'It has no Ready condition yet.';
  if (condition.status === 'True') {
    if (runs !== undefined)
      return `It is ready, and its status shows ${shortRevision(runs)} until Flux writes ${shortRevision(attempted ?? '')} there.`;
    const where = path ? `, which is expected at ${path}` : '';
    return `It is ready, but does not report which revision it runs${where}.`;
  }
  return readyWords(condition);
}
