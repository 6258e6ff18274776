import type { Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { isIn } from '../model/phase.ts';
import { isSame, shortRevision } from '../model/revision.ts';
import { environmentStatus, recordedPromotion, withEnvironment, withPromotion } from '../model/state.ts';
import { transition } from '../promotion/step.ts';

/** An approval of a revision for an environment; `by` is for people. */
export interface Approval {
  readonly environment: string;
  readonly revision: string;
  readonly by: string;
}

/** The status with the approval recorded; undefined if this revision does not wait for one. */
export function approve(pipeline: Pipeline, approval: Approval, now: Date): PipelineStatus | undefined {
  const state = environmentStatus(pipeline.status, approval.environment);
  const waiting = recordedPromotion(state);
  if (!waiting || !isIn(waiting, ['WaitingApproval'])) return undefined;
  if (!isSame(waiting.revision, approval.revision)) return undefined;
  const message = `${shortRevision(waiting.revision)} is approved; it is promoted next.`;
  const change = { by: 'approved', message, ...(waiting.heldBy && { heldBy: waiting.heldBy }) } as const;
  const approved = transition({ ...waiting, approvedBy: approval.by }, change, now);
  return withEnvironment(pipeline.status, approval.environment, withPromotion(state, approved));
}
