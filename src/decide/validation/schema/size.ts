import type { PipelineSpec } from '../../../api/pipeline.ts';
import { leastStatusBytes, MAX_STATUS_BYTES } from '../../model/status-size.ts';
import type { FieldProblem } from '../problem.ts';

/** Limits the size of the status: all targets of a Pipeline are in one object, which etcd and each write must carry. */
export function sizeProblems(
  spec: PipelineSpec,
  { namespace, name }: { namespace: string; name: string },
): FieldProblem[] {
  const bytes = leastStatusBytes(spec, `${namespace}-${name}`);
  if (bytes <= MAX_STATUS_BYTES) return [];
  const targets = spec.environments.reduce((count, one) => count + one.targets.length, 0);
  const message = `The state of ${targets} targets in ${spec.environments.length} environments may take ${kilobytes(bytes)} KB, and there is room for ${kilobytes(MAX_STATUS_BYTES)} KB: split it into several Pipelines, or use fewer targets.`;
  return [{ rule: 'status-size', field: 'spec.environments', message }];
}

/** Estimates in steps of ten. */
function kilobytes(bytes: number): number {
  return Math.ceil(bytes / 10_000) * 10;
}
