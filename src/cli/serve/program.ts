import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../api/pipeline.ts';
import { refusedReference, type SpecPolicy } from '../../decide/validation.ts';
import { createBulkhead, createCollector, createSlots } from '../../lib/async/index.ts';
import {
  createByteRoom,
  createDiscovery,
  createJudge,
  createKubeClient,
  type LeaseTimings,
  loadKubeConfig,
  type RequestRecord,
} from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { createProxyFor, isLaboratory, remembered, systemLookup } from '../../lib/net/index.ts';
import { createApplicationDiscovery } from '../../observe/applications/application-discovery.ts';
import { createGrantedKinds } from '../../observe/applications/granted-kinds.ts';
import { createApplicationWatch, localApplications } from '../../observe/applications/watch.ts';
import { createWatchBudgets } from '../../observe/applications/watch-budget.ts';
import { createClusters } from '../../observe/clusters/clusters.ts';
import { openRemote } from '../../observe/clusters/remote.ts';
import { createNamespaces } from '../../observe/namespaces.ts';
import { createPipelineStore } from '../../observe/pipelines/pipelines.ts';
import { watchSpecs } from '../../observe/pipelines/spec-changes.ts';
import { indexByApplication } from '../../observe/pipelines-by-application.ts';
import { timeReads } from '../../observe/secrets/read-times.ts';
import { createSecretCache } from '../../observe/secrets/secret-cache.ts';
import { PROOFS } from '../../observe/secrets/secret-keys.ts';
import { createSecrets } from '../../observe/secrets/secrets.ts';
import type { Pass } from '../../promote/checkpoint.ts';
import { startController } from '../../reconcile/controller.ts';
import { serializeWrites } from '../../reconcile/serialize-writes.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { startAdmission } from './admission.ts';
import { proxyVariables, type ServeConfig } from './config.ts';
import { passWhileLeading, startElection } from './election.ts';
import { composeFacts, composeReviewFacts, REVIEW_LIMITS } from './facts.ts';
import { measure, measureServer } from './measure.ts';
import { createReadiness } from './readiness.ts';
import { composeReconciler } from './reconciler.ts';
import { composeReporter } from './reporter.ts';
import { startServers } from './servers.ts';
import { composeShard, passWhileHere } from './shard.ts';
import { shareSockets } from './sockets.ts';

/** The composition root of `turnpike serve`: makes all parts and hands them to each other. */

export interface Surroundings {
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called between the steps of promotions, for those who try out what happens when they end there. */
  readonly pass?: Pass;
  /** Default: client-go's. */
  readonly leaseTimings?: LeaseTimings;
}

export interface Program {
  /** Ends within ten seconds: what is under way is finished, what is recorded is taken up at the next start. */
  stop(): Promise<void>;
}

const DRAIN_SECONDS = 4;
const STOP_SECONDS = 8;

export type Parts = ReturnType<typeof createParts>;

/** What several parts share. */
function createParts(config: ServeConfig, { log, environment, leaseTimings }: Surroundings) {
  const metrics = createMetrics({ perPipeline: config['metrics-per-pipeline'] });
  const kubeconfig = config.kubeconfig || environment.KUBECONFIG || '';
  const kubeConfig = loadKubeConfig({ kubeconfig });
  const onRequest = (request: RequestRecord) => metrics.countKubeRequest(request);
  const client = createKubeClient(kubeConfig, { onRequest });
  const reviewClient = createKubeClient(kubeConfig, { onRequest, limits: REVIEW_LIMITS });
  const namespace = config['watch-namespace'];
  const secrets = createSecrets(client);
  const policy = policyOf(config);
  const keyReads = timeReads(secrets, () => performance.now());
  const now = () => new Date();
  const discovery = createApplicationDiscovery(createDiscovery(client, { now }));
  const granted = createGrantedKinds(client, { now, ...(namespace && { namespace }) });
  const writes = serializeWrites(createPipelineStore(client, { log, ...(namespace && { namespace }) }));
  const { store } = writes;
  const shard = composeShard(config, store);
  const specs = watchSpecs(shard);
  const byApplication = indexByApplication(specs);
  const sockets = shareSockets(environment);
  const room = {
    requests: createBulkhead(sockets.clusters),
    lists: createBulkhead(sockets.lists),
    parses: createSlots(1),
    bytes: createByteRoom(),
    collector: createCollector(),
  };
  const budgets = createWatchBudgets(sockets.watches);
  const watching = { revisionPaths: config['revision-paths'], log, now };
  const applications = createApplicationWatch(client, { ...watching, budget: budgets.own, discovery });
  const hosts = {
    allowed: config['cluster-hosts'],
    insecure: config['insecure-git-hosts'],
    // Who is here by the ServiceAccount of a Pod is in no laboratory, even where it leads to a loopback address.
    isLaboratory: kubeconfig !== '' && isLaboratory(client.config.server),
  };
  const judge = createJudge(hosts, remembered(systemLookup));
  const clusters = createClusters({
    client,
    secrets,
    byApplication,
    hosts,
    open: (remote, place) =>
      openRemote(remote, { ...watching, place, budgets, room, onRequest, now, judge, granted }),
    references: policy,
    log,
    now,
  });
  specs.subscribe((key, spec) => {
    const [own = ''] = key.split('/');
    const isAllowed = (target: Target) => refusedReference(target, policy, own) === undefined;
    applications.want(key, spec ? localApplications(spec, isAllowed) : []);
    clusters.follow(key, spec);
  });
  // Also of Pipelines that other shards act on.
  const allByApplication = shard.selector === '' ? byApplication : indexByApplication(watchSpecs(store));
  return {
    config,
    log,
    metrics,
    client,
    now,
    instance: hostname(),
    leaseTimings,
    policy,
    proxyFor: createProxyFor(proxyVariables(environment)),
    secrets,
    sockets,
    secretCache: createSecretCache(keyReads.secrets, {
      keep: PROOFS,
      ttlSeconds: 10,
      minRefreshSeconds: 1,
      now,
    }),
    keyReads,
    discovery,
    applications,
    clusters,
    byApplication,
    messagesOf: createNamespaces(client, { now }).disclosure,
    facts: composeFacts({ client, discovery, byApplication: allByApplication, hosts, now }),
    reviewClient,
    reviewFacts: composeReviewFacts({ client: reviewClient, byApplication: allByApplication, hosts, now }),
    store,
    writes,
    shard,
    gitDirectory: gitDirectory(config['git-cache-dir']),
  };
}

function policyOf(config: ServeConfig): SpecPolicy {
  return {
    allowed: config['git-hosts'],
    insecure: config['insecure-git-hosts'],
    noCrossNamespaceRefs: config['no-cross-namespace-refs'],
    requireAllowedHosts: config['require-allowed-hosts'],
    requireEventCluster: config['require-event-cluster'],
  };
}

/** A directory that is ours for as long as we run, or the one that the operator names. */
function gitDirectory(named: string): { path: string; remove: () => void } {
  if (named) return { path: named, remove: () => {} };
  const path = mkdtempSync(join(tmpdir(), 'turnpike-git-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startProgram(config: ServeConfig, surroundings: Surroundings): Promise<Program> {
  const parts = createParts(config, surroundings);
  const { log, store, shard, client, metrics } = parts;
  if (config['dashboard-bind-address']) {
    log.warn(
      { address: config['dashboard-bind-address'] },
      'this version has no dashboard; nothing listens there',
    );
  }
  if (config['git-hosts'].length === 0 && !config['require-allowed-hosts']) {
    log.info(
      {},
      'no flag limits the hosts that Secrets are sent to: set --git-hosts or --require-allowed-hosts where those who write Pipelines do not manage the Secrets',
    );
  }
  const election = startElection(parts, () => controller.resync());
  const reporting = composeReporter(parts);
  const pass = passWhileHere(shard.isElsewhere, passWhileLeading(election.leading, surroundings.pass));
  const { leading } = election;
  const reconciler = composeReconciler(parts, reporting, {
    leading,
    pass,
    outside: (key, work) => controller.outside(key, work),
  });
  const controller = startController({
    pipelines: shard,
    queue: reconciler.queue,
    isOwnWrite: reconciler.isOwnWrite,
    reconcile: reconciler.reconcile,
    leading,
    onDeleted: reconciler.onDeleted,
    concurrent: config.concurrent,
    resyncSeconds: config['resync-interval'],
    metrics,
    log,
  });
  measure(parts, { leading, queue: reconciler.queue });
  const admission = startAdmission(parts);
  if (config['admission-bind-address']) measureServer(metrics, 'admission', admission.problems);
  const servers = startServers(parts, {
    wake: reconciler.wake,
    onWritten: reporting.reporter.changed,
    unready: createReadiness(parts, admission, () => performance.now()),
    admissionProblems: admission.problems,
  });
  shard.onRemoved((last) => void reconciler.closeDeleted(last));
  store.start();

  async function stop(): Promise<void> {
    const late = Bun.sleep(STOP_SECONDS * 1000).then(() => log.warn({}, 'not all work has ended in time'));
    await Promise.race([late, endAll()]);
    client.close();
    parts.reviewClient.close();
    parts.gitDirectory.remove();
  }

  async function endAll(): Promise<void> {
    servers.drain();
    const abort = setTimeout(reconciler.abort, DRAIN_SECONDS * 1000);
    await Promise.all([servers.stop(DRAIN_SECONDS), admission.stop(DRAIN_SECONDS), controller.stop()]);
    clearTimeout(abort);
    parts.clusters.close();
    await Promise.all([
      reporting.stop(),
      reconciler.close(),
      election.stop(),
      store.stop(),
      parts.applications.stop(),
    ]);
  }

  return { stop };
}
