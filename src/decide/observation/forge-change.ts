import type { EnvironmentStatus, Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { isUnfinished } from '../model/phase.ts';
import { environmentStatus, openPullRequest, withEnvironment } from '../model/state.ts';

/** A forge's word that a pull request changed, for the environments whose Secret it proved to know. */
export interface ForgeChange {
  /** Of the pull request. */
  readonly number: number;
  readonly environments: readonly string[];
}

/** Without `status` there is nothing to write. */
export interface ChangeReceipt {
  readonly outcome: 'accepted' | 'unchanged';
  /** Those whose pull request it is. */
  readonly environments: readonly string[];
  readonly status?: PipelineStatus;
}

/**
 * Notes that the forge reported a pull request that is waited for. What became of it is not believed: whoever
 * sees the note asks the forge itself. None is left out for having come soon after another one, for the forge may
 * have been asked in between.
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

/** One that is open, in whatever phase its promotion is, and one that was closed and may be opened again. */
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

/** Nobody hears of a write that changes nothing. */
function otherInstant(now: Date, before: string | undefined): string {
  const at = now.toISOString();
  return at === before ? new Date(now.getTime() + 1).toISOString() : at;
}
