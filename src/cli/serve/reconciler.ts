import type { PipelineKey } from '../../api/pipeline.ts';
import { createBulkhead, createQueue } from '../../lib/async/index.ts';
import { createOutbound } from '../../lib/net/index.ts';
import { createWorkspace } from '../../promote/branch/branch-updater.ts';
import type { Pass } from '../../promote/checkpoint.ts';
import { createNotificationPromoter } from '../../promote/notification/notification.ts';
import { createPullRequestPromoter } from '../../promote/pull-request/pull-request.ts';
import { createPushPromoter } from '../../promote/push.ts';
import { createCheck } from '../../reconcile/check.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { createCloseDeleted } from '../../reconcile/deleted.ts';
import { limitPromoter } from '../../reconcile/limit-promoter.ts';
import { queueObserver } from '../../reconcile/metrics/queue-metrics.ts';
import { createPromoter } from '../../reconcile/promoter.ts';
import { createReconcile } from '../../reconcile/reconcile.ts';
import { createRecordStatus } from '../../reconcile/record.ts';
import { statusLabel } from '../../telemetry/status-label.ts';
import type { Parts } from './program.ts';
import type { Reporting } from './reporter.ts';

const CALM_MS = 5_000;

/** What the controller knows: whether this replica leads, where that is asked once more, and how work waits. */
export interface Lead {
  readonly leading: () => boolean;
  readonly pass: Pass;
  readonly outside: Controller['outside'];
}

/** Makes the reconciler of a program's parts. */
export function composeReconciler(parts: Parts, { reporter, events, fluxEvents }: Reporting, lead: Lead) {
  const { leading, pass, outside } = lead;
  const { config, log, metrics, now, policy, secrets } = parts;
  const queue = createQueue<PipelineKey>({ observer: queueObserver(metrics) });
  /** Pipelines of other shards are none of its work, whoever tells of them. */
  const wake = (key: PipelineKey) => {
    if (parts.shard.get(key)) queue.add(key);
  };
  const own = parts.writes.skipOwnUpdates(wake);
  const store = { ...own.store, get: parts.shard.get };
  const outbound = createOutbound(policy, { proxyFor: parts.proxyFor, atOnce: parts.sockets.outbound });
  const workspace = createWorkspace({
    outbound,
    directory: parts.gitDirectory.path,
    maxBytes: config['git-cache-max-size'],
    maxPackBytes: config['git-max-pack-size'],
    log,
    now,
  });
  const ended = new AbortController();
  const carriedOut = createPromoter({
    signal: ended.signal,
    pass,
    readSecret: secrets.read,
    policy,
    pullRequests: createPullRequestPromoter({
      workspace,
      outbound,
      log,
      now,
      pass,
      onForgeRequest: ({ provider, host, budget, operation, code, remaining }) => {
        metrics.forgeRequests.inc({ provider, operation, code: statusLabel(code) });
        if (remaining !== undefined) metrics.setForgeBudget({ provider, host, budget }, remaining);
      },
    }),
    pushes: createPushPromoter({ workspace, now, pass }),
    notifications: createNotificationPromoter({ emit: events.emit, fluxEvents, now, pass }),
  });
  const bulkhead = createBulkhead({
    namespace: config.concurrent,
    host: 4 * config.concurrent,
    total: 16 * config.concurrent,
  });
  const promoter = limitPromoter(carriedOut, { bulkhead, outside, signal: ended.signal });
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    applications: parts.applications,
    clusters: parts.clusters,
    messagesOf: parts.messagesOf,
    promoter,
    outside,
    check: createCheck({
      policy,
      gather: parts.facts,
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
    pass,
    log,
    now,
  });
  parts.applications.subscribe((appRef, namespace) => {
    for (const key of parts.byApplication.of(appRef, namespace)) wake(key);
  });
  parts.clusters.subscribe(wake);
  return {
    queue,
    reconcile,
    wake,
    isOwnWrite: own.isOwn,
    onDeleted: reporter.deleted,
    closeDeleted: createCloseDeleted({ store: parts.store, promoter, log, signal: ended.signal, leading }),
    /** Breaks off what still waits for a forge. */
    abort: () => ended.abort(),
    close: workspace.close,
  };
}
