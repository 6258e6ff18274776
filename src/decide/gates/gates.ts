import type { HeldBy, PromotionStatus } from '../../api/pipeline.ts';
import { escapeControls, wholeSeconds } from '../../lib/text/index.ts';
import { newerThere, shortRevision } from '../model/revision.ts';
import { isManual, promotionInto } from '../model/route.ts';
import { downgrade, gatesInto, soakEnd, versionProblem } from './candidate.ts';
import type { GateContext } from './context.ts';
import { secondsTo } from './seconds.ts';
import { type Opening, openingOf } from './windows.ts';

/**
 * Holds a promotion. The checks run in this order, and the first one that holds gives the reason; if none does, the
 * promotion is carried out.
 */
export type Hold =
  | { readonly kind: 'rest'; readonly wakeAfter?: number }
  | { readonly kind: 'hold'; readonly change: Holding; readonly wakeAfter?: number };

/** The change of the record that names what the promotion waits for. */
interface Holding {
  readonly by: 'approvalNeeded' | 'held' | 'downgrade';
  readonly message: string;
  readonly heldBy?: HeldBy;
}

type HoldCheck = (context: GateContext, record: PromotionStatus) => Hold | undefined;

/** All checks, in their order; the gates of the spec are the last one, and have an order of their own in `GATES`. */
const CHECKS: readonly HoldCheck[] = [
  isDowngrade,
  isAlreadyNotified,
  needsApproval,
  waitsForNextAttempt,
  waitsForGate,
];

export function firstHold(context: GateContext, record: PromotionStatus): Hold | undefined {
  for (const check of CHECKS) {
    const hold = check(context, record);
    if (hold) return hold;
  }
  return undefined;
}

function isDowngrade(context: GateContext, record: PromotionStatus): Hold | undefined {
  const message = isByHand(record) ? undefined : downgrade(context, record.revision);
  return message === undefined ? undefined : { kind: 'hold', change: { by: 'downgrade', message } };
}

function isAlreadyNotified(context: GateContext, record: PromotionStatus): Hold | undefined {
  return isNotified(context, record) ? { kind: 'rest' } : undefined;
}

/** A notification is raised once; others do the promotion, and the next deployment ends it. */
export function isNotified({ pipeline, environment }: GateContext, record: PromotionStatus): boolean {
  const strategy = promotionInto(pipeline.spec, environment)?.strategy;
  return record.phase === 'Promoting' && strategy?.notification !== undefined;
}

/**
 * The approval is requested before the other gates: it can be given at any time, and is kept while they hold. The
 * approver sees what else holds. No approval is requested for a revision that may never pass.
 */
function needsApproval(context: GateContext, record: PromotionStatus): Hold | undefined {
  const { pipeline, environment } = context;
  if (!isManual(pipeline.spec, environment) || record.approvedBy !== undefined) return undefined;
  const gate = closedGate(context, record);
  if (gate?.heldBy === 'Versions') return held(gate);
  const asks = `Waits for an approval of ${shortRevision(record.revision)}`;
  if (gate) return held(gate, 'approvalNeeded', `${asks}, and ${gate.until}.`);
  return { kind: 'hold', change: { by: 'approvalNeeded', message: `${asks}.` } };
}

function waitsForNextAttempt({ requested, now }: GateContext, record: PromotionStatus): Hold | undefined {
  if (requested || record.nextAttemptAt === undefined) return undefined;
  const seconds = (Date.parse(record.nextAttemptAt) - now.getTime()) / 1000;
  return seconds > 0 ? { kind: 'rest', wakeAfter: seconds } : undefined;
}

function waitsForGate(context: GateContext, record: PromotionStatus): Hold | undefined {
  const gate = closedGate(context, record);
  return gate && held(gate);
}

/** A gate that is closed. */
export interface Gate {
  readonly heldBy: HeldBy;
  /** `until …`: the rest of a sentence that begins with the waiting subject. */
  readonly until: string;
  /** Seconds until it opens, if known. */
  readonly wakeAfter?: number;
}

function held(
  { until, heldBy, wakeAfter }: Gate,
  by: Holding['by'] = 'held',
  message = `Waits ${until}.`,
): Hold {
  return { kind: 'hold', change: { by, message, heldBy }, ...(wakeAfter !== undefined && { wakeAfter }) };
}

/** The gates of the spec, in their order: the first closed one is the one that the status names. */
const GATES = [isSuspended, admitsOtherVersions, hasNewerTarget, hasNotSoaked, isOutsideWindow];

/** A promotion by hand passes the gates on its age and its version, and waits for the rest. */
const GATES_BY_HAND = [isSuspended, isOutsideWindow];

/** The first gate that is closed. */
export function closedGate(context: GateContext, record: PromotionStatus): Gate | undefined {
  for (const gate of isByHand(record) ? GATES_BY_HAND : GATES) {
    const closed = gate(context, record);
    if (closed) return closed;
  }
  return undefined;
}

export function isByHand(record: PromotionStatus): boolean {
  return record.requestedBy !== undefined;
}

function isSuspended({ pipeline }: GateContext): Gate | undefined {
  if (!pipeline.spec.suspend) return undefined;
  return { heldBy: 'Suspended', until: 'until the Pipeline is no longer suspended' };
}

function admitsOtherVersions(context: GateContext, { revision }: PromotionStatus): Gate | undefined {
  const problem = versionProblem(gatesInto(context), revision);
  if (problem === undefined) return undefined;
  return { heldBy: 'Versions', until: `for another revision: ${shortRevision(revision)} ${problem}` };
}

/** A target is not downgraded by itself: the promotion in progress waits for the end of the newer one. */
function hasNewerTarget(
  { environment, state }: GateContext,
  { revision }: PromotionStatus,
): Gate | undefined {
  const newer = newerThere(revision, state);
  if (newer === undefined) return undefined;
  const until = `until no target of ${environment.name} runs ${shortRevision(newer)}, which is newer than ${shortRevision(revision)}`;
  return { heldBy: 'NewerTarget', until };
}

function hasNotSoaked(context: GateContext, { revision }: PromotionStatus): Gate | undefined {
  const end = soakEnd(context, revision);
  if (end === undefined) return undefined;
  if (!Number.isFinite(end)) {
    const { name } = context.previous;
    const until = `for another revision: ${shortRevision(revision)} left ${name} before it had been healthy there for ${gatesInto(context).soak}`;
    return { heldBy: 'Soak', until };
  }
  const what = `${shortRevision(revision)} has been healthy in ${context.previous.name} for ${gatesInto(context).soak}`;
  return { heldBy: 'Soak', until: `until ${shown(end)}, when ${what}`, wakeAfter: secondsTo(end, context) };
}

function isOutsideWindow(context: GateContext): Gate | undefined {
  const opening = openingNow(context);
  if (!opening || opening.open) return undefined;
  const { name } = context.environment;
  const { opensAt, isDenied = false, reason } = opening;
  const why = reason === undefined ? '' : ` (${escapeControls(reason)})`;
  if (opensAt === undefined) {
    const what = isDenied ? `a window that keeps promotions from ${name} ends` : `a window of ${name} opens`;
    return { heldBy: 'Window', until: `until ${what}${why}` };
  }
  const what = isDenied ? `promotions into ${name} may pass again` : `the next window of ${name} opens`;
  const until = `until ${shown(opensAt)}, when ${what}${why}`;
  return { heldBy: 'Window', until, wakeAfter: secondsTo(opensAt, context) };
}

/** Seconds until a window ends or begins: an open pull request may then have to show that it may not be merged. */
export function windowEnd(context: GateContext): number | undefined {
  const opening = openingNow(context);
  if (!opening?.open || opening.closesAt === undefined) return undefined;
  return secondsTo(opening.closesAt, context);
}

/** Returns undefined without windows. */
function openingNow(context: GateContext): Opening | undefined {
  const { windows: list = [] } = gatesInto(context);
  return list.length > 0 ? openingOf(list, context.now.getTime()) : undefined;
}

function shown(instant: number): string {
  return wholeSeconds(new Date(instant).toISOString());
}
