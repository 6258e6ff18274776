import { afterEach, describe, expect, test } from 'bun:test';
import { createBulkhead } from '../../../src/lib/async/bulkhead.ts';
import { createGarbageCollector } from '../../../src/lib/async/index.ts';
import { createSlots } from '../../../src/lib/async/slots.ts';
import { createByteRoom } from '../../../src/lib/kube/client/byte-room.ts';
import { createHostCheck } from '../../../src/lib/kube/client/host-check.ts';
import { createWatchBudgets } from '../../../src/observe/applications/watch-budget.ts';
import { openRemote } from '../../../src/observe/clusters/remote.ts';
import { kubeConfigTo } from '../../cluster/lib/kube/support.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';

/** Another cluster whose kubeconfig may read everything. */

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

const LISTS: Readonly<Record<string, object[]>> = {
  '/apis/cert-manager.io/v1': [{ name: 'certificates', kind: 'Certificate', namespaced: true }],
  '/apis/apps/v1': [{ name: 'deployments', kind: 'Deployment', namespaced: true }],
  '/api/v1': [{ name: 'secrets', kind: 'Secret', namespaced: true }],
};

function setUp(granted: readonly string[]) {
  const objects: string[] = [];
  const fetch = ({ url }: Request) => {
    const { pathname } = new URL(url);
    const resources = LISTS[pathname];
    if (resources) return Response.json({ resources });
    if (/^\/apis\/[^/]+$/.test(pathname)) return Response.json({ versions: [{ version: 'v1' }] });
    objects.push(pathname);
    return Response.json({ metadata: { name: 'app', namespace: 'dev', resourceVersion: '1' }, items: [] });
  };
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch });
  const clock = createFakeSchedule();
  const bulkhead = createBulkhead({ total: 8, namespace: 8, host: 8 });
  const remote = openRemote(kubeConfigTo(`http://127.0.0.1:${server.port}`, { name: 'u' }), {
    room: {
      requests: bulkhead,
      lists: bulkhead,
      parses: createSlots(1),
      bytes: createByteRoom(),
      collector: createGarbageCollector(),
    },
    place: { namespace: 'apps', host: 'leaf' },
    revisionPaths: new Map(),
    budgets: createWatchBudgets(100),
    log: createFakeLog().log,
    granted: { has: async (group, plural) => granted.includes(`${plural}.${group}`) },
    checkHost: createHostCheck({ allowed: [], insecure: [], allowLoopback: true }, async () => []),
    now: () => new Date(),
    clock,
  });
  ended.push(remote.close, () => void server.stop(true));
  const read = async (apiVersion: string, kind: string) => {
    remote.setInterest('apps/app', [{ appRef: { apiVersion, kind, name: 'app' }, namespace: 'dev' }]);
    // Interests are met 300 ms after they were set.
    await clock.pass(0.3);
    return remote.read({ apiVersion, kind, name: 'app' }, 'dev');
  };
  return { read, objects };
}

describe('an object on another cluster', () => {
  test.each([
    ['v1', 'Secret', 'ConfigInvalid'],
    ['cert-manager.io/v1', 'Certificate', 'ApiForbidden'],
  ])('of %s %s is neither read nor watched', async (apiVersion, kind, code) => {
    const { read, objects } = setUp([]);
    await expect(read(apiVersion, kind)).rejects.toMatchObject({ code });
    expect(objects).toEqual([]);
  });

  test.each([
    ['apps/v1', 'Deployment'],
    ['cert-manager.io/v1', 'Certificate'],
  ])('of %s %s is read where the operator has granted the kind', async (apiVersion, kind) => {
    const { read, objects } = setUp(['certificates.cert-manager.io']);
    expect(await read(apiVersion, kind)).toMatchObject({ metadata: {} });
    expect(objects.at(0)).toContain('/namespaces/dev/');
  });
});
