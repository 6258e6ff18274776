import type { EnvironmentStatus, Pipeline, PromotionStatus } from '../../api/pipeline.ts';
import { isUnfinished } from '../model/phase.ts';
import { isSame, revisionOf, shortRevision } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import { deployedRevision, environmentStatus, recordedPromotion } from '../model/state.ts';
import { waitsForMerge } from './result.ts';

/**
 * Says in one sentence what `spec.environments[index]` waits for, or why it makes no progress: the promotion into it
 * that is in progress, else the fault of the application there, else the last result.
 */
export function waitsFor({ spec, status }: Pipeline, index: number): string {
  const environment = spec.environments[index];
  if (!environment) return '';
  const state = environmentStatus(status, environment.name);
  const promotion = recordedPromotion(state);
  if (promotion && isUnfinished(promotion)) return messageOf(promotion);
  const fault = applicationFault(state);
  if (fault !== undefined) return fault;
  const previous = spec.environments[index - 1];
  if (!previous) return 'Waits for the next deployment.';
  if (!promotionInto(spec, environment)) return `No promotion is configured for ${environment.name}.`;
  const before = environmentStatus(status, previous.name);
  if (before.targets && deployedRevision(before) === undefined) {
    return `Waits until ${previous.name} is ready at one revision.`;
  }
  if (promotion?.message && isLastWord(promotion, before)) return promotion.message;
  return `Waits for the next revision in ${previous.name}.`;
}

/** True for a rejected or an unneeded revision, until the previous environment has another one. */
function isLastWord({ phase, revision }: PromotionStatus, previous: EnvironmentStatus): boolean {
  return phase !== 'Succeeded' && isSame(deployedRevision(previous), revision);
}

/** Only a promotion that has not been reconciled since it was recorded has no message. */
function messageOf({ phase, revision, message, pullRequest }: PromotionStatus): string {
  if (message) return message;
  if (phase === 'WaitingApproval') return `Waits for an approval of ${shortRevision(revision)}.`;
  if (phase === 'PullRequestOpen' && pullRequest) {
    return waitsForMerge(pullRequest);
  }
  return `${shortRevision(revision)} is promoted next.`;
}

function applicationFault({ targets, deployment }: EnvironmentStatus): string | undefined {
  const target = targets?.find(({ ready }) => !ready);
  if (target) return `${target.namespace ?? 'A target'}: ${target.error ?? 'not ready yet.'}`;
  if (deployment?.phase !== 'Failed') return undefined;
  const reason = deployment.message ?? 'no reason given.';
  return `The deployment of ${shortRevision(revisionOf(deployment) ?? '')} failed: ${reason}`;
}
