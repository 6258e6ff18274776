import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FIELD_MANAGER } from '../../src/api/group.ts';
import { createKubeClient, type KubeClient } from '../../src/lib/kube/client/transport.ts';
import { createEventRecorder } from '../../src/lib/kube/events.ts';
import { loadKubeConfig } from '../../src/lib/kube/kubeconfig/load.ts';
import { createFluxEvents } from '../../src/promote/notification/flux-events.ts';
import { createNotificationPromoter } from '../../src/promote/notification/notification.ts';
import type { PromotionRequest } from '../../src/promote/strategy.ts';
import { carriedOut, promotionRequest } from '../fakes/promotion.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { waitFor } from '../lab/wait.ts';
import { alertObjects, letAlertsTakePipelines, type Received, startReceiver } from './alerts.ts';

const namespace = `notify-${crypto.randomUUID().slice(0, 8)}`;
const pipeline = { namespace, name: 'app', uid: crypto.randomUUID() };

const receiver = startReceiver();
const { received } = receiver;
let lab: Lab;
let client: KubeClient;

function promote(change: Partial<PromotionRequest> = {}) {
  const now = () => new Date();
  const promoter = createNotificationPromoter({
    emit: createEventRecorder(client, { component: FIELD_MANAGER, instance: 'turnpike-0', now }).emit,
    fluxEvents: createFluxEvents({ address: lab.flux.eventsUrl, fetch, instance: 'turnpike-0' }),
    now,
  });
  return carriedOut(promoter.prepare(promotionRequest({ pipeline, ...change })));
}

/** notification-controller throws away what comes before it has seen the Alert: promotes until one arrives. */
async function promoteUntilReceived(): Promise<Received> {
  const attempt = async () => {
    const before = received.length;
    await promote({ startedAt: new Date().toISOString() });
    await Bun.sleep(500);
    const [first] = received.slice(before);
    return first ? { done: first } : { saw: 'nothing at the provider' };
  };
  return waitFor('the event at the provider', attempt, { seconds: 60 });
}

beforeAll(async () => {
  lab = await sharedLab();
  client = createKubeClient(loadKubeConfig({ kubeconfig: lab.kubeconfig }));
  await lab.kubectl(['create', 'namespace', namespace]);
}, 600_000);

afterAll(async () => {
  client?.close();
  await receiver.stop();
  await lab?.kubectl(['delete', 'namespace', namespace, '--wait=false']);
}, 60_000);

describe('the notification strategy with Flux', () => {
  test('comes out at a Provider with environment and version', async () => {
    await letAlertsTakePipelines(lab);
    await lab.apply(alertObjects({ name: 'promotions', namespace, address: receiver.url, severity: 'info' }));

    const { component, event } = await promoteUntilReceived();

    expect(component).toBe('turnpike');
    expect(event).toMatchObject({
      reason: 'Promote',
      severity: 'info',
      message: `Promote pipeline ${namespace}/app to staging with version 1.3.0`,
      involvedObject: { apiVersion: 'pipelines.weave.works/v1alpha1', kind: 'Pipeline', ...pipeline },
    });
    // The prefix is taken off, and the token that tells repeats apart is not passed on.
    expect(event.metadata).toEqual({ environment: 'staging', version: '1.3.0' });
  }, 120_000);

  test('arrives once when it is done twice, and anew when the revision comes a second time', async () => {
    await promoteUntilReceived();
    const startedAt = '2026-11-21T10:00:00Z';
    const before = received.length;

    expect(await promote({ startedAt })).toEqual({ kind: 'notified' });
    expect(await promote({ startedAt })).toEqual({ kind: 'notified' });
    await promote({ startedAt: '2026-11-21T11:00:00Z' });
    await waitFor(
      'two events',
      () => (received.length >= before + 2 ? { done: true } : { saw: received.length }),
      { seconds: 30 },
    );
    await Bun.sleep(1000);

    expect(received).toHaveLength(before + 2);
  }, 120_000);

  test('leaves one Event on the Pipeline for each time that it starts', async () => {
    await promote({ revision: '2.0.0' });
    await promote({ revision: '2.0.0' });
    await promote({ revision: '2.0.0', startedAt: '2026-11-21T11:00:00Z' });

    const { items } = (await lab.get(['events', '-n', namespace])) as {
      items: { reason: string; type: string; metadata: { annotations?: Record<string, string> } }[];
    };
    const ours = items.filter(
      (one) => one.metadata.annotations?.['pipelines.weave.works/version'] === '2.0.0',
    );

    expect(ours).toHaveLength(2);
    expect(ours[0]).toMatchObject({ reason: 'Promote', type: 'Normal' });
  }, 60_000);
});
