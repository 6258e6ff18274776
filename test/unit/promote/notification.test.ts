import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { Fence } from '../../../src/promote/fence.ts';
import { createFluxEvents, eventsUrl } from '../../../src/promote/notification/flux-events.ts';
import {
  createNotificationPromoter,
  type NotificationDeps,
  type PromoteEvent,
} from '../../../src/promote/notification/notification.ts';
import { fencedEmit } from '../../../src/reconcile/fenced.ts';
import { startBrokenServer } from '../../fakes/broken-server.ts';
import { withEnvironment } from '../../fakes/environment.ts';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

interface Posted {
  readonly path: string;
  readonly event: unknown;
}

let posted: Posted[];
let emitted: PromoteEvent[];
let respond: () => Response;
let controller: ReturnType<typeof Bun.serve>;

interface Change extends Partial<Pick<NotificationDeps, 'emit'>> {
  readonly address?: string;
}

function promoter({ emit, address = `127.0.0.1:${controller.port}` }: Change = {}) {
  return createNotificationPromoter({
    emit: emit ?? (async (event) => emitted.push(event)),
    fluxEvents: createFluxEvents({ address, fetch, instance: 'turnpike-0' }),
    now: () => new Date('2026-11-21T12:00:00.123Z'),
  });
}

beforeEach(() => {
  posted = [];
  emitted = [];
  respond = () => new Response(null, { status: 202 });
  controller = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      posted.push({ path: new URL(request.url).pathname, event: await request.json() });
      return respond();
    },
  });
});
afterEach(() => controller.stop(true));

describe('the notification strategy', () => {
  test("does not take the way of the environment's proxies", async () => {
    const environment = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: undefined };
    await withEnvironment(environment, () => carriedOut(promoter().prepare(promotionRequest())));
    expect(posted).toHaveLength(1);
  });

  test('raises the event on the Pipeline and hands it to notification-controller', async () => {
    expect(await carriedOut(promoter().prepare(promotionRequest()))).toEqual({ kind: 'notified' });

    const regarding = {
      apiVersion: 'pipelines.weave.works/v1alpha1',
      kind: 'Pipeline',
      namespace: 'team',
      name: 'app',
      uid: '9a7c5e0e-0000-4000-8000-000000000001',
    };
    const message = 'Promote pipeline team/app to staging with version 1.3.0';
    const metadata = {
      'pipelines.weave.works/environment': 'staging',
      'pipelines.weave.works/version': '1.3.0',
    };
    expect(emitted).toEqual([
      {
        name: expect.stringMatching(/^app\.promote\.[0-9a-f]{16}$/),
        regarding,
        type: 'Normal',
        reason: 'Promote',
        message,
        annotations: metadata,
      },
    ]);
    expect(posted).toEqual([
      {
        path: '/',
        event: {
          involvedObject: regarding,
          severity: 'info',
          timestamp: '2026-11-21T12:00:00Z',
          message,
          reason: 'Promote',
          metadata: { ...metadata, 'pipelines.weave.works/token': expect.stringMatching(/^[0-9a-f]{64}$/) },
          reportingController: 'turnpike',
          reportingInstance: 'turnpike-0',
        },
      },
    ]);
  });

  test('raises nothing that could not be recorded', async () => {
    const { discard } = await promoter().prepare(promotionRequest());
    discard();
    expect([...posted, ...emitted]).toEqual([]);
  });

  test('raises nothing where another replica leads by then', async () => {
    const lost = new TurnpikeError('NotLeading', 'Another replica leads.');
    const fence: Fence = async (key) => {
      if (key === pipelineKey('team', 'app')) throw lost;
    };
    const emit = fencedEmit(async (event) => emitted.push(event), fence);
    expect(await failureOf(carriedOut(promoter({ emit }).prepare(promotionRequest())))).toBe(lost);
    expect([...posted, ...emitted]).toEqual([]);
  });

  test('raises the Kubernetes event alone without --events-addr', async () => {
    await carriedOut(promoter({ address: '' }).prepare(promotionRequest()));

    expect([emitted.length, posted.length]).toEqual([1, 0]);
  });

  test('gives the same name and token to a retry, others to anything else', async () => {
    const one = promoter();
    await carriedOut(one.prepare(promotionRequest()));
    await carriedOut(one.prepare(promotionRequest()));
    await carriedOut(one.prepare(promotionRequest({ revision: '1.4.0' })));
    await carriedOut(one.prepare(promotionRequest({ environment: 'prod' })));
    await carriedOut(one.prepare(promotionRequest({ startedAt: '2026-11-22T10:00:00Z' })));

    const names = emitted.map(({ name }) => name);
    const tokens = posted.map(({ event }) => JSON.stringify(event));
    expect(names[0]).toBe(names[1] ?? '');
    expect(new Set(names).size).toBe(4);
    expect(tokens[0]).toBe(tokens[1] ?? '');
    expect(new Set(tokens).size).toBe(4);
  });

  test('is raised again for a revision that comes a second time, and not for a retry', async () => {
    const stored = new Set<string>();
    let raised = 0;
    /** The API server keeps one Event of a name. */
    const emit = async ({ name }: PromoteEvent) => {
      if (!stored.has(name)) raised += 1;
      stored.add(name);
    };
    const one = promoter({ emit, address: '' });
    await carriedOut(one.prepare(promotionRequest({ startedAt: '2026-11-21T12:00:00Z' })));
    // The deployment's own time moves while the promotion is retried.
    const source = { environment: 'dev', deployedAt: '2026-11-21T12:01:00Z' };
    await carriedOut(one.prepare(promotionRequest({ startedAt: '2026-11-21T12:00:00Z', source })));
    expect(raised).toBe(1);
    // dev went back to 1.2.0 meanwhile.
    await carriedOut(one.prepare(promotionRequest({ startedAt: '2026-11-21T12:20:00Z' })));
    expect(raised).toBe(2);
  });

  test('gives the longest Pipeline name a valid name for its event', async () => {
    const name = `${'a'.repeat(199)}.${'b'.repeat(53)}`;
    await carriedOut(
      promoter().prepare(promotionRequest({ pipeline: { namespace: 'team', name, uid: 'u' } })),
    );

    expect(emitted[0]?.name).toMatch(/^a{199}\.promote\.[0-9a-f]{16}$/);
  });

  test('takes a repeat that notification-controller drops for delivered', async () => {
    respond = () => new Response(null, { status: 429 });

    expect(await carriedOut(promoter().prepare(promotionRequest()))).toEqual({ kind: 'notified' });
  });

  test("fails with the server's words when the event is refused", async () => {
    respond = () => new Response(`upstream\n${'is away '.repeat(1000)}`, { status: 503 });

    const failure = await failureOf(carriedOut(promoter().prepare(promotionRequest())));

    expect(failure).toMatchObject({ code: 'NotificationFailed', retry: 'backoff' });
    expect(failure.message).toContain('answered 503 (upstream is away is away');
    expect(failure.message.length).toBeLessThan(600);
  });

  test('follows no redirect', async () => {
    respond = () => Response.redirect(`http://127.0.0.1:${controller.port}/elsewhere`, 307);

    expect(await failureOf(carriedOut(promoter().prepare(promotionRequest())))).toMatchObject({
      code: 'NotificationFailed',
    });
    expect(posted).toHaveLength(1);
  });

  test('fails when the connection is cut', async () => {
    const server = await startBrokenServer('cut');
    const failure = await failureOf(
      carriedOut(promoter({ address: server.origin }).prepare(promotionRequest())),
    );
    server.stop();

    expect(failure).toMatchObject({ code: 'NotificationFailed', retry: 'backoff' });
    expect(failure.message).toContain('could not be reached');
  });

  test('hands nothing over when Kubernetes takes no event', async () => {
    const emit = () => Promise.reject(new TurnpikeError('ApiUnavailable', 'no API server'));

    expect(await failureOf(carriedOut(promoter({ emit }).prepare(promotionRequest())))).toMatchObject({
      code: 'ApiUnavailable',
    });
    expect(posted).toEqual([]);
  });
});

describe('--events-addr', () => {
  const ADDRESSES: readonly [string, string][] = [
    ['http://notification-controller', 'http://notification-controller/'],
    ['http://notification-controller/', 'http://notification-controller/'],
    [
      'http://notification-controller.flux-system.svc.cluster.local./',
      'http://notification-controller.flux-system.svc.cluster.local./',
    ],
    ['https://events.example/flux/', 'https://events.example/flux/'],
    ['127.0.0.1:9090', 'http://127.0.0.1:9090/'],
    ['notification-controller', 'http://notification-controller/'],
  ];
  for (const [address, url] of ADDRESSES) {
    test(`${address} means ${url}`, () => expect(eventsUrl(address)).toBe(url));
  }

  test('is refused at the start when it is no address', () => {
    for (const address of ['http://', 'a b', ':9090', 'ftp://host']) {
      expect(() => eventsUrl(address)).toThrow(/--events-addr is not an address/);
    }
  });
});
