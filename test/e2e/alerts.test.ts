import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FIELD_MANAGER } from '../../src/api/group.ts';
import { createKubeClient, type KubeClient } from '../../src/lib/kube/client/transport.ts';
import { createEventRecorder } from '../../src/lib/kube/events.ts';
import { loadKubeConfig } from '../../src/lib/kube/kubeconfig/load.ts';
import { createFluxEvents } from '../../src/promote/notification/flux-events.ts';
import { createNotificationPromoter } from '../../src/promote/notification/notification.ts';
import { createOutbox } from '../../src/reconcile/outbox.ts';
import { createPipelineEvents } from '../../src/reconcile/pipeline-events.ts';
import { createReporter } from '../../src/reconcile/report.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeLog } from '../fakes/log.ts';
import { pipeline, running, withState } from '../fakes/pipeline.ts';
import { carriedOut, promotionRequest } from '../fakes/promotion.ts';
import type { Lab } from '../lab/lab.ts';
import { createScenario, type Scenario } from '../lab/scenario.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';
import { alertObjects, letAlertsTakePipelines, startReceiver } from './alerts.ts';

/** What Turnpike tells, through the real notification-controller, as a chat would get it. */

const MINUTE = 60_000;
const receiver = startReceiver();
let lab: Lab;
let turnpike: Turnpike;
let client: KubeClient;
let app: Scenario;

/** notification-controller throws away what comes before it has seen the Alerts. */
async function waitForAlerts(): Promise<void> {
  const fluxEvents = createFluxEvents({ address: lab.flux.eventsUrl, fetch, instance: 'test' });
  const seen = async () => {
    await fluxEvents?.post({
      regarding: regarding(),
      severity: 'error',
      reason: 'Probe',
      message: 'Promote pipeline of nobody: is anybody there?',
      metadata: {},
      token: crypto.randomUUID(),
      at: new Date(),
    });
    const paths = new Set(receiver.received.map(({ path }) => path));
    return paths.size === 3 ? { done: true } : { saw: [...paths] };
  };
  await waitFor('all Alerts', seen, { seconds: 60, everyMs: 500 });
}

function regarding() {
  const uid = crypto.randomUUID();
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    namespace: app.name,
    name: 'app',
    uid,
  };
}

function receivedAs(reason: string, path = '/all') {
  return receiver.received.filter((one) => one.path === path && one.event.reason === reason);
}

function received(reason: string, path?: string) {
  const look = () => {
    const [first] = receivedAs(reason, path);
    return first ? { done: first.event } : { saw: receiver.received.map(({ event }) => event.reason) };
  };
  return waitFor(`the event ${reason}`, look, { seconds: 30 });
}

beforeAll(async () => {
  lab = await sharedLab();
  client = createKubeClient(loadKubeConfig({ kubeconfig: lab.kubeconfig }));
  turnpike = await startTurnpike(lab);
  app = await createScenario(lab, 'alerts', { promotion: { manual: true } });
  await letAlertsTakePipelines(lab);
  const namespace = app.name;
  await lab.apply([
    ...alertObjects({ name: 'all', namespace, address: `${receiver.url}/all`, severity: 'info' }),
    ...alertObjects({ name: 'faults', namespace, address: `${receiver.url}/faults`, severity: 'error' }),
    ...alertObjects({
      name: 'ci',
      namespace,
      address: `${receiver.url}/ci`,
      severity: 'info',
      inclusionList: ['^Promote pipeline '],
    }),
  ]);
  await waitForAlerts();
}, 10 * MINUTE);

afterAll(async () => {
  await turnpike?.remove();
  client?.close();
  await receiver.stop();
}, MINUTE);

describe('an Alert of Flux about a Pipeline', () => {
  test(
    'brings that a promotion waits for an approval, once, with all that one needs to know',
    async () => {
      await app.deploy('dev', '1.1.0');
      const answer = await app.notify(turnpike.hook, 'dev', '1.1.0');
      expect(await answer.json()).toMatchObject({ outcome: 'waiting-approval' });
      const event = await received('WaitingApproval');
      expect(event).toMatchObject({
        severity: 'info',
        message: 'The promotion of 1.1.0 to staging waits for an approval.',
        involvedObject: { kind: 'Pipeline', namespace: app.name, name: 'app' },
      });
      expect(event.metadata).toEqual({
        environment: 'staging',
        version: '1.1.0',
        from: '1.0.0',
        phase: 'WaitingApproval',
      });
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      await app.promotion('staging', (phase) => phase === 'WaitingApproval');
      expect(receivedAs('WaitingApproval')).toHaveLength(1);
      expect(receivedAs('WaitingApproval', '/faults')).toEqual([]);
    },
    MINUTE,
  );

  test(
    'brings that a deployment failed, also where it wants to hear of faults alone',
    async () => {
      const failure = {
        severity: 'error',
        reason: 'UpgradeFailed',
        message: 'Helm upgrade failed: timed out',
      };
      await app.notify(turnpike.hook, 'dev', '1.2.0', failure);
      const event = await received('DeploymentFailed', '/faults');
      expect(event).toMatchObject({
        severity: 'error',
        message: 'The deployment of 1.2.0 to dev failed: Helm upgrade failed: timed out',
      });
      expect(event.metadata).toEqual({
        environment: 'dev',
        version: '1.2.0',
        from: '1.1.0',
        phase: 'Failed',
      });
      await received('DeploymentFailed', '/all');
    },
    MINUTE,
  );

  test(
    'brings that a promotion failed, with its pull request; a repeat for the same reason it does not bring',
    async () => {
      const { log } = createFakeLog();
      const now = () => new Date();
      const emit = createPipelineEvents({
        emit: createEventRecorder(client, { component: FIELD_MANAGER, instance: 'test', now }).emit,
        fluxEvents: createFluxEvents({ address: lab.flux.eventsUrl, fetch, instance: 'test' }),
        outboxes: { kubernetes: createOutbox({ log }), flux: createOutbox({ log }) },
        now,
      });
      const reporter = createReporter({ emit, metrics: createMetrics(), log, now });
      const { metadata } = pipeline();
      const ours = { ...metadata, namespace: app.name, name: 'app', uid: regarding().uid };
      const before = { ...running({ dev: '1.3.0', staging: '1.2.0' }), metadata: ours };
      const failed = (attempts: number, message: string) =>
        withState(before, 'staging', {
          promotion: {
            revision: '1.3.0',
            phase: 'Failed',
            attempts,
            updatedAt: now().toISOString(),
            pullRequest: { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7 },
            failure: { message, since: now().toISOString(), retry: 'never' },
          },
        });
      const first = failed(1, 'The token is refused (request 1).');
      reporter.changed(first, before.status);
      reporter.changed(failed(2, 'The token is refused (request 2).'), first.status);
      const event = await received('PromotionFailed', '/faults');
      expect(event).toMatchObject({
        severity: 'error',
        message: 'The promotion of 1.3.0 to staging failed: The token is refused (request 1).',
      });
      expect(event.metadata).toEqual({
        environment: 'staging',
        version: '1.3.0',
        from: '1.2.0',
        pullRequest: 'https://git.example.com/acme/fleet/pulls/7',
        phase: 'Failed',
      });
      await received('PromotionFailed', '/all');
      expect(receivedAs('PromotionFailed')).toHaveLength(1);
    },
    MINUTE,
  );

  test(
    'for a CI system brings nothing but what asks for a promotion',
    async () => {
      const promoter = createNotificationPromoter({
        emit: async () => undefined,
        fluxEvents: createFluxEvents({ address: lab.flux.eventsUrl, fetch, instance: 'test' }),
        now: () => new Date(),
      });
      await carriedOut(promoter.prepare(promotionRequest({ pipeline: { ...regarding() } })));
      expect((await received('Promote', '/ci')).metadata).toEqual({
        environment: 'staging',
        version: '1.3.0',
      });
      const reasons = receiver.received.flatMap(({ path, event }) => (path === '/ci' ? event.reason : []));
      expect(new Set(reasons)).toEqual(new Set(['Probe', 'Promote']));
    },
    MINUTE,
  );

  test('stands beside one Kubernetes Event for each, with the same in its annotations', async () => {
    const { items } = (await lab.get(['events', '-n', app.name])) as {
      items: { reason: string; type: string; metadata: { annotations?: Record<string, string> } }[];
    };
    const ours = items.filter(({ reason }) => reason === 'WaitingApproval' || reason === 'DeploymentFailed');
    expect(ours.map(({ reason, type }) => [reason, type]).toSorted()).toEqual([
      ['DeploymentFailed', 'Warning'],
      ['WaitingApproval', 'Normal'],
    ]);
    expect(ours.find(({ reason }) => reason === 'WaitingApproval')?.metadata.annotations).toEqual({
      'pipelines.weave.works/environment': 'staging',
      'pipelines.weave.works/version': '1.1.0',
      'pipelines.weave.works/from': '1.0.0',
      'pipelines.weave.works/phase': 'WaitingApproval',
    });
  });
});
