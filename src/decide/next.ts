import type { Environment, EnvironmentStatus, Pipeline, PromotionStatus } from '../api/pipeline.ts';
import { isFreshHint } from './fold.ts';
import { firstHold, isNotified } from './gates.ts';
import { newerThere, shortRevision } from './revision.ts';
import { promotionInto } from './route.ts';
import { deployedRevision, environmentStatus, isUnfinished, recordedPromotion } from './state.ts';

/**
 * What is to be done for each environment, given what is recorded and was seen. Pure: the same input
 * always gives the same steps.
 */

export type PullRequestState = 'open' | 'merged' | 'closed' | 'missing';

export interface Situation {
  readonly pipeline: Pipeline;
  /** What the forge says of the recorded pull requests, by environment, where it was asked. */
  readonly pullRequests: Readonly<Record<string, PullRequestState>>;
  /** Somebody changed the spec or asked for a reconciliation: waiting times are over. */
  readonly poked: boolean;
  readonly now: Date;
}

/**
 * `rest`: nothing changes. `record`: only the record changes. `promote`: record it, then act. `wakeAfter`
 * is in seconds: when to look again without any event.
 */
export type Step =
  | { readonly kind: 'rest'; readonly wakeAfter?: number }
  | { readonly kind: 'record'; readonly promotion: PromotionStatus; readonly wakeAfter?: number }
  | { readonly kind: 'promote'; readonly promotion: PromotionStatus };

/** How often what we wait for is looked at: at least and at most so many seconds apart. */
interface Poll {
  readonly min: number;
  readonly max: number;
}
const PULL_REQUEST_POLL: Poll = { min: 10, max: 120 };
const DEPLOYMENT_POLL: Poll = { min: 5, max: 60 };
const NOT_READY_POLL: Poll = { min: 2, max: 60 };

/** The steps by environment; those that rest are included, for their `wakeAfter`. */
export function nextSteps(situation: Situation): Record<string, Step> {
  const { environments } = situation.pipeline.spec;
  const steps: Record<string, Step> = {};
  for (const [index, environment] of environments.entries()) {
    const previous = environments[index - 1];
    steps[environment.name] = previous
      ? nextStep(contextOf(situation, previous, environment))
      : firstEnvironment(situation, environment);
  }
  return steps;
}

/** One environment's part of the situation. */
export interface Context extends Situation {
  readonly previous: Environment;
  readonly previousState: EnvironmentStatus;
  readonly environment: Environment;
  readonly state: EnvironmentStatus;
}

function contextOf(situation: Situation, previous: Environment, environment: Environment): Context {
  const { status } = situation.pipeline;
  return {
    ...situation,
    previous,
    previousState: environmentStatus(status, previous.name),
    environment,
    state: environmentStatus(status, environment.name),
  };
}

function nextStep(context: Context): Step {
  const { state, previousState } = context;
  const record = recordedPromotion(state);
  const deployed = deployedRevision(previousState);
  if (record && isUnfinished(record) && deployedRevision(state) === record.revision) {
    return changed(context, record, { phase: 'Succeeded' });
  }
  if (record && isUnderWay(record)) {
    if (deployed === undefined || deployed === record.revision) return followPullRequest(context, record);
  }
  if (deployed === undefined) return record ? waitUntilDeployed(context, record) : { kind: 'rest' };
  if (record?.revision === deployed && record.phase !== 'Superseded') return advance(context, record);
  return start(context, deployed, record);
}

/** Nothing is promoted into the first environment: only what an earlier order of the spec left is ended. */
function firstEnvironment({ pipeline, now }: Situation, environment: Environment): Step {
  const record = recordedPromotion(environmentStatus(pipeline.status, environment.name));
  if (!record || !isUnfinished(record)) return { kind: 'rest' };
  const message = `${environment.name} is the first environment now: nothing is promoted into it.`;
  return { kind: 'record', promotion: update(record, { phase: 'Superseded', message }, now) };
}

function isUnderWay(record: PromotionStatus): boolean {
  return record.phase === 'PullRequestOpen' || record.phase === 'Merged';
}

/** The previous environment is at no one revision: what is recorded keeps its place and says why it waits. */
function waitUntilDeployed(context: Context, record: PromotionStatus): Step {
  if (record.phase === 'WaitingApproval' || !isUnfinished(record)) return { kind: 'rest' };
  if (isNotified(context, record)) return { kind: 'rest' };
  const message = `Waits until ${context.previous.name} is ready at ${shortRevision(record.revision)}: ${whyNotReady(context)}`;
  return changed(context, record, { phase: 'Pending', message }, pollAfter(context, record, NOT_READY_POLL));
}

function whyNotReady({ previous, previousState }: Context): string {
  const target = previousState.targets?.find((one) => !one.ready);
  if (target) return `${target.namespace ?? previous.name}: ${target.error ?? 'not ready yet.'}`;
  return 'its targets run different revisions.';
}

/** The previous environment runs a revision that is not the recorded one. */
function start(context: Context, deployed: string, record: PromotionStatus | undefined): Step {
  const { state, now } = context;
  if (record && isUnfinished(record) && isFreshHint(context.previousState, now)) {
    const message = `An event says that ${context.previous.name} runs ${shortRevision(record.revision)}; its application does not show it yet.`;
    return changed(
      context,
      record,
      { phase: record.phase, message },
      pollAfter(context, record, NOT_READY_POLL),
    );
  }
  if (!promotionInto(context.pipeline.spec, context.environment)) return { kind: 'rest' };
  const needless = whyNeedless(context, deployed);
  if (needless === undefined) return advance(context, newPromotion(deployed, record, now));
  if (record && isUnfinished(record)) {
    return changed(context, record, { phase: 'Superseded', message: needless });
  }
  const newer = newerThere(deployed, state);
  if (!newer || record?.revision === deployed) return { kind: 'rest' };
  const promotion = { ...newPromotion(deployed, record, now), phase: 'Superseded' as const };
  return { kind: 'record', promotion: { ...promotion, message: needless } };
}

/** Why the revision that is deployed in the previous environment need not or must not come here. */
function whyNeedless({ previous, environment, state }: Context, deployed: string): string | undefined {
  if (state.targets?.length && state.targets.every((target) => target.revision === deployed)) {
    return `${previous.name} and ${environment.name} both run ${shortRevision(deployed)}.`;
  }
  const newer = newerThere(deployed, state);
  if (!newer) return undefined;
  return `${environment.name} runs ${newer}, which is newer than ${deployed}: a downgrade is not promoted by itself.`;
}

/** A revision takes the place of an older one; the pull request that is open already is kept for it. */
function newPromotion(revision: string, before: PromotionStatus | undefined, now: Date): PromotionStatus {
  const over = before?.phase === 'Succeeded' || before?.phase === 'Merged' || before?.phase === 'Rejected';
  const pullRequest = over ? undefined : before?.pullRequest;
  return {
    revision,
    phase: 'Pending',
    ...(pullRequest && { pullRequest }),
    startedAt: now.toISOString(),
    updatedAt: now.toISOString(),
  };
}

/** The recorded revision is what the previous environment runs. */
function advance(context: Context, record: PromotionStatus): Step {
  switch (record.phase) {
    case 'PullRequestOpen':
    case 'Merged':
      return followPullRequest(context, record);
    case 'Succeeded':
    case 'Rejected':
    case 'Superseded':
      return { kind: 'rest' };
    case 'Pending':
    case 'WaitingApproval':
    case 'Promoting':
    case 'Failed':
      return tryPromotion(context, record);
  }
}

function tryPromotion(context: Context, record: PromotionStatus): Step {
  const hold = firstHold(context, record);
  if (hold?.kind === 'rest') return { kind: 'rest', ...wake(hold.wakeAfter) };
  if (hold) {
    return changed(context, record, { phase: hold.phase, message: hold.message }, hold.wakeAfter);
  }
  const { nextAttemptAt: _, message: __, ...rest } = record;
  // A notification counts as raised from the phase Promoting on, so until then it stays Pending.
  const strategy = promotionInto(context.pipeline.spec, context.environment)?.strategy;
  const phase = strategy?.notification ? 'Pending' : 'Promoting';
  const attempts = (record.attempts ?? 0) + 1;
  return { kind: 'promote', promotion: update(rest, { phase, attempts }, context.now) };
}

function followPullRequest(context: Context, record: PromotionStatus): Step {
  const { environment, pullRequests } = context;
  const name = environment.name;
  const number = record.pullRequest ? `Pull request #${record.pullRequest.number}` : 'The change';
  if (record.phase === 'Merged') {
    const { deployment } = context.state;
    const failed = deployment?.phase === 'Failed' && deployment.revision === record.revision;
    const message = failed
      ? `${number} is merged, but the deployment to ${name} failed: ${deployment.message ?? 'no reason given.'}`
      : `${number} is merged; waits until ${name} is ready at ${shortRevision(record.revision)}.`;
    return changed(
      context,
      record,
      { phase: 'Merged', message },
      pollAfter(context, record, DEPLOYMENT_POLL),
    );
  }
  switch ((Object.hasOwn(pullRequests, name) ? pullRequests[name] : undefined) ?? 'open') {
    case 'merged': {
      const message = `${number} is merged; waits until ${name} is ready at ${shortRevision(record.revision)}.`;
      return changed(
        context,
        record,
        { phase: 'Merged', message },
        pollAfter(context, record, DEPLOYMENT_POLL),
      );
    }
    case 'closed': {
      const message = `${number} was closed without merging: ${shortRevision(record.revision)} is not promoted to ${name} again by itself.`;
      return changed(context, record, { phase: 'Rejected', message });
    }
    case 'missing': {
      const { pullRequest: _, ...rest } = record;
      return tryPromotion(context, { ...rest, phase: 'Pending' });
    }
    case 'open':
      return { kind: 'rest', wakeAfter: pollAfter(context, record, PULL_REQUEST_POLL) };
  }
}

/** The longer something has lasted, the less often it is looked at: a tenth of its age, within bounds. */
function pollAfter({ now }: Context, record: PromotionStatus, { min, max }: Poll): number {
  const age = (now.getTime() - Date.parse(record.updatedAt ?? now.toISOString())) / 1000;
  return Math.min(max, Math.max(min, age / 10));
}

type Change = Pick<PromotionStatus, 'phase'> & { message?: string; attempts?: number };

/** The record with a change; `updatedAt` moves when the phase does. */
export function update(record: PromotionStatus, change: Change, now: Date): PromotionStatus {
  const { message: _, ...rest } = record;
  const moved = record.phase !== change.phase || record.updatedAt === undefined;
  return { ...rest, ...change, ...(moved && { updatedAt: now.toISOString() }) };
}

function changed(context: Context, record: PromotionStatus, change: Change, wakeAfter?: number): Step {
  if (record.phase === change.phase && record.message === change.message && context.state.promotion) {
    return { kind: 'rest', ...wake(wakeAfter) };
  }
  return { kind: 'record', promotion: update(record, change, context.now), ...wake(wakeAfter) };
}

function wake(wakeAfter: number | undefined): { wakeAfter?: number } {
  return wakeAfter === undefined ? {} : { wakeAfter };
}
