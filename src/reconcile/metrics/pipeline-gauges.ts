import { KIND } from '../../api/group.ts';
import type { PromotionStatus, StoredPipeline } from '../../api/pipeline.ts';
import { isUnfinished } from '../../decide/model/phase.ts';
import { environmentStatus, recordedPromotion } from '../../decide/model/state.ts';
import { type Family, type Labels, labelText, sampleLine } from '../../telemetry/exposition.ts';

/**
 * Gauges of the Pipelines at this moment, read from their statuses at each scrape: right at once after a start and
 * a change of the leader, also of those that nobody works on.
 */
export interface PipelineGaugesDeps {
  /** All that are known; undefined while another replica leads, or not all are read: then nothing is said. */
  readonly pipelines: () => readonly StoredPipeline[] | undefined;
  /** False: one series stands for all Pipelines. */
  readonly perPipeline: boolean;
  readonly now: () => Date;
}

const CONDITIONS = ['Ready', 'Reconciling', 'Stalled', 'PromotionPending', 'Warning'];
const STATUSES = ['True', 'False', 'Unknown'] as const;
/** A promotion that a gate holds is told apart: it waits as it was meant to. */
const HELD = 'Held';
const WAITING_PHASES = [
  'Pending',
  HELD,
  'WaitingApproval',
  'Promoting',
  'PullRequestOpen',
  'Merged',
  'Failed',
];

export function pipelineGauges(deps: PipelineGaugesDeps): Family[] {
  return [
    {
      name: 'gotk_reconcile_condition',
      help: 'The condition of a Pipeline: 1 for the status that it has.',
      type: 'gauge',
      lines: () => (deps.perPipeline ? conditions(deps) : conditionCounts(deps)),
    },
    {
      name: 'turnpike_promotions_waiting_approval',
      help: 'Promotions that wait for an approval.',
      type: 'gauge',
      lines: () => waitingCounts(deps),
    },
    {
      name: 'turnpike_approval_wait_seconds',
      help: 'Seconds that a promotion has waited for its approval.',
      type: 'gauge',
      lines: () => waitingAges(deps),
    },
    {
      name: 'turnpike_oldest_pending_promotion_seconds',
      help: 'Age in seconds of the oldest promotion that is not over, by its phase; 0 where there is none.',
      type: 'gauge',
      lines: () => oldestPending(deps),
    },
  ];
}

function* conditions({ pipelines }: PipelineGaugesDeps): Iterable<string> {
  for (const { metadata, status } of pipelines() ?? []) {
    const who = labelText({ kind: KIND, name: metadata.name, namespace: metadata.namespace });
    let text = '';
    for (const [type, is] of conditionsOf(status.conditions)) {
      for (const one of STATUSES) {
        text += `gotk_reconcile_condition{${who},type="${type}",status="${one}"} ${is === one ? 1 : 0}\n`;
      }
    }
    yield text;
  }
}

/** How many Pipelines have each status. */
function* conditionCounts({ pipelines }: PipelineGaugesDeps): Iterable<string> {
  const all = pipelines();
  if (!all) return;
  const counts = new Map(CONDITIONS.flatMap((type) => STATUSES.map((one) => [`${type} ${one}`, 0])));
  for (const { status } of all) {
    for (const [type, is] of conditionsOf(status.conditions)) {
      const key = `${type} ${is}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  for (const [key, count] of counts) {
    const [type = '', status = ''] = key.split(' ');
    yield sampleLine('gotk_reconcile_condition', labelText({ kind: KIND, type, status }), count);
  }
}

type Conditions = StoredPipeline['status']['conditions'];

/** A Pipeline that was never looked at has no condition yet; Flux calls that Ready=Unknown. */
function conditionsOf(conditions: Conditions): (readonly [string, (typeof STATUSES)[number]])[] {
  if (!conditions?.some(({ type }) => type === 'Ready')) return [['Ready', 'Unknown']];
  return conditions.flatMap(({ type, status }) =>
    CONDITIONS.includes(type) ? [[type, status] as const] : [],
  );
}

function* waitingCounts(deps: PipelineGaugesDeps): Iterable<string> {
  const name = 'turnpike_promotions_waiting_approval';
  if (deps.perPipeline) {
    for (const { labels } of waitingApprovals(deps)) yield sampleLine(name, labelText(labels), 1);
  } else if (deps.pipelines()) {
    yield sampleLine(name, '', [...waitingApprovals(deps)].length);
  }
}

/** Seconds that each approval has waited; where one series stands for all, those of the oldest. */
function* waitingAges(deps: PipelineGaugesDeps): Iterable<string> {
  const name = 'turnpike_approval_wait_seconds';
  const now = deps.now();
  if (deps.perPipeline) {
    for (const { labels, since } of waitingApprovals(deps)) {
      yield sampleLine(name, labelText(labels), secondsSince(since, now));
    }
  } else if (deps.pipelines()) {
    const ages = Array.from(waitingApprovals(deps), ({ since }) => secondsSince(since, now));
    yield sampleLine(
      name,
      '',
      ages.reduce((oldest, one) => Math.max(oldest, one), 0),
    );
  }
}

function* waitingApprovals(
  deps: PipelineGaugesDeps,
): Iterable<{ labels: Labels; since: string | undefined }> {
  for (const { metadata, environment, promotion } of unfinishedPromotions(deps)) {
    if (promotion.phase !== 'WaitingApproval') continue;
    const labels = { namespace: metadata.namespace, pipeline: metadata.name, environment };
    yield { labels, since: promotion.updatedAt ?? promotion.startedAt };
  }
}

function* oldestPending(deps: PipelineGaugesDeps): Iterable<string> {
  if (!deps.pipelines()) return;
  const now = deps.now();
  const oldest = new Map(WAITING_PHASES.map((phase) => [phase, 0]));
  for (const { promotion } of unfinishedPromotions(deps)) {
    const phase = promotion.heldBy === undefined ? promotion.phase : HELD;
    const age = secondsSince(promotion.startedAt ?? promotion.updatedAt, now);
    oldest.set(phase, Math.max(oldest.get(phase) ?? 0, age));
  }
  for (const [phase, age] of oldest) {
    yield sampleLine('turnpike_oldest_pending_promotion_seconds', labelText({ phase }), age);
  }
}

interface Unfinished {
  readonly metadata: StoredPipeline['metadata'];
  readonly environment: string;
  readonly promotion: PromotionStatus;
}

/** Into environments that the spec has; what stands in the status of others is over. */
function* unfinishedPromotions({ pipelines }: PipelineGaugesDeps): Iterable<Unfinished> {
  for (const { metadata, spec, status } of pipelines() ?? []) {
    if (!spec.ok) continue;
    for (const { name } of spec.value.environments) {
      const promotion = recordedPromotion(environmentStatus(status, name));
      if (promotion && isUnfinished(promotion)) yield { metadata, environment: name, promotion };
    }
  }
}

function secondsSince(at: string | undefined, now: Date): number {
  return at === undefined ? 0 : Math.max(0, (now.getTime() - Date.parse(at)) / 1000) || 0;
}
