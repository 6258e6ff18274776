import type { Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { isSame, shortRevision } from '../model/revision.ts';
import { environmentStatus, recordedPromotion, withEnvironment, withPromotion } from '../model/state.ts';

/** Who approves what; `by` is for people. */
export interface Approval {
  readonly environment: string;
  readonly revision: string;
  readonly by: string;
}

/** The status with the approval recorded; undefined when this is not what waits. */
export function approve(pipeline: Pipeline, approval: Approval, now: Date): PipelineStatus | undefined {
  const state = environmentStatus(pipeline.status, approval.environment);
  const waiting = recordedPromotion(state);
  if (waiting?.phase !== 'WaitingApproval' || !isSame(waiting.revision, approval.revision)) return undefined;
  const approved = withPromotion(state, {
    ...waiting,
    phase: 'Pending',
    approvedBy: approval.by,
    updatedAt: now.toISOString(),
    message: `${shortRevision(waiting.revision)} is approved; it is carried out next.`,
  });
  return withEnvironment(pipeline.status, approval.environment, approved);
}
