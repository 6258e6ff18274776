import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { FluxEvent } from '../../src/api/event.ts';
import { type Pipeline, pipelineKey } from '../../src/api/pipeline.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import { createSignedApp } from '../../src/http/signed-app.ts';
import type { PipelineEvent } from '../../src/reconcile/pipeline-events.ts';
import { createReconcile } from '../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { createReporter } from '../../src/reconcile/report.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { readerOf } from '../fakes/application.ts';
import { noNews } from '../fakes/checking.ts';
import { createFakeLog } from '../fakes/log.ts';
import { SHOWN } from '../fakes/namespaces.ts';
import { at, event, NOW, pipeline, running, spec } from '../fakes/pipeline.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { createFakeStore } from '../fakes/store.ts';

const SECRET = 'an hmac key of more than 32 bytes, really';
const KEY = pipelineKey('apps', 'app');
const MANUAL = {
  promotion: {
    ...spec().promotion,
    manual: true,
    strategy: {
      notification: {},
      secretRef: { name: 'hook' },
    },
  },
};

/** Everything that one replica writes with, and what it tells. */
function setUp(from: Pipeline = pipeline(MANUAL)) {
  const store = createFakeStore();
  store.put(from);
  const { log } = createFakeLog();
  const metrics = createMetrics();
  const reported: PipelineEvent[] = [];
  const now = () => NOW;
  const reporter = createReporter({ emit: (one) => reported.push(one), metrics, log, now });
  const app = createSignedApp({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: async () => ({
      values: new Map([['hmac-key', Buffer.from(SECRET)]]),
    }),
    available: () => true,
    limiter: createRateLimiter({ limit: 100, intervalSeconds: 30 }, () => Date.now()),
    rejected: createRejectionLog(log, () => Date.now()),
    onOutcome: () => {},
    onSeconds: () => {},
    log,
    now,
    allowUnsigned: false,
    record: createRecordStatus(store, reporter.changed),
    wake: () => {},
    pullRequest: async () => undefined,
  });
  /** The same at all targets: what the event said. */
  const runs: Record<string, string> = {};
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: readerOf((_, namespace) => runs[namespace] && release(runs[namespace])),
    promoter: {
      promote: async () => ({ kind: 'notified' }),
      runTask: async () => ({ kind: 'done' }),
      pullRequestState: async () => 'open',
      findPullRequest: async () => undefined,
    },
    check: () => noNews(),
    onChange: reporter.changed,
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now,
  });
  const send = async (path: string, body: string, headers: Record<string, string>) =>
    app.request(path, { method: 'POST', body, headers }, { source: '10.0.0.1' });
  async function post(what: FluxEvent, environment = 'dev') {
    const body = JSON.stringify(what);
    return send(`/promotion/apps/app/${environment}`, body, { 'x-signature': `sha256=${hmac(body)}` });
  }
  async function approve(revision: string) {
    const path = `/approval/apps/app/staging/${revision}`;
    const timestamp = at(0);
    const signature = `sha256=${hmac(`POST\n${path}\n${timestamp}\n`)}`;
    return send(path, '', { 'x-signature': signature, 'x-signature-timestamp': timestamp });
  }
  return {
    post,
    approve,
    store,
    reported,
    reasons: () => reported.map(({ reason }) => reason),
    runs,
    metrics,
    reconcile: () => reconcile(KEY),
  };
}

function hmac(text: string): string {
  return createHmac('sha256', SECRET).update(text).digest('hex');
}

function release(version: string) {
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', message: 'done' }],
      history: [{ chartVersion: version, status: 'deployed', lastDeployed: at(-60) }],
    },
  };
}

const FAILED = event({ severity: 'error', reason: 'UpgradeFailed', message: 'timed out' }, '1.2.0');

describe('what the promotion webhook writes', () => {
  test('is reported by it: a promotion that waits for an approval', async () => {
    const { post, reported } = setUp();
    expect((await post(event())).status).toBe(202);
    expect(reported).toMatchObject([
      {
        regarding: { kind: 'Pipeline', namespace: 'apps', name: 'app', uid: 'uid-1' },
        type: 'Normal',
        reason: 'WaitingApproval',
        environment: 'staging',
        version: '1.1.0',
        phase: 'WaitingApproval',
        moment: NOW.toISOString(),
      },
    ]);
  });

  test('is reported by it: a deployment that failed, with what runs there', async () => {
    const { post, reported } = setUp(running({ dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' }));
    expect((await post(FAILED)).status).toBe(200);
    expect(reported).toMatchObject([
      { type: 'Warning', reason: 'DeploymentFailed', environment: 'dev', version: '1.2.0', from: '1.1.0' },
    ]);
  });

  test('is reported once: the reconciler finds nothing new in it', async () => {
    const { post, reasons, reconcile, runs } = setUp();
    await post(event());
    await post(event());
    Object.assign(runs, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    await reconcile();
    await reconcile();
    expect(reasons()).toEqual(['WaitingApproval']);
  });

  test('is reported by the reconciler where that was faster', async () => {
    const { post, reasons, reconcile, runs } = setUp();
    Object.assign(runs, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    await reconcile();
    await post(event());
    expect(reasons()).toEqual(['WaitingApproval']);
  });

  test('is reported as it was written, not as it was tried', async () => {
    const { post, store, reported } = setUp();
    // dev is known by its events alone.
    const other = running({ staging: '1.0.0', prod: '1.0.0' }, MANUAL);
    store.interfere(other.status);
    await post(event());
    expect(reported).toMatchObject([{ reason: 'WaitingApproval', from: '1.0.0' }]);
  });

  test('is not reported when it could not be written', async () => {
    const { post, store, reported } = setUp();
    store.breakDown();
    expect((await post(event())).status).toBe(503);
    expect(reported).toEqual([]);
  });
});

describe('what the others write', () => {
  test('is reported by them: after an approval the promotion goes on, and nothing waits any more', async () => {
    const { post, approve, reasons, reconcile, runs } = setUp();
    await post(event());
    expect((await approve('1.1.0')).status).toBe(202);
    expect(reasons()).toEqual(['WaitingApproval']);
    Object.assign(runs, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    await reconcile();
    runs.staging = '1.1.0';
    await reconcile();
    expect(reasons()).toEqual(['WaitingApproval', 'PromotionSucceeded', 'WaitingApproval']);
  });
});
