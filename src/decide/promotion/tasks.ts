import type { Environment, PipelineStatus, PromotionStatus, PullRequestRef } from '../../api/pipeline.ts';
import { GATES_OPEN } from '../../lib/forges/pure.ts';
import { availableRevision } from '../gates/available.ts';
import { candidateOf, gatesInto } from '../gates/candidate.ts';
import { closedGate, type Gate, isByHand } from '../gates/gates.ts';
import { secondsTo } from '../gates/seconds.ts';
import { isUnfinished } from '../model/phase.ts';
import { isSame } from '../model/revision.ts';
import { environmentIndex, isManual, promotionInto } from '../model/route.ts';
import { broughtRevision, environmentStatus, openPullRequest, ownValue } from '../model/state.ts';
import { unneeded } from './abandon.ts';
import { contextOf } from './next.ts';
import type { Context, Situation } from './step.ts';
import type { PullRequestTask, PullRequestTasks } from './task.ts';

export function tasksFor(situation: Situation): PullRequestTasks[] {
  const { spec, status } = situation.pipeline;
  const recorded = spec.environments.flatMap((environment, index) => {
    const record = environmentStatus(status, environment.name).promotion;
    const pullRequest = record && openPullRequest(record);
    if (!pullRequest) return [];
    const previous = spec.environments[index - 1];
    const tasks = closing(pullRequest) ?? (previous ? openTasks(situation, previous, environment) : []);
    return tasks.length > 0 ? [{ environment: environment.name, pullRequest, tasks }] : [];
  });
  const abandoned = unneeded(status).flatMap(({ environment, pullRequest, final, nextAttemptAt }) => {
    const isDue = !final && !(Date.parse(nextAttemptAt ?? '') > situation.now.getTime());
    const tasks = isDue || situation.requested ? closing(pullRequest) : undefined;
    return tasks ? [{ environment, pullRequest, tasks }] : [];
  });
  return [...recorded, ...abandoned];
}

/** Seconds until the next attempt to close an abandoned pull request that could not be closed. */
export function closingDue(status: PipelineStatus, now: Date): number | undefined {
  const times = unneeded(status).flatMap(({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? '') || []);
  return times.length === 0 ? undefined : secondsTo(Math.min(...times), { now });
}

function closing({ closing: reason, scheduled }: PullRequestRef): PullRequestTask[] | undefined {
  if (reason === undefined) return undefined;
  return [...(scheduled ? [CANCEL] : []), { kind: 'close', reason }];
}

const CANCEL: PullRequestTask = { kind: 'cancel-merge' };

/** The gates count for the revision that the pull request brings, even if another revision has the record. */
function openTasks(situation: Situation, previous: Environment, environment: Environment): PullRequestTask[] {
  const context = contextOf(situation, previous, environment);
  const record = context.state.promotion;
  const pullRequest = record?.pullRequest;
  const revision = record && broughtRevision(record);
  if (!pullRequest || revision === undefined || !isUnfinished(record)) return [];
  const gate = closedGate(context, { ...record, revision });
  const check: PullRequestTask = gate
    ? { kind: 'check', state: 'pending', description: `Waits ${gate.until}.` }
    : { kind: 'check', state: 'success', description: GATES_OPEN };
  const isReported = pullRequest.commit === undefined || pullRequest.checked === check.state;
  if (isReported) return mergeTasks(context, record, gate);
  // A process that ended right after it had asked the forge for an auto-merge did not record that.
  const mayBeScheduled = (gate || pullRequest.others) && isAuto(context) && !pullRequest.scheduled;
  // The cancellation goes first: no task requests it any more once the status is set.
  return [...(mayBeScheduled ? [CANCEL] : []), check, ...mergeTasks(context, record, gate)];
}

function mergeTasks(context: Context, record: PromotionStatus, gate: Gate | undefined): PullRequestTask[] {
  const isMeant = !gate && mayMerge(context, record);
  if (!isMeant) return record.pullRequest?.scheduled ? [CANCEL] : [];
  // A head or a base that has moved is checked first.
  const says = ownValue(context.pullRequests, context.environment.name);
  // The forge would merge the pushes of others, even if the request for an auto-merge was not recorded.
  if (says === 'moved') return [CANCEL];
  if (says !== 'open') return [];
  // A forge with auto-merge has no windows.
  const method = pullRequestSettings(context)?.mergeMethod;
  return [{ kind: 'merge', mayWait: !gatesInto(context).windows?.length, ...(method && { method }) }];
}

function isAuto(context: Context): boolean {
  return pullRequestSettings(context)?.merge === 'auto';
}

function pullRequestSettings({ pipeline, environment }: Context) {
  return promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
}

/**
 * Turnpike merges only its own commits, and only the previous environment's revision for this one: not a revision that
 * a newer one has replaced, and none while the previous environment is not ready at it.
 */
function mayMerge(context: Context, record: PromotionStatus): boolean {
  const { pipeline, previous, environment } = context;
  if (!isAuto(context) || record.phase !== 'PullRequestOpen') return false;
  if (record.pullRequest?.others || !isSame(broughtRevision(record), record.revision)) return false;
  if (isManual(pipeline.spec, environment) && record.approvedBy === undefined) return false;
  if (isByHand(record)) return true;
  const available = availableRevision(pipeline, environmentIndex(pipeline.spec, previous.name));
  return available !== undefined && isSame(candidateOf(context, available, record), record.revision);
}
