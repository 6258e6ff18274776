import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { createEventRecorder } from '../../src/kube/events.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/transport.ts';
import { createFluxEvents } from '../../src/promote/flux-events.ts';
import { createNotificationPromoter } from '../../src/promote/notification.ts';
import type { PromotionRequest } from '../../src/promote/strategy.ts';
import { promotionRequest } from '../fakes/promotion.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { waitFor } from '../lab/wait.ts';

const ALERTS = 'alerts.notification.toolkit.fluxcd.io';
const COMPONENT = join(import.meta.dir, '../../kustomize/components/flux-alerts');
const namespace = `notify-${crypto.randomUUID().slice(0, 8)}`;
const pipeline = { namespace, name: 'app', uid: crypto.randomUUID() };

interface Received {
  readonly component: string | null;
  readonly event: {
    readonly reason: string;
    readonly message: string;
    readonly severity: string;
    readonly involvedObject: Record<string, string>;
    readonly metadata: Record<string, string>;
  };
}

const received: Received[] = [];
let lab: Lab;
let client: KubeClient;

const provider = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const event = (await request.json()) as Received['event'];
    received.push({ component: request.headers.get('gotk-component'), event });
    return new Response(null, { status: 200 });
  },
});

/** Applies the component to Flux's own definition, as a user does who follows its README. */
async function letAlertsTakePipelines(): Promise<void> {
  const directory = await mkdtemp(join(lab.directory, 'flux-alerts-'));
  const { metadata, spec } = (await lab.get(['crd', ALERTS])) as { metadata: { name: string }; spec: object };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: metadata.name },
    spec,
  };
  const kustomization = { resources: ['definition.json'], components: [relative(directory, COMPONENT)] };
  await writeFile(join(directory, 'definition.json'), JSON.stringify(definition));
  await writeFile(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization));
  await lab.kubectl(['apply', '--server-side', '--force-conflicts', '-k', directory]);
  await rm(directory, { recursive: true });
}

function alert(): object[] {
  const metadata = { name: 'promotions', namespace };
  const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';
  return [
    {
      apiVersion,
      kind: 'Provider',
      metadata,
      spec: { type: 'generic', address: `http://127.0.0.1:${provider.port}/hook` },
    },
    {
      apiVersion,
      kind: 'Alert',
      metadata,
      spec: {
        providerRef: { name: 'promotions' },
        eventSeverity: 'info',
        eventSources: [{ kind: 'Pipeline', name: pipeline.name, namespace }],
      },
    },
  ];
}

function promote(change: Partial<PromotionRequest> = {}) {
  const now = () => new Date();
  const promoter = createNotificationPromoter({
    emit: createEventRecorder(client, { instance: 'turnpike-0', now }).emit,
    fluxEvents: createFluxEvents({ address: lab.flux.eventsUrl, fetch, instance: 'turnpike-0' }),
    now,
  });
  return promoter.promote(promotionRequest({ pipeline, ...change }));
}

/** notification-controller throws away what comes before it has seen the Alert: promotes until one arrives. */
async function promoteUntilReceived(): Promise<Received> {
  const attempt = async () => {
    const before = received.length;
    await promote({ due: new Date().toISOString() });
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
  await provider.stop(true);
  await lab?.kubectl(['delete', 'namespace', namespace, '--wait=false']);
}, 60_000);

describe('the notification strategy with Flux', () => {
  test('comes out at a Provider with environment and version', async () => {
    await letAlertsTakePipelines();
    await lab.apply(alert());

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
    const due = '2026-11-21T10:00:00Z';
    const before = received.length;

    expect(await promote({ due })).toEqual({ kind: 'notified' });
    expect(await promote({ due })).toEqual({ kind: 'notified' });
    await promote({ due: '2026-11-21T11:00:00Z' });
    await waitFor(
      'two events',
      () => (received.length >= before + 2 ? { done: true } : { saw: received.length }),
      { seconds: 30 },
    );
    await Bun.sleep(1000);

    expect(received).toHaveLength(before + 2);
  }, 120_000);

  test('leaves one Event on the Pipeline for each time that it is due', async () => {
    await promote({ revision: '2.0.0' });
    await promote({ revision: '2.0.0' });
    await promote({ revision: '2.0.0', due: '2026-11-21T11:00:00Z' });

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
