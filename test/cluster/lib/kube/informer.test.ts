import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { createInformer, type Informer } from '../../../../src/lib/kube/informer/informer.ts';
import type { ReflectorTimings } from '../../../../src/lib/kube/informer/reflector.ts';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import { resourcePath } from '../../../../src/lib/kube/path.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { type Lab, startLab } from '../../../lab/lab.ts';
import { waitUntil } from '../../../lab/wait.ts';
import { adminClient, createWire, newNamespace, type Wire } from './support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const BACKOFF = { initialMs: 50, maxMs: 500 };

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly color: string | undefined;
}

function parse(raw: unknown): ConfigMap {
  const { metadata, data } = raw as V1ConfigMap;
  const { name = '', namespace = '', resourceVersion = '' } = metadata ?? {};
  return { metadata: { name, namespace, resourceVersion }, color: data?.color };
}

/** A lab of its own: its API server is ended and started here. */
describe('an informer on a real API server', () => {
  let lab: Lab;
  let admin: KubeClient;
  let wire: Wire;
  let wired: KubeClient;
  let namespace: string;
  const started: Informer<ConfigMap>[] = [];

  beforeAll(async () => {
    lab = await startLab();
    admin = adminClient(lab);
    wire = await createWire(Number(new URL(lab.server).port));
    const kubeConfig = loadKubeConfig({ kubeconfig: lab.kubeconfig });
    const server = `https://127.0.0.1:${wire.port}`;
    kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, server }));
    wired = createKubeClient(kubeConfig);
  }, MINUTES);

  beforeEach(async () => {
    namespace = await newNamespace(admin);
  });

  afterAll(async () => {
    await Promise.all(started.map((informer) => informer.stop()));
    wired.close();
    admin.close();
    await wire[Symbol.asyncDispose]();
    await lab.stop();
  }, MINUTES);

  const path = (name?: string) =>
    resourcePath({ apiVersion: 'v1', namespace, plural: 'configmaps', ...(name && { name }) });
  const create = (name: string) =>
    admin.request({ method: 'POST', path: path(), body: { metadata: { name }, data: { color: 'red' } } });
  const paint = (name: string, color: string) =>
    admin.request({
      method: 'PATCH',
      path: path(name),
      contentType: 'application/merge-patch+json',
      body: { data: { color } },
    });
  const remove = (name: string) => admin.request({ method: 'DELETE', path: path(name) });
  const until = (what: string, check: () => boolean) => waitUntil(what, check, { seconds: 20, everyMs: 10 });

  async function inform(client: KubeClient, timings: Partial<ReflectorTimings> = {}) {
    const { log, lines } = createFakeLog();
    const informer = createInformer(client, {
      path: path(),
      parse,
      log,
      timings: { backoff: BACKOFF, ...timings },
    });
    started.push(informer);
    const changes: string[] = [];
    informer.subscribe(({ kind, key, object }) => {
      changes.push(`${kind} ${key.replace(`${namespace}/`, '')} ${object.color}`);
    });
    informer.start();
    await until('the first list', informer.synced);
    const get = (name: string) => informer.get(`${namespace}/${name}`);
    return { informer, changes, lines, get };
  }

  test(
    'knows 1,200 objects after its first list',
    async () => {
      const names = Array.from({ length: 1200 }, (_, index) => `object-${index}`);
      for (let from = 0; from < names.length; from += 100) {
        await Promise.all(names.slice(from, from + 100).map((name) => create(name)));
      }
      const { informer } = await inform(admin);
      expect(
        informer
          .list()
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual(names.sort());
    },
    MINUTES,
  );

  test('hears of each change', async () => {
    await create('a');
    const { changes } = await inform(admin);
    await create('b');
    await paint('a', 'blue');
    await remove('b');
    await until('four changes', () => changes.length === 4);
    expect(changes).toEqual(['added a red', 'added b red', 'modified a blue', 'deleted b red']);
  });

  test('takes the answer to a write at once and reports it once', async () => {
    await create('a');
    const { informer, changes, get } = await inform(admin);
    informer.accept(parse(await paint('a', 'blue')));
    expect(get('a')?.color).toBe('blue');
    await create('last');
    await until('the last change', () => get('last') !== undefined);
    expect(changes).toEqual(['added a red', 'modified a blue', 'added last red']);
  });

  test('resumes after its connection broke, and misses nothing of what happened meanwhile', async () => {
    await create('stays');
    await create('goes');
    const { changes, lines } = await inform(wired);
    wire.cut();
    await remove('goes');
    await create('comes');
    await paint('stays', 'blue');
    await until('the failure', () => lines.length > 1);
    expect(wired.available()).toBe(false);
    wire.restore();
    await until('the changes', () => changes.length === 5);
    expect(changes.slice(2)).toEqual(['deleted goes red', 'added comes red', 'modified stays blue']);
    expect(wired.available()).toBe(true);
  });

  test('starts a watch again whose connection went dead without a word', async () => {
    const { get, lines } = await inform(wired, { silenceMs: 500 });
    wire.mute();
    await create('unheard');
    await until('the watchdog', () => lines.join('').includes('silent'));
    wire.restore();
    await until('the object', () => get('unheard') !== undefined);
  });

  test(
    'lists again after a restart of the API server that forgot its history, and notices what is gone',
    async () => {
      await create('stays');
      await create('goes');
      const { changes, lines } = await inform(wired);
      wire.cut();
      await remove('goes');
      for (const name of ['x', 'y', 'z']) await create(name);
      await lab.restartApiserver();
      wire.restore();
      await until('the changes', () => changes.length === 6);
      expect(changes.slice(2).sort()).toEqual([
        'added x red',
        'added y red',
        'added z red',
        'deleted goes red',
      ]);
      expect(lines.join('')).toContain('resource version expired');
    },
    MINUTES,
  );

  test(
    'goes on by itself when the API server is away for a while',
    async () => {
      await create('a');
      const { get } = await inform(admin);
      await lab.stopApiserver();
      await until('the failure', () => !admin.available());
      expect(get('a')?.color).toBe('red');
      await lab.startApiserver();
      await paint('a', 'blue');
      await until('the change', () => get('a')?.color === 'blue');
    },
    MINUTES,
  );

  test('asks again when the server ends the watch in time', async () => {
    const { get, lines } = await inform(admin, { watchSeconds: 1 });
    await Bun.sleep(2500);
    await create('late');
    await until('the object', () => get('late') !== undefined);
    expect(lines).toEqual([]);
  });
});
