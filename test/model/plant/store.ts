import type { PipelineStatus, StoredPipeline } from '../../../src/api/pipeline.ts';
import type { StatusStore } from '../../../src/decide/model/status-store.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { transitionProblem } from '../../fakes/phases.ts';
import type { Box } from './box.ts';

/** The one Pipeline, with the API server's rule for writing it. */
export function createStore(box: () => Box): StatusStore {
  const there = () => (box().deleted ? undefined : box().stored);
  return {
    get: () => there(),
    read: async () => there(),
    async applyStatus({ metadata }, status) {
      if (box().deleted) throw new TurnpikeError('ApiNotFound', 'It was deleted.');
      if (box().stored.metadata.resourceVersion !== metadata.resourceVersion) {
        throw new TurnpikeError('ApiConflict', 'Somebody else wrote it meanwhile.');
      }
      box().writes += 1;
      return save(box(), status);
    },
  };
}

export function save(box: Box, status: PipelineStatus): StoredPipeline {
  const { metadata, spec, status: before } = box.stored;
  for (const [environment, { promotion }] of Object.entries(status.environments ?? {})) {
    const problem = transitionProblem(before.environments?.[environment]?.promotion, promotion);
    if (problem !== undefined) box.problems.push(problem);
  }
  const resourceVersion = String(Number(metadata.resourceVersion) + 1);
  box.stored = { metadata: { ...metadata, resourceVersion }, spec, status };
  return box.stored;
}
