import type { PromotionPhase, PromotionStatus } from '../api/pipeline.ts';
import type { Context } from './next.ts';
import { newerThere, shortRevision } from './revision.ts';
import { isManual, promotionInto } from './route.ts';

/**
 * What may hold a promotion back. The gates are asked in this order and the first one that holds gives the
 * reason; when none does, the promotion is carried out.
 */
export type Hold =
  | { readonly kind: 'rest'; readonly wakeAfter?: number }
  | {
      readonly kind: 'hold';
      readonly phase: PromotionPhase;
      readonly message: string;
      readonly wakeAfter?: number;
    };

type Gate = (context: Context, record: PromotionStatus) => Hold | undefined;

const GATES: readonly Gate[] = [configured, downgrade, approval, suspended, notified, backoff];

export function firstHold(context: Context, record: PromotionStatus): Hold | undefined {
  for (const gate of GATES) {
    const hold = gate(context, record);
    if (hold) return hold;
  }
  return undefined;
}

function configured({ pipeline, environment }: Context): Hold | undefined {
  if (promotionInto(pipeline.spec, environment)) return undefined;
  const message = `No promotion is configured into ${environment.name}.`;
  return { kind: 'hold', phase: 'Superseded', message };
}

/** A rollback must stick: what is older than what runs there does not come by itself. */
function downgrade({ environment, state }: Context, record: PromotionStatus): Hold | undefined {
  const newer = newerThere(record.revision, state);
  if (!newer) return undefined;
  const message = `${environment.name} runs ${newer}, which is newer than ${record.revision}: a downgrade is not promoted by itself.`;
  return { kind: 'hold', phase: 'Superseded', message };
}

function approval({ pipeline, environment }: Context, record: PromotionStatus): Hold | undefined {
  if (!isManual(pipeline.spec, environment) || record.approvedBy !== undefined) return undefined;
  const message = `Waits for an approval of ${shortRevision(record.revision)}.`;
  return { kind: 'hold', phase: 'WaitingApproval', message };
}

function suspended({ pipeline }: Context): Hold | undefined {
  if (!pipeline.spec.suspend) return undefined;
  return { kind: 'hold', phase: 'Pending', message: 'The Pipeline is suspended.' };
}

function notified(context: Context, record: PromotionStatus): Hold | undefined {
  return isNotified(context, record) ? { kind: 'rest' } : undefined;
}

/** A notification is raised once; others do the promotion, and the next deployment ends it. */
export function isNotified({ pipeline, environment }: Context, record: PromotionStatus): boolean {
  const strategy = promotionInto(pipeline.spec, environment)?.strategy;
  return record.phase === 'Promoting' && strategy?.notification !== undefined;
}

function backoff({ poked, now }: Context, record: PromotionStatus): Hold | undefined {
  if (poked || record.nextAttemptAt === undefined) return undefined;
  const seconds = (Date.parse(record.nextAttemptAt) - now.getTime()) / 1000;
  return seconds > 0 ? { kind: 'rest', wakeAfter: seconds } : undefined;
}
