import type { Deployment, Pipeline, PipelineStatus } from '../../api/pipeline.ts';
import { isSame as isSameRevision, revisionOf } from '../model/revision.ts';
import { environmentStatus } from '../model/state.ts';

/** A deployment that succeeded, and whose start was observed. RFC 3339. */
export interface FinishedDeployment {
  readonly environment: string;
  readonly startedAt: string;
  /** Absent: it was not observed before. */
  readonly endedAt?: string;
}

/** The deployments that succeeded between the two states. */
export function finishedDeployments(
  { spec, status }: Pipeline,
  before: PipelineStatus,
): FinishedDeployment[] {
  return spec.environments.flatMap(({ name }) => {
    const { deployment } = environmentStatus(status, name);
    if (deployment?.phase !== 'Succeeded' || deployment.startedAt === undefined) return [];
    if (isSame(deployment, environmentStatus(before, name).deployment)) return [];
    const { startedAt, observedAt, source } = deployment;
    return [{ environment: name, startedAt, ...(source === 'webhook' && { endedAt: observedAt }) }];
  });
}

/** A revision may be deployed twice, with another chart or other values: then its start differs. */
function isSame(deployment: Deployment, before: Deployment | undefined): boolean {
  const { phase, startedAt } = deployment;
  if (phase !== before?.phase || startedAt !== before.startedAt) return false;
  return isSameRevision(revisionOf(deployment), revisionOf(before));
}
