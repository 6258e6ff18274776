import type { PipelineKey } from '../../api/pipeline.ts';
import type { SpecPolicy } from '../../decide/validation.ts';
import { createBulkhead, type Queue, type Workers } from '../../lib/async/index.ts';
import type { Outbound } from '../../lib/net/index.ts';
import type { LookUpReferences } from '../../observe/references/lookups.ts';
import type { Secrets } from '../../observe/secrets/secrets.ts';
import { createBranchUpdater } from '../../promote/branch/branch-updater.ts';
import type { Fence } from '../../promote/fence.ts';
import { createNotificationPromoter } from '../../promote/notification/notification.ts';
import { createPullRequestPromoter } from '../../promote/pull-request/pull-request.ts';
import { createPushPromoter } from '../../promote/push.ts';
import { createCheck } from '../../reconcile/check.ts';
import { createCloseDeleted } from '../../reconcile/deleted.ts';
import { type Failpoint, failpointDecorators } from '../../reconcile/failpoints.ts';
import {
  fencedBranches,
  fencedEmit,
  fencedFluxEvents,
  fencedForge,
  fencedStore,
} from '../../reconcile/fenced.ts';
import { limitPromoter } from '../../reconcile/limit-promoter.ts';
import { createPromoter } from '../../reconcile/promoter.ts';
import { createReconcile } from '../../reconcile/reconcile.ts';
import { createRecordStatus } from '../../reconcile/record.ts';
import { statusLabel } from '../../telemetry/status-label.ts';
import type { Context } from './context.ts';
import type { Observed } from './observed.ts';
import type { Reporting } from './reporter.ts';

const CALM_MS = 5_000;

export interface PromoterDeps {
  readonly policy: SpecPolicy;
  readonly outbound: Outbound;
  /** Where repositories are kept. */
  readonly directory: string;
  readonly secrets: Secrets;
  readonly reporting: Pick<Reporting, 'events' | 'fluxEvents'>;
  readonly fence: Fence;
  readonly failpoint: Failpoint | undefined;
}

/** Makes what carries promotions out. */
export function composePromoter(context: Context, deps: PromoterDeps) {
  const { config, log, metrics, now } = context;
  const { policy, outbound, fence, secrets, reporting } = deps;
  const { events, fluxEvents } = reporting;
  const at = failpointDecorators(deps.failpoint);
  const branchUpdater = createBranchUpdater({
    outbound,
    directory: deps.directory,
    maxBytes: config['git-cache-max-size'],
    maxPackBytes: config['git-max-pack-size'],
    log,
    now,
  });
  const branches = at.branches(fencedBranches(branchUpdater, fence));
  const ended = new AbortController();
  const promoter = createPromoter({
    signal: ended.signal,
    fence,
    readSecret: secrets.read,
    policy,
    pullRequests: at.strategy(
      createPullRequestPromoter({
        branches,
        outbound,
        log,
        now,
        decorate: (forge, pipeline) =>
          at.forge(
            fencedForge(forge, () => fence(pipeline)),
            pipeline,
          ),
        onForgeRequest: ({ provider, host, budget, operation, code, remaining }) => {
          metrics.forgeRequests.inc({ provider, operation, code: statusLabel(code) });
          if (remaining !== undefined) metrics.setForgeBudget({ provider, host, budget }, remaining);
        },
      }),
    ),
    pushes: at.strategy(createPushPromoter({ branches, now })),
    notifications: createNotificationPromoter({
      emit: at.emit(fencedEmit(events.emit, fence)),
      fluxEvents: fluxEvents && fencedFluxEvents(fluxEvents, fence),
      now,
    }),
  });
  return {
    promoter: at.promoter(promoter),
    signal: ended.signal,
    /** Breaks off what still waits for a forge. */
    abort: () => ended.abort(),
    close: branches.close,
  };
}

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
  /** Pipelines of other shards are none of its work, whoever tells of them. */
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
