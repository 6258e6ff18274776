import { afterEach, expect, test } from 'bun:test';
import type { ClusterRef } from '../../../src/api/pipeline.ts';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { createBulkhead } from '../../../src/lib/async/bulkhead.ts';
import { createGarbageCollector } from '../../../src/lib/async/index.ts';
import { createSlots } from '../../../src/lib/async/slots.ts';
import { createByteRoom } from '../../../src/lib/kube/client/byte-room.ts';
import { createHostCheck } from '../../../src/lib/kube/client/host-check.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createWatchBudgets } from '../../../src/observe/applications/watch-budget.ts';
import { createClusters } from '../../../src/observe/clusters/clusters.ts';
import { openRemote } from '../../../src/observe/clusters/remote.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { spec } from '../../fakes/pipeline.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

const HOSTS = { allowed: [], insecure: [], allowLoopback: true };
const RELEASE = {
  metadata: { name: 'app', namespace: 'dev', resourceVersion: '1', generation: 7 },
  status: {},
};

/** An API server; one that hangs answers /version and discovery alone, and says when. */
function serve(onHang?: () => void): string {
  const fetch = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/version') return Response.json({ major: '1' });
    if (/^\/apis\/[^/]+$/.test(pathname)) return Response.json({ versions: [{ version: 'v2' }] });
    if (/^\/apis\/[^/]+\/[^/]+$/.test(pathname)) {
      return Response.json({ resources: [{ name: 'helmreleases', kind: 'HelmRelease', namespaced: true }] });
    }
    if (onHang) {
      onHang();
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    }
    if (!searchParams.has('limit')) return Response.json(RELEASE);
    return Response.json({ metadata: { resourceVersion: '1' }, items: [RELEASE] });
  };
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 0, fetch });
  ended.push(() => void server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    'current-context': 'c',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}

test('clusters of one namespace that all hang in lists make nobody else’s away', async () => {
  let hanging = 0;
  const onHang = () => {
    hanging += 1;
  };
  const texts = new Map(
    ['red/a', 'red/b', 'red/c', 'red/d'].map((secret) => [secret, kubeconfig(serve(onHang))] as const),
  );
  texts.set('blue/a', kubeconfig(serve()));
  const client: KubeClient = {
    request: () => Promise.reject(new Error('nothing is asked')),
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
    close: () => {},
  };
  // The reads of two clusters, or the lists of four, would take all of it.
  const room = {
    requests: createBulkhead({ total: 8, namespace: 2, host: 2 }),
    lists: createBulkhead({ total: 8, namespace: 2, host: 2 }),
    parses: createSlots(1),
    bytes: createByteRoom(),
    collector: createGarbageCollector(),
  };
  const budgets = createWatchBudgets(100);
  const { log } = createFakeLog();
  const now = () => new Date();
  const clock = createFakeSchedule();
  const remote = {
    ...{ room, budgets, log, now, clock, revisionPaths: new Map() },
    granted: { has: async () => true },
    checkHost: createHostCheck(HOSTS, async () => []),
  };
  const clusters = createClusters({
    log,
    client,
    hosts: HOSTS,
    secrets: {
      async read(namespace, name) {
        const text = texts.get(`${namespace}/${name}`) ?? '';
        return { values: new Map([['kubeconfig', new TextEncoder().encode(text)]]) };
      },
    },
    byApplication: { of: () => [] },
    open: (kubeConfig, place) => openRemote(kubeConfig, { ...remote, place }),
    now,
    clock,
  });
  ended.push(clusters.close);
  const names: ClusterRef[] = ['a', 'b', 'c', 'd'].map((name) => ({ kind: 'Secret', name }));
  // Each of these namespaces is a list of 15 s.
  const targets = names.flatMap((clusterRef) =>
    Array.from({ length: 10 }, (_, index) => ({ namespace: `dev-${index}`, clusterRef })),
  );
  clusters.follow(pipelineKey('red', 'app'), spec({ environments: [{ name: 'dev', targets }] }));
  const { appRef } = spec();
  const read = (namespace: string, ref: ClusterRef, inNamespace: string) =>
    clusters.reader(ref, namespace).read(appRef, inNamespace);
  const red = targets.map(({ clusterRef, namespace }) => read('red', clusterRef, namespace).catch(String));
  await waitUntil('all room of the namespace to be taken', () => hanging === 2, { everyMs: 1 });
  // The lists are wanted, too.
  await clock.pass(0.5);

  const leaf: ClusterRef = { kind: 'Secret', name: 'a' };
  const blue = spec({ environments: [{ name: 'dev', targets: [{ namespace: 'dev', clusterRef: leaf }] }] });
  clusters.follow(pipelineKey('blue', 'app'), blue);
  expect(await read('blue', leaf, 'dev')).toMatchObject({ metadata: { generation: 7 } });
  await clock.pass(6);
  await Promise.all(red);
  const reachable = clusters.reachable().find(({ namespace }) => namespace === 'blue');
  expect(reachable?.reachable).toBe(true);
});
