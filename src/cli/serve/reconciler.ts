import type { PipelineKey } from '../../api/pipeline.ts';
import type { SpecPolicy } from '../../decide/validation.ts';
import { createBulkhead, type Queue, type Workers } from '../../lib/async/index.ts';
import type { LookUpReferences } from '../../observe/references/lookups.ts';
import type { Fence } from '../../promote/fence.ts';
import { createCheck } from '../../reconcile/check.ts';
import { createCloseDeleted } from '../../reconcile/deleted.ts';
import { type Failpoint, failpointDecorators } from '../../reconcile/failpoints.ts';
import { fencedStore } from '../../reconcile/fenced.ts';
import { limitPromoter } from '../../reconcile/limit-promoter.ts';
import { createReconcile } from '../../reconcile/reconcile.ts';
import { createRecordStatus } from '../../reconcile/record.ts';
import type { Context } from './context.ts';
import type { Observed } from './observed.ts';
import type { composePromoter } from './promoter.ts';
import type { Reporting } from './reporter.ts';

const CALM_MS = 5_000;

export interface ReconcilerDeps {
  readonly observed: Observed;
  readonly promoting: Pick<ReturnType<typeof composePromoter>, 'promoter' | 'signal'>;
  readonly policy: SpecPolicy;
  readonly gather: LookUpReferences;
  readonly reporter: Reporting['reporter'];
  readonly queue: Queue<PipelineKey>;
  readonly outside: Workers<PipelineKey>['outside'];
  readonly leading: () => boolean;
  readonly fence: Fence;
  readonly failpoint: Failpoint | undefined;
}

/** Makes what works on one Pipeline, and wakes it. */
export function composeReconciler(context: Context, deps: ReconcilerDeps) {
  const { config, log, now } = context;
  const { observed, policy, reporter, outside } = deps;
  const at = failpointDecorators(deps.failpoint);
  const { shard, applications, clusters, byApplication, messagesOf } = observed;
  /** Wakes no Pipeline of another shard, wherever the event came in. */
  const wake = (key: PipelineKey) => {
    if (shard.get(key)) deps.queue.add(key);
  };
  const own = observed.writes.skipOwnUpdates(wake);
  const store = fencedStore({ ...own.store, get: shard.get }, deps.fence);
  const { signal } = deps.promoting;
  const bulkhead = createBulkhead({
    namespace: config.concurrent,
    host: 4 * config.concurrent,
    total: 16 * config.concurrent,
  });
  const promoter = limitPromoter(deps.promoting.promoter, { bulkhead, outside, signal });
  const reconcile = createReconcile({
    store: at.store(store),
    record: at.record(createRecordStatus(store)),
    applications,
    clusters,
    messagesOf,
    promoter,
    outside,
    check: createCheck({
      policy,
      gather: deps.gather,
      onChange: wake,
      calm: () => Bun.sleep(CALM_MS),
      log,
      now,
    }),
    onChange: reporter.changed,
    policy: {
      delaySeconds: config['promotion-retry-delay'],
      maxDelaySeconds: config['promotion-retry-max-delay'],
      threshold: config['promotion-retry-threshold'],
      resyncSeconds: config['resync-interval'],
    },
    log,
    now,
  });
  applications.subscribe((appRef, namespace) => {
    for (const key of byApplication.of(appRef, namespace)) wake(key);
  });
  clusters.subscribe(wake);
  const { leading } = deps;
  const closeDeleted = createCloseDeleted({ store: observed.store, promoter, log, signal, leading });
  shard.onRemoved((last) => void closeDeleted(last));
  return { reconcile, wake, isOwnWrite: own.isOwn };
}
