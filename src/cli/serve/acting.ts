import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineKey } from '../../api/pipeline.ts';
import type { SpecPolicy } from '../../decide/validation.ts';
import { createQueue, createWorkers } from '../../lib/async/index.ts';
import type { LeaseTimings } from '../../lib/kube/index.ts';
import { createOutbound, createProxyFor } from '../../lib/net/index.ts';
import type { Secrets } from '../../observe/secrets/secrets.ts';
import { startController } from '../../reconcile/controller.ts';
import type { Failpoint } from '../../reconcile/failpoints.ts';
import { queueObserver } from '../../reconcile/metrics/queue-metrics.ts';
import type { Context } from './context.ts';
import { createElection, fenceByLead } from './election.ts';
import { proxyVariables } from './flags.ts';
import { measure } from './measure.ts';
import type { Observed } from './observed.ts';
import type { OwnCluster } from './own-cluster.ts';
import { composePromoter } from './promoter.ts';
import { composeReconciler } from './reconciler.ts';
import { composeReferenceLookup } from './references.ts';
import { composeReporter } from './reporter.ts';
import { fenceByShard } from './shard.ts';
import type { Sockets } from './sockets.ts';

export interface ActingOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called between the steps of promotions, for those who try out what happens when they end there. */
  readonly failpoint?: Failpoint;
  /** Default: client-go's. */
  readonly leaseTimings?: LeaseTimings;
}

export interface ActingDeps extends ActingOptions {
  readonly cluster: Pick<OwnCluster, 'client' | 'hosts'>;
  readonly secrets: Secrets;
  readonly observed: Observed;
  readonly policy: SpecPolicy;
  readonly sockets: Pick<Sockets, 'outbound'>;
}

/** Starts what acts on Pipelines while this replica leads. */
export function startActing(context: Context, deps: ActingDeps) {
  const { config, log, metrics, now } = context;
  const { observed, policy, secrets } = deps;
  const { client, hosts } = deps.cluster;
  const { shard, discovery, allByApplication } = observed;
  const instance = hostname();
  const election = createElection(context, { client, shard, instance, timings: deps.leaseTimings });
  const { leading } = election;
  const fence = fenceByShard(shard.isElsewhere, fenceByLead(leading));
  const { failpoint } = deps;
  const reporting = composeReporter(context, { client, instance });
  const queue = createQueue<PipelineKey>({ observer: queueObserver(metrics) });
  const workers = createWorkers({ queue, count: config.concurrent });
  const directory = gitDirectory(config['git-cache-dir']);
  const proxyFor = createProxyFor(proxyVariables(deps.environment));
  const outbound = createOutbound(policy, { proxyFor, atOnce: deps.sockets.outbound });
  const promoting = composePromoter(context, {
    policy,
    outbound,
    directory: directory.path,
    secrets,
    reporting,
    fence,
    failpoint,
  });
  const { reconcile, wake, isOwnWrite } = composeReconciler(context, {
    observed,
    promoting,
    policy,
    gather: composeReferenceLookup({ client, discovery, byApplication: allByApplication, hosts, now }),
    reporter: reporting.reporter,
    queue,
    outside: workers.outside,
    leading,
    fence,
    failpoint,
  });
  const controller = startController({
    pipelines: shard,
    queue,
    workers,
    isOwnWrite,
    reconcile,
    leading,
    onDeleted: reporting.reporter.deleted,
    concurrent: config.concurrent,
    resyncSeconds: config['resync-interval'],
    metrics,
    log,
  });
  election.start(controller.resync);
  measure({ ...observed, metrics, now }, { leading, queue });
  return {
    wake,
    onWritten: reporting.reporter.changed,
    /** Lets what is under way end; what still waits for a forge by then is broken off. */
    async drain(deadlineSeconds: number): Promise<void> {
      const abort = setTimeout(promoting.abort, deadlineSeconds * 1000);
      await controller.stop();
      clearTimeout(abort);
    },
    async stop(): Promise<void> {
      await Promise.all([reporting.stop(), promoting.close(), election.stop()]);
    },
    cleanUp: directory.remove,
  };
}

/** A directory that is ours for as long as we run, or the one that the operator names. */
function gitDirectory(named: string): { path: string; remove: () => void } {
  if (named) return { path: named, remove: () => {} };
  const path = mkdtempSync(join(tmpdir(), 'turnpike-git-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
