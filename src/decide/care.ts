import type { Retry } from '../api/errors.ts';
import type {
  CheckState,
  Environment,
  PipelineStatus,
  PromotionStatus,
  PullRequestRef,
} from '../api/pipeline.ts';
import { gatesInto } from './candidate.ts';
import { closedGate } from './gates.ts';
import { contextOf } from './next.ts';
import { waitsForMerge } from './result.ts';
import { promotionInto } from './route.ts';
import { environmentStatus, ownValue, withEnvironment } from './state.ts';
import type { Context, Situation } from './step.ts';
import { cut } from './text.ts';

/**
 * What a pull request needs beside being opened and waited for. Each follows from what is recorded and is
 * recorded when it is done, so that nothing of it is lost, and nothing done again and again.
 */
export type Care =
  /** Nobody needs it any more. */
  | { readonly kind: 'close'; readonly reason: string }
  /** The commit status `turnpike/promotion`: whether the gates let it be merged. */
  | { readonly kind: 'check'; readonly state: CheckState; readonly description: string }
  /** `mayWait`: the forge may be asked to merge it later by itself. */
  | { readonly kind: 'merge'; readonly mayWait: boolean };

/** `waits`: it is not merged yet, for the reason. */
export type CareResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'waits'; readonly reason: string }
  | { readonly kind: 'error'; readonly message: string; readonly retry: Retry };

/** By environment. The first one may have what is to be closed, of an earlier order of the spec. */
export function careFor(situation: Situation): Record<string, readonly Care[]> {
  const { environments } = situation.pipeline.spec;
  const pairs = environments.map((environment, index) => {
    const previous = environments[index - 1];
    const care = closeOf(situation, environment) ?? (previous && openCare(situation, previous, environment));
    return [environment.name, care ?? []] as const;
  });
  return Object.fromEntries(pairs);
}

function closeOf({ pipeline }: Situation, { name }: Environment): Care[] | undefined {
  const reason = environmentStatus(pipeline.status, name).promotion?.pullRequest?.closing;
  return reason === undefined ? undefined : [{ kind: 'close', reason }];
}

function openCare(situation: Situation, previous: Environment, environment: Environment): Care[] {
  const context = contextOf(situation, previous, environment);
  const record = context.state.promotion;
  const pullRequest = record?.pullRequest;
  if (!pullRequest || record.phase !== 'PullRequestOpen') return [];
  const gate = closedGate(context, record);
  const check: Care = gate
    ? { kind: 'check', state: 'pending', description: `Waits ${gate.until}.` }
    : { kind: 'check', state: 'success', description: 'The gates are open.' };
  const isTold = pullRequest.commit === undefined || pullRequest.checked === check.state;
  return [...(isTold ? [] : [check]), ...(gate ? [] : mergeOf(context))];
}

/** A forge that merges later by itself knows no windows. */
function mergeOf(context: Context): Care[] {
  const { pipeline, environment, pullRequests } = context;
  const settings = promotionInto(pipeline.spec, environment)?.strategy['pull-request'];
  if (settings?.merge !== 'auto' || ownValue(pullRequests, environment.name) !== 'open') return [];
  return [{ kind: 'merge', mayWait: gatesInto(context).windows === undefined }];
}

export interface CareTaken {
  readonly environment: string;
  readonly pullRequest: PullRequestRef;
  readonly care: Care;
  readonly result: CareResult;
}

/** The status with what has become of it; what is about another pull request by now is left out. */
export function foldCare(status: PipelineStatus, taken: CareTaken): PipelineStatus {
  const state = environmentStatus(status, taken.environment);
  const record = state.promotion;
  if (!record || record.pullRequest?.number !== taken.pullRequest.number) return status;
  const promotion = withCare(record, record.pullRequest, taken);
  if (promotion === record) return status;
  return withEnvironment(status, taken.environment, { ...state, promotion });
}

function withCare(record: PromotionStatus, pullRequest: PullRequestRef, taken: CareTaken): PromotionStatus {
  switch (taken.care.kind) {
    case 'close':
      return withClosed(record, pullRequest, taken);
    case 'check':
      return withChecked(record, pullRequest, taken);
    case 'merge':
      return withMerge(record, pullRequest, taken.result);
  }
}

function withClosed(record: PromotionStatus, pullRequest: PullRequestRef, { care, result }: CareTaken) {
  const isThis = care.kind === 'close' && care.reason === pullRequest.closing;
  if (!isThis || !isOver(result)) return record;
  const { closing: _, ...closed } = pullRequest;
  return withMessage({ ...record, pullRequest: closed }, record.message ?? '', problemOf(result));
}

function withChecked(record: PromotionStatus, pullRequest: PullRequestRef, taken: CareTaken) {
  const { care, result } = taken;
  const isThis = care.kind === 'check' && taken.pullRequest.commit === pullRequest.commit;
  if (!isThis || !isOver(result)) return record;
  const checked = { ...record, pullRequest: { ...pullRequest, checked: care.state } };
  const problem = problemOf(result);
  return problem === undefined ? checked : withMessage(checked, waitsForMerge(pullRequest), problem);
}

function withMerge(record: PromotionStatus, pullRequest: PullRequestRef, result: CareResult) {
  if (record.phase !== 'PullRequestOpen' || result.kind === 'done') return record;
  const why = result.kind === 'waits' ? result.reason : result.message;
  return withMessage(record, waitsForMerge(pullRequest), why);
}

/** What a person must mend is not tried at each look, but said. */
function isOver(result: CareResult): boolean {
  return result.kind === 'done' || (result.kind === 'error' && result.retry === 'never');
}

function problemOf(result: CareResult): string | undefined {
  return result.kind === 'error' ? result.message : undefined;
}

function withMessage(record: PromotionStatus, ...sentences: (string | undefined)[]): PromotionStatus {
  const text = cut(sentences.filter(Boolean).join(' '));
  return record.message === text || text === '' ? record : { ...record, message: text };
}
