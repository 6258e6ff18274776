import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Pipeline, type PipelineKey, type PullRequestRef, pipelineKey } from '../../src/api/pipeline.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { type Server, startServer } from '../../src/http/server/server.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import { createSignedApp } from '../../src/http/signed-app.ts';
import { createQueue } from '../../src/lib/async/work-queue.ts';
import { createWorkers } from '../../src/lib/async/workers.ts';
import { createBranchUpdater } from '../../src/promote/branch/branch-updater.ts';
import type { BranchUpdater } from '../../src/promote/branch/port.ts';
import { createPullRequestPromoter } from '../../src/promote/pull-request/pull-request.ts';
import { concluded } from '../../src/promote/strategy.ts';
import { type Controller, startController } from '../../src/reconcile/controller.ts';
import { createPromoter } from '../../src/reconcile/promoter.ts';
import { createReconcile } from '../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { serializeWrites } from '../../src/reconcile/serialize-writes.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { noNews } from '../fakes/checking.ts';
import { createFakeLog } from '../fakes/log.ts';
import { SHOWN } from '../fakes/namespaces.ts';
import { loopbackOutbound } from '../fakes/outbound.ts';
import { pipeline, spec } from '../fakes/pipeline.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { createFakeStore } from '../fakes/store.ts';
import type { Gitea } from '../lab/gitea/forge.ts';
import { sharedLab } from '../lab/shared.ts';
import { waitFor } from '../lab/wait.ts';

const SLOW = 120_000;
/** Less than the first poll takes, with its spread. */
const SECONDS = 5;
const KEY = pipelineKey('apps', 'app');
const SECRET = 'a webhook secret of more than 32 bytes, really';
const repository = `wake-${crypto.randomUUID().slice(0, 8)}`;
const FILE = 'apps/staging/app.yaml';

let gitea: Gitea;
let url: string;
let directory: string;
let branches: BranchUpdater;
let controller: Controller;
let server: Server;
const store = createFakeStore();
const outcomes: string[] = [];
const { log } = createFakeLog();

/** dev runs 1.1.0, the others 1.0.0. */
function release(namespace: string) {
  const chartVersion = namespace === 'dev' ? '1.1.0' : '1.0.0';
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', message: 'ready' }],
      history: [{ chartVersion, status: 'deployed', lastDeployed: new Date().toISOString() }],
    },
  };
}

function secret() {
  const encoder = new TextEncoder();
  const values = { token: gitea.token, 'webhook-secret': SECRET };
  return { values: new Map(Object.entries(values).map(([key, value]) => [key, encoder.encode(value)])) };
}

function onGitea(): Pipeline {
  const settings = { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'forge' } } as const;
  return pipeline({
    environments: spec().environments.slice(0, 2),
    promotion: { strategy: { 'pull-request': settings } },
  });
}

const NOTHING = () => Promise.reject(new Error('nothing is to be pushed'));

/** The replica that leads; it hears of the other one's writes through the store alone. */
function startLeader(): Controller {
  const queue = createQueue<PipelineKey>();
  const own = serializeWrites(store).skipOwnUpdates(queue.add);
  const outbound = loopbackOutbound();
  const now = () => new Date();
  const pullRequests = createPullRequestPromoter({
    branches,
    outbound,
    log,
    now,
    onForgeRequest: () => {},
  });
  const promoter = createPromoter({
    policy: {},
    signal: new AbortController().signal,
    readSecret: async () => secret(),
    pullRequests,
    pushes: { prepare: NOTHING, inBase: NOTHING },
    notifications: { prepare: async () => concluded({ kind: 'notified' }) },
  });
  const reconcile = createReconcile({
    store: own.store,
    record: createRecordStatus(own.store),
    applications: { read: async (_, namespace) => release(namespace) },
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    promoter,
    check: () => noNews(),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now,
  });
  return startController({
    pipelines: store,
    queue,
    workers: createWorkers({ queue, count: 2 }),
    isOwnWrite: own.isOwn,
    reconcile,
    leading: () => true,
    onDeleted: () => {},
    concurrent: 2,
    resyncSeconds: 600,
    metrics: createMetrics(),
    log,
  });
}

/** A replica that only listens. */
function startListener(): Server {
  const app = createSignedApp({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: secret,
    available: () => true,
    limiter: createRateLimiter({ limit: 100, intervalSeconds: 30 }, () => performance.now()),
    rejected: createRejectionLog(log, () => performance.now()),
    onOutcome: (outcome) => outcomes.push(outcome),
    onSeconds: () => {},
    log,
    now: () => new Date(),
    allowUnsigned: false,
    record: createRecordStatus(store),
    wake: () => {},
    pullRequest: async () => undefined,
  });
  return startServer({ name: 'hook', address: '127.0.0.1:0', fetch: app.fetch, log });
}

function promotion() {
  return store.get(KEY)?.status.environments?.staging?.promotion;
}

/** The pull request once the promotion has this phase. */
function phase(wanted: string, seconds: number): Promise<PullRequestRef> {
  const look = () => {
    const { phase, pullRequest } = promotion() ?? {};
    return phase === wanted && pullRequest ? { done: pullRequest } : { saw: phase };
  };
  return waitFor(`the phase ${wanted}`, look, { seconds, everyMs: 10 });
}

function outcome(wanted: string): Promise<string> {
  const look = () => (outcomes.includes(wanted) ? { done: wanted } : { saw: outcomes });
  return waitFor(`the outcome ${wanted}`, look, { seconds: SECONDS });
}

/** Has Gitea send what it sends to everyone who asks for all that happens to pull requests. */
async function addWebhook(key: string): Promise<number> {
  const config = { url: `http://${server.address}/forge/gitea/apps/app`, content_type: 'json', secret: key };
  const hook = { type: 'gitea', active: true, events: ['pull_request', 'push'], config };
  const made = await gitea.api('POST', `/repos/${gitea.user}/${repository}/hooks`, hook);
  return (made as { id: number }).id;
}

beforeAll(async () => {
  const lab = await sharedLab();
  gitea = lab.gitea;
  directory = await mkdtemp(join(lab.directory, 'wake-'));
  const marked = 'version: 1.0.0 # {"$promotion": "apps:app:staging"}\n';
  url = await gitea.createRepository(repository, { [FILE]: marked });
  branches = createBranchUpdater({
    now: () => new Date(),
    outbound: loopbackOutbound(),
    log,
    directory,
    maxBytes: 100_000_000,
    maxPackBytes: 64_000_000,
  });
  server = startListener();
  controller = startLeader();
}, 600_000);

afterAll(async () => {
  await controller?.stop();
  await server?.stop(1);
  await branches?.close();
  if (directory) await rm(directory, { recursive: true, force: true });
  if (url) await gitea.api('DELETE', `/repos/${gitea.user}/${repository}`);
}, SLOW);

describe('the webhook of Gitea', () => {
  test(
    'wakes the leader at a merge, and at nothing else',
    async () => {
      const wrong = await addWebhook('another secret that nobody here has');
      store.put(onGitea());
      const { number } = await phase('PullRequestOpen', 60);
      await outcome('wrong-signature');
      await gitea.api('DELETE', `/repos/${gitea.user}/${repository}/hooks/${wrong}`);

      await addWebhook(SECRET);
      const about = `/repos/${gitea.user}/${repository}/issues/${number}`;
      await gitea.api('POST', `${about}/comments`, { body: 'Is this meant for today?' });
      await outcome('ignored');
      expect(promotion()?.pullRequest).not.toHaveProperty('changedAt');

      await gitea.merge(repository, number);
      const merged = await phase('Merged', SECONDS);
      expect(outcomes).toContain('accepted');
      expect(merged.number).toBe(number);
      expect(merged.changedAt).toBeDefined();
    },
    SLOW,
  );
});
