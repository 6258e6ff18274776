import { soakSeconds } from '../../api/gates.ts';
import type {
  Environment,
  Gates,
  Pipeline,
  PipelineSpec,
  PromotionStatus,
  Rejection,
} from '../../api/pipeline.ts';
import { isUnfinished } from '../model/phase.ts';
import { rejectionOf } from '../model/rejections.ts';
import {
  isNeeded,
  isNewerThere,
  isOlder,
  isSame,
  membersOf,
  newerThere,
  revisionOf,
  semverOf,
  shortRevision,
} from '../model/revision.ts';
import { environmentIndex, promotionInto } from '../model/route.ts';
import { entryOf, environmentStatus, executionOf, openPullRequest, promotedOn } from '../model/state.ts';
import type { GateContext } from './context.ts';
import { isInRange, parseVersionRange } from './version-range.ts';

/** The revision of the previous environment that is promoted next, and the gates that take time. */

/** The part of the context that the choice of the next revision needs. */
type CandidateContext = Pick<GateContext, 'pipeline' | 'previous' | 'environment' | 'now'>;

export function gatesInto({ pipeline, environment }: CandidateContext): Gates {
  return promotionInto(pipeline.spec, environment)?.gates ?? {};
}

/**
 * The recorded revision keeps its place until the newer one has passed the same gates: otherwise a revision that always
 * comes too early, or is not meant for this environment, would keep all others from passing.
 */
export function candidateOf(
  context: CandidateContext,
  available: string | undefined,
  record: PromotionStatus | undefined,
) {
  if (available === undefined || record === undefined || !isUnfinished(record)) return available;
  if (isSame(record.revision, available)) return available;
  const { status } = context.pipeline;
  const entry = entryOf(status, record.revision, context.previous.name);
  const stays = entry.deployedAt && !entry.failedAt && !entry.rolledBackAt;
  const { targets = [] } = environmentStatus(status, context.previous.name);
  const isStillThere = targets.some((target) => isSame(revisionOf(target), record.revision));
  // With `targets: any`, a revision that is not ready for a moment does not give way to an older one.
  if (stays && isStillThere && isOlder(available, record.revision)) return undefined;
  if (isEligible(context, available)) return available;
  return stays && isEligible(context, record.revision) ? record.revision : available;
}

/** True if the revision passes the gates on its age and its version. */
function isEligible(context: CandidateContext, revision: string): boolean {
  return (
    versionProblem(gatesInto(context), revision) === undefined && soakEnd(context, revision) === undefined
  );
}

/** The reason for which the gate `versions` holds the revision; it follows the name of the revision. */
export function versionProblem(gates: Gates, revision: string): string | undefined {
  const members = membersOf(revision);
  if (!members) return rangeProblem(gates.versions, revision);
  for (const { artifact, revision: own } of members) {
    const range = gates.artifactVersions?.find(({ name }) => name === artifact)?.versions ?? gates.versions;
    const problem = rangeProblem(range, own);
    if (problem !== undefined) return `has the ${artifact} ${shortRevision(own)}, which ${problem}`;
  }
  return undefined;
}

function rangeProblem(versions: string | undefined, revision: string): string | undefined {
  if (versions === undefined) return undefined;
  const version = semverOf(revision);
  if (!version) return `is not a semantic version, and only ${versions} may pass`;
  const range = parseVersionRange(versions);
  if (!range) return `is held, because ${versions} is not a range of versions`;
  return isInRange(version, range) ? undefined : `is not in ${versions}, which may pass`;
}

/**
 * The time at which the revision has been healthy in the previous environment for long enough; undefined: it has been;
 * infinity: another revision replaced it before.
 */
export function soakEnd(context: CandidateContext, revision: string): number | undefined {
  const soak = soakSeconds(gatesInto(context).soak ?? '');
  if (!soak) return undefined;
  const since = healthySince(context, revision);
  const end = since + soak * 1000;
  const left = replacedAt(context.pipeline, context.previous.name, revision, since);
  if (end > left) return Number.POSITIVE_INFINITY;
  return end <= context.now.getTime() ? undefined : end;
}

function healthySince({ pipeline, previous, now }: CandidateContext, revision: string): number {
  const { deployedAt } = entryOf(pipeline.status, revision, previous.name);
  const { deployment } = environmentStatus(pipeline.status, previous.name);
  const reported = deployment && isSame(revisionOf(deployment), revision) ? deployment.observedAt : undefined;
  return Date.parse(deployedAt ?? reported ?? now.toISOString());
}

/** The time at which another revision replaced it; infinity while none has. */
function replacedAt({ status }: Pipeline, environment: string, revision: string, since: number): number {
  const own = executionOf(status.executions, revision);
  const others = (status.executions ?? []).filter((one) => one !== own);
  const { targets = [] } = environmentStatus(status, environment);
  const isBack = targets.some((target) => isSame(revisionOf(target), revision));
  const times = others.flatMap((one) => {
    const { deployedAt, rolledBackAt } = entryOf(status, one.revision, environment);
    // A revision that the environment rolled back from, to this one, does not run there any more.
    const hasLeft = isBack && rolledBackAt !== undefined;
    return deployedAt === undefined || hasLeft ? [] : [Date.parse(deployedAt)];
  });
  return Math.min(...times.filter((at) => at > since));
}

/** The reason for which a revision must not or need not be promoted. */
export interface Objection {
  readonly message: string;
  /** The cause that ends the record with this message; undefined: it is not recorded. */
  readonly by?: 'rejectedBefore' | 'downgrade' | 'wentOn';
}

export function objectionTo(
  context: Pick<GateContext, 'pipeline' | 'previous' | 'environment' | 'state'>,
  revision: string,
): Objection | undefined {
  const { pipeline, previous, environment, state } = context;
  const short = shortRevision(revision);
  const isThere =
    isSame(promotedOn(state), revision) ||
    !state.targets?.some((one) => isNeeded(revision, revisionOf(one) ?? ''));
  if (state.targets?.length && isThere) {
    return { message: `${previous.name} and ${environment.name} both run ${short}.` };
  }
  const no = rejectionOf(state, revision);
  if (no) return { message: rejectedBefore(short, environment.name, no), by: 'rejectedBefore' };
  const older = downgrade(context, revision);
  if (older) return { message: older, by: 'downgrade' };
  const entry = entryOf(pipeline.status, revision, environment.name);
  if (!entry.deployedAt && !entry.rolledBackAt) return undefined;
  // True once all targets ran it; a revision that only one target runs may still reach the others.
  const wasThere = entry.rolledBackAt !== undefined || entry.wholeAt !== undefined;
  const isOnItsWay = state.targets?.some((one) => isSame(revisionOf(one), revision)) && !wasThere;
  if (isOnItsWay && mayBeThereInPart(pipeline.spec, environment)) return undefined;
  return { message: wentOn(environment.name, revision), by: 'wentOn' };
}

function wentOn(environment: string, revision: string): string {
  return `${environment} ran ${shortRevision(revision)} before and moved on from it: it is not promoted again automatically.`;
}

/**
 * The reason for which a recorded revision is not promoted any more: the environment got it otherwise since, and rolled
 * back from it. With `targets: any` that revision may have been a canary on one target.
 */
export function wentBack(
  { pipeline, environment }: GateContext,
  record: PromotionStatus,
): string | undefined {
  const { rolledBackAt } = entryOf(pipeline.status, record.revision, environment.name);
  const isSince = Date.parse(rolledBackAt ?? '') >= Date.parse(record.updatedAt ?? '');
  if (!isSince || record.phase === 'Merged' || mayBeThereInPart(pipeline.spec, environment)) return undefined;
  return wentOn(environment.name, record.revision) + toClose(record);
}

/** True if one of several targets may run a revision first and counts for the next environment. */
export function mayBeThereInPart(spec: PipelineSpec, { name, targets }: Environment): boolean {
  const next = spec.environments[environmentIndex(spec, name) + 1];
  return targets.length > 1 && next !== undefined && promotionInto(spec, next)?.gates?.targets === 'any';
}

function rejectedBefore(short: string, environment: string, { at, by }: Rejection): string {
  return `${short} was rejected for ${environment} at ${at} (${by}): it is not promoted again automatically.`;
}

/** A rollback must stick: a revision older than the running one is not promoted automatically. */
export function downgrade(
  { environment, state }: Pick<GateContext, 'environment' | 'state'>,
  revision: string,
): string | undefined {
  const newer = newerThere(revision, state);
  // A single newer target is a canary, which ends nothing.
  if (newer === undefined || !isNewerThere(revision, state)) return undefined;
  return `${environment.name} runs ${shortRevision(newer)}, which is newer than ${shortRevision(revision)}: a downgrade is not promoted automatically.`;
}

/**
 * The reason for which the recorded revision is not promoted any more: the previous environment rolled back from it.
 */
export function rolledBack({ pipeline, previous }: GateContext, record: PromotionStatus): string | undefined {
  const { rolledBackAt } = entryOf(pipeline.status, record.revision, previous.name);
  if (rolledBackAt === undefined) return undefined;
  return `${shortRevision(record.revision)} was rolled back in ${previous.name}: it is not promoted.${toClose(record)}`;
}

/** Says that a pull request which is open, and not to be merged, is closed. */
export function toClose(record: PromotionStatus): string {
  const open = openPullRequest(record);
  return open ? ` Pull request #${open.number} is closed.` : '';
}
