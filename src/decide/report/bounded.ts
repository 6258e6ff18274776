import type { EnvironmentStatus, PipelineSpec, PipelineStatus, PromotionStatus } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import { cut } from '../../lib/text/index.ts';
import { MAX_STATUS_BYTES } from '../model/status-size.ts';

/**
 * Keeps the status of a Pipeline with very many targets below the limits of etcd and the API server: first its long
 * texts are cut, then they are left out, then the history. Admission rejects a Pipeline that would not fit then.
 */

/** Bytes that the conditions add. */
const RESERVE = 10_000;
const TEXT_LENGTHS = [300, 100, 0] as const;
/** No status with fewer targets and environments comes near the bound. */
const MANY = 12;

export function bounded({ environments }: PipelineSpec, status: PipelineStatus): PipelineStatus {
  const targets = environments.reduce((sum, one) => sum + one.targets.length, 0);
  if (targets + environments.length < MANY) return status;
  let smaller = status;
  for (const length of TEXT_LENGTHS) {
    if (fits(smaller)) return smaller;
    smaller = withTexts(smaller, length);
  }
  return fits(smaller) ? smaller : withoutHistory(smaller);
}

function fits(status: PipelineStatus): boolean {
  return Buffer.byteLength(JSON.stringify(status)) < MAX_STATUS_BYTES - RESERVE;
}

function withTexts(status: PipelineStatus, length: number): PipelineStatus {
  const entries = Object.entries(status.environments ?? {}).map(([name, state]) => [
    name,
    shortened(state, length),
  ]);
  return { ...status, environments: Object.fromEntries(entries) };
}

function shortened(
  { targets, deployment, promotion, ...rest }: EnvironmentStatus,
  length: number,
): EnvironmentStatus {
  return {
    ...rest,
    ...defined({
      targets: targets?.map((one) => cutText(one, 'error', length)),
      deployment: deployment && cutText(deployment, 'message', length),
      promotion: promotion && withFailure(cutText(promotion, 'message', length), length),
    }),
  };
}

/** Keeps the failure in its shortest form. */
function withFailure(promotion: PromotionStatus, length: number): PromotionStatus {
  const { failure } = promotion;
  const most = Math.max(length, 50);
  if (!failure || failure.message.length <= most) return promotion;
  return {
    ...promotion,
    failure: { ...failure, message: cut(failure.message, most) },
  };
}

function cutText<Key extends string, T extends { readonly [K in Key]?: string | undefined }>(
  value: T,
  key: Key,
  length: number,
): T {
  const text = value[key];
  if (text === undefined || text.length <= length) return value;
  const { [key]: _, ...rest } = value;
  return (length === 0 ? rest : { ...value, [key]: cut(text, length) }) as T;
}

/** Keeps the running revisions and the promotions in progress. */
function withoutHistory(status: PipelineStatus): PipelineStatus {
  const entries = Object.entries(status.environments ?? {}).map(([name, { rejected, ...state }]) => {
    const kept = rejected?.slice(0, 1);
    return [name, { ...state, ...(kept && { rejected: kept }) }];
  });
  const { abandoned } = status;
  return {
    ...status,
    environments: Object.fromEntries(entries),
    executions: [],
    ...(abandoned && { abandoned: abandoned.slice(0, 5) }),
  };
}
