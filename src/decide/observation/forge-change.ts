import type { EnvironmentStatus, Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { isUnfinished } from '../model/phase.ts';
import { environmentStatus, openPullRequest, withEnvironment } from '../model/state.ts';

/** A forge's report that a pull request changed, for the environments whose Secret signed it. */
export interface ForgeChange {
  /** The number of the pull request. */
  readonly number: number;
  readonly environments: readonly string[];
}

/** No `status`: there is nothing to write. */
export interface ChangeReceipt {
  readonly outcome: 'accepted' | 'unchanged';
  /** The environments that the pull request belongs to. */
  readonly environments: readonly string[];
  readonly status?: PipelineStatus;
}

/**
 * Records that the forge reported a pull request that is waited for. The reported state is not trusted: the reconcile
 * that sees the record asks the forge. A report soon after another one is recorded too, for the forge may have been
 * asked in between.
 */
export function receiveChange({ status }: Pipeline, change: ForgeChange, now: Date): ChangeReceipt {
  const environments = change.environments.filter((name) =>
    isWaitedFor(environmentStatus(status, name), change.number),
  );
  if (environments.length === 0) return { outcome: 'unchanged', environments };
  return {
    outcome: 'accepted',
    environments,
    status: environments.reduce((before, name) => withNote(before, name, now), status),
  };
}

/** True for a pull request that is open, in any phase of its promotion, and for a closed one that may be reopened. */
function isWaitedFor({ promotion }: EnvironmentStatus, number: number): boolean {
  const { pullRequest } = promotion ?? {};
  if (!promotion || pullRequest?.number !== number) return false;
  if (pullRequest.closing !== undefined || pullRequest.endedAt !== undefined) return false;
  return (
    promotion.phase === 'Rejected' || (isUnfinished(promotion) && openPullRequest(promotion) !== undefined)
  );
}

function withNote(status: PipelineStatus, environment: string, now: Date): PipelineStatus {
  const state = environmentStatus(status, environment);
  const { promotion } = state;
  if (!promotion?.pullRequest) return status;
  const changedAt = otherInstant(now, promotion.pullRequest.changedAt);
  const pullRequest = { ...promotion.pullRequest, changedAt };
  return withEnvironment(status, environment, { ...state, promotion: { ...promotion, pullRequest } });
}

/** Makes the time differ, as a write that changes nothing raises no watch event. */
function otherInstant(now: Date, before: string | undefined): string {
  const at = now.toISOString();
  return at === before ? new Date(now.getTime() + 1).toISOString() : at;
}
