import type { Condition } from '../../api/condition.ts';
import type { EnvironmentStatus, Pipeline, StoredPipeline } from '../../api/pipeline.ts';
import { isUnfinished } from '../../decide/model/phase.ts';
import { shortRevision } from '../../decide/model/revision.ts';
import { environmentStatus, recordedPromotion } from '../../decide/model/state.ts';
import { waitsFor } from '../../decide/promotion/waiting.ts';
import { shownRevisions } from '../../decide/report/summary.ts';
import { age } from '../columns.ts';

export interface TableOptions {
  /** True: there is a column for the namespace. */
  readonly namespaces: boolean;
  readonly now: Date;
}

export function header({ namespaces }: Pick<TableOptions, 'namespaces'>): string[] {
  const own = ['PIPELINE', 'ENVIRONMENT', 'CURRENT', 'READY', 'NEXT', 'PHASE', 'SINCE', 'MESSAGE'];
  return namespaces ? ['NAMESPACE', ...own] : own;
}

/** A row for each environment; of a spec that cannot be read, one row with the Pipeline's name. */
export function rowsOf(stored: StoredPipeline, options: TableOptions): string[][] {
  const { metadata, spec, status } = stored;
  const place = options.namespaces ? [metadata.namespace, metadata.name] : [metadata.name];
  if (!spec.ok)
    return [[...place, '–', '', '', '', '', '', `The spec is invalid: ${spec.problems[0] ?? ''}`]];
  const pipeline = { metadata, spec: spec.value, status };
  return spec.value.environments.map((_, index) => [...place, ...environmentRow(pipeline, index, options)]);
}

function environmentRow(pipeline: Pipeline, index: number, { now }: TableOptions): string[] {
  const name = pipeline.spec.environments[index]?.name ?? '';
  const state = environmentStatus(pipeline.status, name);
  const promotion = recordedPromotion(state);
  const coming = promotion && isUnfinished(promotion) ? promotion : undefined;
  const url = coming?.phase === 'PullRequestOpen' ? coming.pullRequest?.url : undefined;
  return [
    name,
    shownRevisions(state),
    ready(state),
    coming ? shortRevision(coming.revision) : '–',
    coming?.phase ?? '–',
    age(coming ? coming.updatedAt : state.deployment?.observedAt, now),
    [waitsFor(pipeline, index), url ?? ''].join(' '),
  ];
}

/** Targets that are ready, of all. */
function ready({ targets }: EnvironmentStatus): string {
  if (!targets?.length) return '–';
  return `${targets.filter((target) => target.ready).length}/${targets.length}`;
}

/** Says in sentences what concerns a Pipeline as a whole and keeps it from going on. */
export function remarksOn({ metadata, spec, status }: StoredPipeline): string[] {
  const name = `${metadata.namespace}/${metadata.name}`;
  const remarks: string[] = [];
  if ((status.observedGeneration ?? 0) < metadata.generation) {
    remarks.push(
      `${name}: Turnpike has not observed this spec yet. Is it running, and watching this namespace?`,
    );
  }
  if (spec.ok && spec.value.suspend) remarks.push(`${name}: suspended, nothing is promoted.`);
  for (const { type, status: value, reason, message } of (status.conditions ?? []).filter(isRemark)) {
    remarks.push(`${name}: ${type} is ${value} (${reason}). ${message}`);
  }
  return remarks;
}

/** Reasons that concern one promotion: its row says so already. */
const IN_A_ROW = ['PromotionFailed', 'PromotionRetrying'];

function isRemark({ type, status, reason }: Condition): boolean {
  if (IN_A_ROW.includes(reason)) return false;
  return (type === 'Ready' && status === 'False') || (type === 'Warning' && status === 'True');
}
