import type { Environment, PipelineStatus, PromotionStatus } from '../../api/pipeline.ts';
import { availableRevision } from '../gates/available.ts';
import { candidateOf, objectionTo, rolledBack, soakEnd, wentBack } from '../gates/candidate.ts';
import { firstHold, isByHand, isNotified, windowEnd } from '../gates/gates.ts';
import { secondsTo } from '../gates/seconds.ts';
import { hintEnd } from '../model/event-grace.ts';
import { BEFORE_MERGE, type In, isIn, isUnfinished, type Tryable, type Unfinished } from '../model/phase.ts';
import { fullestOf, isSame, revisionOf, shortRevision } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import {
  broughtRevision,
  commonRevision,
  deployedRevision,
  environmentStatus,
  executionOf,
  isDeployed,
  newPromotion,
  openPullRequest,
  recordedPromotion,
} from '../model/state.ts';
import { followPullRequest } from './follow.ts';
import { TRANSITIONS } from './phases.ts';
import { mergeShown } from './poll.ts';
import { foundMerged, withPullRequestState } from './pull-request-state.ts';
import {
  applicationPoll,
  type Context,
  changed,
  type Decision,
  pollAfter,
  type Situation,
  type Step,
  transition,
  wakeBy,
} from './step.ts';

export type { Decision, PullRequestState, Situation, Step } from './step.ts';

/**
 * Decides the step for each environment from the record and the observations. Pure: the same input always gives the
 * same steps. Steps that rest are included, for their `wakeAfter`.
 */
export function nextSteps(situation: Situation): Record<string, Decision> {
  const { environments } = situation.pipeline.spec;
  const steps: Record<string, Decision> = {};
  for (const [index, environment] of environments.entries()) {
    const previous = environments[index - 1];
    if (!previous) {
      steps[environment.name] = firstEnvironment(situation, environment);
      continue;
    }
    if (isLeaving(situation.pipeline.status, environment.name)) {
      steps[environment.name] = { kind: 'rest' };
      continue;
    }
    const available = availableRevision(situation.pipeline, index - 1);
    steps[environment.name] = decide(contextOf(situation, previous, environment), available);
  }
  return steps;
}

/**
 * True while a pull request of the environment is to be closed in its former repository: a person may have closed it
 * before, which rejects the next revision. The promotion waits for one attempt, not for a forge that is away.
 */
function isLeaving({ abandoned = [] }: PipelineStatus, environment: string): boolean {
  return abandoned.some((one) => one.environment === environment && one.problem === undefined);
}

function decide(context: Context, available: string | undefined): Decision {
  const before = context.state;
  const state = withPullRequestState(context);
  const promotion = recordedPromotion(state);
  const step = nextStep({ ...context, state }, available);
  const isMoved = step.kind === 'rest' && promotion !== undefined && promotion !== recordedPromotion(before);
  const recorded = isMoved ? ({ ...step, kind: 'record', promotion } as const) : step;
  // A finished promotion frees its place. The next revision may be deployed already, and no event announces it again.
  const ends = recorded.kind === 'record' && !isUnfinished(recorded.promotion);
  const rejected = state.rejected === before.rejected ? {} : { rejected: state.rejected ?? [] };
  const merged = foundMerged(context);
  const wakeAfter = showsGates(promotion) ? windowEnd(context) : undefined;
  return { ...wakeBy(recorded, ends ? 0 : wakeAfter), ...rejected, ...(merged !== undefined && { merged }) };
}

function showsGates(promotion: PromotionStatus | undefined): boolean {
  return promotion !== undefined && isUnfinished(promotion) && openPullRequest(promotion) !== undefined;
}

export function contextOf(situation: Situation, previous: Environment, environment: Environment): Context {
  const { status } = situation.pipeline;
  return {
    ...situation,
    previous,
    previousState: environmentStatus(status, previous.name),
    environment,
    state: environmentStatus(status, environment.name),
  };
}

/** Nothing is promoted into the first environment: only the remains of an earlier order of the spec are ended. */
function firstEnvironment({ pipeline, now }: Situation, environment: Environment): Step {
  const record = recordedPromotion(environmentStatus(pipeline.status, environment.name));
  if (!record || !isUnfinished(record)) return { kind: 'rest' };
  const message = `${environment.name} is the first environment now: nothing is promoted into it.`;
  return { kind: 'record', promotion: transition(record, { by: 'nowFirst', message }, now) };
}

function nextStep(context: Context, available: string | undefined): Step {
  const record = inFull(recordedPromotion(context.state), available);
  if (record && isIn(record, ['Rejected']) && isSame(deployedRevision(context.state), record.revision)) {
    // A revision that runs there was brought there: the rejection is removed.
    return changed(context, record, { by: 'deployed' });
  }
  const settled = record && isUnfinished(record) ? settle(context, record) : undefined;
  if (settled) return settled;
  const wanted = candidateOf(context, available, record);
  const end = record && wanted === undefined ? endRolledBack(context, record) : undefined;
  if (end) return end;
  if (record && isCandidate(record, wanted)) {
    return wakeForNewer(context, available, record, advance(context, record));
  }
  if (wanted !== undefined) return start(context, wanted, record);
  return record ? waitUntilDeployed(context, record) : { kind: 'rest' };
}

/** The revision may have more details than at the time of the record, such as its digest. */
function inFull(record: PromotionStatus | undefined, available: string | undefined) {
  if (!record || !isUnfinished(record) || !isSame(record.revision, available)) return record;
  const revision = fullestOf([record.revision, available]);
  return revision === undefined || revision === record.revision ? record : { ...record, revision };
}

/** Ends a promotion for reasons that do not depend on the previous environment's present revision. */
function settle(context: Context, record: In<Unfinished>): Step | undefined {
  if (isDeployed(context.state, record)) {
    const { nextAttemptAt: _, ...rest } = record;
    const close = `${context.environment.name} already runs ${shortRevision(record.revision)}.`;
    const message = otherDigest(context, record);
    return changed(context, rest, { by: 'deployed', close, ...(message !== undefined && { message }) });
  }
  if (!promotionInto(context.pipeline.spec, context.environment)) {
    const message = `No promotion is configured for ${context.environment.name}.`;
    return changed(context, record, { by: 'unconfigured', message });
  }
  if (isByHand(record)) return advance(context, record);
  const back = wentBack(context, record);
  if (back === undefined || record.phase === 'Merged') return undefined;
  return changed(context, record, { by: 'wentOn', message: back });
}

/** The version has arrived, with the digest that another registry gave it. */
function otherDigest({ environment, state }: Context, { revision }: PromotionStatus): string | undefined {
  const runs = commonRevision(state.targets);
  if (runs === undefined || isSame(runs, revision)) return undefined;
  return `${environment.name} runs ${shortRevision(runs)}, and ${shortRevision(revision)} was promoted: the digests differ.`;
}

/** An open pull request is followed while the previous environment does not run one revision. */
function isCandidate(record: PromotionStatus, wanted: string | undefined): boolean {
  if (wanted === undefined) return isUnderWay(record);
  return isSame(record.revision, wanted) && record.phase !== 'Superseded';
}

function isUnderWay({ phase }: PromotionStatus): boolean {
  return phase === 'PullRequestOpen' || phase === 'Merged';
}

/**
 * Ends the promotion of a revision that the previous environment rolled back from. A merge or a notification cannot be
 * undone.
 */
function endRolledBack(context: Context, record: PromotionStatus): Step | undefined {
  if (!isIn(record, BEFORE_MERGE) || isNotified(context, record)) return undefined;
  const message = rolledBack(context, record);
  return message === undefined ? undefined : changed(context, record, { by: 'rolledBack', message });
}

function mergedAndBack({ previous, environment }: Context, { revision }: PromotionStatus): string {
  const short = shortRevision(revision);
  return `${short} is merged, but was rolled back in ${previous.name}: revert the merge to keep it from ${environment.name}.`;
}

/** The newer one may pass its soak time while an older revision keeps its place. */
function wakeForNewer(
  context: Context,
  available: string | undefined,
  record: PromotionStatus,
  step: Step,
): Step {
  if (available === undefined || isSame(available, record.revision)) return step;
  const end = soakEnd(context, available);
  return wakeBy(step, end === undefined ? undefined : secondsTo(end, context));
}

/** The previous environment does not run one revision: the record keeps its place and names what it waits for. */
function waitUntilDeployed(context: Context, record: PromotionStatus): Step {
  if (!isIn(record, TRANSITIONS.previousNotReady.from)) return { kind: 'rest' };
  if (isNotified(context, record)) return { kind: 'rest' };
  const message = `Waits until ${context.previous.name} is ready at ${shortRevision(record.revision)}: ${whyNotReady(context)}`;
  const change = { by: 'previousNotReady', message, heldBy: 'PreviousEnvironment' } as const;
  return changed(context, record, change, untilReady(context, record));
}

function whyNotReady({ previous, previousState }: Context): string {
  const target = previousState.targets?.find((one) => !one.ready);
  if (target) return `${target.namespace ?? previous.name}: ${target.error ?? 'not ready yet.'}`;
  return 'its targets run different revisions.';
}

/** Also wakes when the last event is old enough for the application to overrule it. */
function untilReady(context: Context, record: PromotionStatus): number {
  const poll = pollAfter(context, record, applicationPoll(context.previous));
  const end = hintEnd(context.previousState, context.now);
  return end === undefined ? poll : Math.min(poll, secondsTo(end, context));
}

/** The previous environment has another revision for this one than the recorded one. */
function start(context: Context, wanted: string, record: PromotionStatus | undefined): Step {
  const { now, previous, previousState } = context;
  if (record && isUnfinished(record) && hintEnd(previousState, now) !== undefined) {
    const reported = shortRevision(revisionOf(previousState.deployment ?? {}) ?? record.revision);
    const message = `An event says that ${previous.name} runs ${reported}; its application does not show it yet.`;
    const change = { message, heldBy: 'PreviousEnvironment' } as const;
    return changed(context, record, change, untilReady(context, record));
  }
  if (!promotionInto(context.pipeline.spec, context.environment)) return { kind: 'rest' };
  // The merge may have been reverted, which is checked before another revision replaces it.
  const shown = record ? mergeShown(record) : 0;
  if (now.getTime() < shown) return { kind: 'rest', wakeAfter: secondsTo(shown, context) };
  const objection = objectionTo(context, wanted);
  if (!objection) return advance(context, newPromotion(wanted, record, now));
  const { message, by } = objection;
  if (by && !isSame(record?.revision, wanted)) {
    const begun = newPromotion(wanted, record, now);
    return { kind: 'record', promotion: transition(begun, { by, message, close: message }, now) };
  }
  if (!record || !isUnfinished(record)) return { kind: 'rest' };
  const end = endRolledBack(context, record);
  if (end) return end;
  const why = record.phase === 'Merged' ? mergedAndBack(context, record) : message;
  return changed(context, record, { by: 'replaced', message: why });
}

/** The recorded revision is the one to promote. */
function advance(context: Context, record: PromotionStatus): Step {
  if (!isUnfinished(record)) return { kind: 'rest' };
  switch (record.phase) {
    case 'PullRequestOpen':
    case 'Merged':
      return followPullRequest(context, record, (again) => tryPromotion(context, again));
    case 'Pending':
    case 'WaitingApproval':
    case 'Promoting':
    case 'Failed':
      return tryPromotion(context, record);
  }
}

function tryPromotion(context: Context, record: In<Tryable>): Step {
  const hold = firstHold(context, record);
  if (hold?.kind === 'rest') return hold.wakeAfter === undefined ? { kind: 'rest' } : hold;
  const { nextAttemptAt: _, ...waiting } = record;
  if (hold) return changed(context, waiting, hold.change, hold.wakeAfter);
  // A notification counts as raised from the phase Promoting on, so until then it stays Pending.
  const strategy = promotionInto(context.pipeline.spec, context.environment)?.strategy;
  const by = strategy?.notification ? 'notifying' : 'attempted';
  const attempts = (record.attempts ?? 0) + 1;
  const promotion = transition(waiting, { by, attempts }, context.now);
  return { kind: 'promote', promotion: withWrittenTag(promotion, context) };
}

/**
 * A chart's tag may be found after its digest was written alone: a revision in a pull request, or merged, is compared
 * with the written text.
 */
function withWrittenTag(promotion: PromotionStatus, { pipeline }: Context): PromotionStatus {
  const isOpen = promotion.pullRequest && promotion.pullRequest.endedAt === undefined;
  // The pull request of an older revision says nothing of how this one is written.
  if (isOpen && isSame(broughtRevision(promotion), promotion.revision)) return promotion;
  const { writtenTag: _, ...rest } = promotion;
  const { tag } = executionOf(pipeline.status.executions, promotion.revision) ?? {};
  return tag === undefined ? rest : { ...rest, writtenTag: tag };
}
