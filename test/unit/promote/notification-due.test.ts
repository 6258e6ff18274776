import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { OutgoingEvent } from '../../../src/promote/notification/flux-events.ts';
import { createNotificationPromoter } from '../../../src/promote/notification/notification.ts';
import { createPromoter } from '../../../src/reconcile/promoter.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { readerOf } from '../../fakes/application.ts';
import { noNews } from '../../fakes/checking.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { NOW, pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const NOTIFICATION = { promotion: { strategy: { notification: {}, secretRef: { name: 'hook' } } } };
const NOBODY = () => Promise.reject(new Error('it is promoted by notification'));

/** A Pipeline that promotes by notification, with an API server that keeps one Event of a name. */
function setUp() {
  const store = createFakeStore();
  store.put(pipeline(NOTIFICATION));
  const { log } = createFakeLog();
  let time = NOW.getTime();
  const now = () => new Date(time);
  const runs: Record<string, { version: string; at: Date }> = {};
  const raised = new Map<string, string>();
  const posted: OutgoingEvent[] = [];
  const faults: TurnpikeError[] = [];
  const notifications = createNotificationPromoter({
    async emit({ name, message }) {
      raised.set(name, message.slice(message.indexOf(' to ')));
    },
    fluxEvents: {
      async post(event) {
        posted.push(event);
        const fault = faults.shift();
        if (fault) throw fault;
      },
    },
    now,
  });
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    applications: readerOf((_, namespace) => runs[namespace] && release(runs[namespace])),
    promoter: createPromoter({
      policy: {},
      signal: new AbortController().signal,
      readSecret: async () => undefined,
      pullRequests: { prepare: NOBODY, runTask: NOBODY, state: NOBODY, find: NOBODY, inBase: NOBODY },
      pushes: { prepare: NOBODY, inBase: NOBODY },
      notifications,
    }),
    check: () => noNews(),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log,
    now,
  });
  return {
    faults,
    posted,
    raised: () => [...raised.values()],
    async look(seconds: number) {
      time += seconds * 1000;
      await reconcile(pipelineKey('apps', 'app'));
    },
    deploy(environment: string, version: string) {
      runs[environment] = { version, at: now() };
    },
  };
}

function release({ version, at }: { version: string; at: Date }) {
  const lastDeployed = at.toISOString();
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', lastTransitionTime: lastDeployed },
      ],
      history: [{ chartVersion: version, status: 'deployed', lastDeployed }],
    },
  };
}

describe('a notification', () => {
  test('is raised once for a promotion, however often it is tried', async () => {
    const { deploy, look, raised, posted, faults } = setUp();
    faults.push(new TurnpikeError('NotificationFailed', 'answered 503'));
    deploy('dev', '1.1.0');
    deploy('staging', '1.0.0');
    deploy('prod', '1.0.0');
    await look(0);
    await look(60);
    await look(60);
    expect(raised()).toEqual([' to staging with version 1.1.0']);
    expect(posted).toHaveLength(2);
    expect(posted[0]?.token).toBe(posted[1]?.token ?? '');
  });

  test('is raised again for a revision that comes a second time', async () => {
    const { deploy, look, raised, posted } = setUp();
    deploy('staging', '1.0.0');
    deploy('prod', '1.0.0');
    for (const version of ['1.1.0', '1.2.0', '1.1.0']) {
      deploy('dev', version);
      await look(60);
      await look(60);
    }
    const words = [' to staging with version 1.1.0', ' to staging with version 1.2.0'];
    expect(raised()).toEqual([...words, words[0] ?? '']);
    expect(new Set(posted.map(({ token }) => token)).size).toBe(3);
  });
});
