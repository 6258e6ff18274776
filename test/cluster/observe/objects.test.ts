import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { ALLOWED_HOSTS } from '../../../src/api/group.ts';
import { createKubeClient, type KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createDiscovery } from '../../../src/lib/kube/discovery.ts';
import { createEventRecorder, type KubeEvent } from '../../../src/lib/kube/events.ts';
import { loadKubeConfig } from '../../../src/lib/kube/kubeconfig/load.ts';
import { resourcePath } from '../../../src/lib/kube/path.ts';
import { createObjectReader } from '../../../src/observe/applications/object-reader.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { RULED } from '../../../src/observe/secrets/secret-keys.ts';
import { createSecrets } from '../../../src/observe/secrets/secrets.ts';
import type { Lab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';
import { adminClient, newNamespace } from '../lib/kube/support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const GROUP = `t${crypto.randomUUID().slice(0, 8)}.example.com`;

describe('objects in a cluster', () => {
  let lab: Lab;
  let client: KubeClient;
  let namespace: string;

  beforeAll(async () => {
    lab = await sharedLab();
    client = adminClient(lab);
    namespace = await newNamespace(client);
  }, MINUTES);

  afterAll(async () => {
    await lab.tryKubectl(['delete', 'crd', `widgets.${GROUP}`, '--ignore-not-found']);
    client.close();
  });

  describe('a Secret', () => {
    const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

    test('is read with its decoded values', async () => {
      const bytes = Buffer.from([0, 255, 10]).toString('base64');
      const secrets = createSecrets(client);
      const path = resourcePath({ apiVersion: 'v1', namespace, plural: 'secrets' });
      const body = { metadata: { name: 'a' }, stringData: { token: 'value' }, data: { bytes } };
      await client.request({ method: 'POST', path, body });
      const secret = await secrets.read(namespace, 'a');
      expect(text(secret?.values.get('token'))).toBe('value');
      expect(secret?.values.get('bytes')).toEqual(new Uint8Array([0, 255, 10]));
      expect(secret?.allowedHosts).toBeUndefined();
      expect(await secrets.read(namespace, 'none')).toBeUndefined();
      const annotations = { [ALLOWED_HOSTS]: ' github.com, *.example.com:8443 ' };
      await client.request({ method: 'POST', path, body: { metadata: { name: 'empty', annotations } } });
      expect(await secrets.read(namespace, 'empty')).toEqual({
        values: new Map(),
        version: expect.stringMatching(/./),
        allowedHosts: ['github.com', '*.example.com:8443'],
      });
    });

    test('takes only the right to get it', async () => {
      await lab.kubectl(['create', 'serviceaccount', 'reader', '-n', namespace]);
      await lab.kubectl(['create', 'role', 'reader', '-n', namespace, '--verb=get', '--resource=secrets']);
      const account = `--serviceaccount=${namespace}:reader`;
      await lab.kubectl(['create', 'rolebinding', 'reader', '-n', namespace, '--role=reader', account]);
      const kubeconfig = await lab.serviceAccountKubeconfig(namespace, 'reader');
      const reader = createKubeClient(loadKubeConfig({ kubeconfig }));
      const cache = createSecretCache(createSecrets(reader), {
        keep: RULED,
        ttlSeconds: 10,
        minRefreshSeconds: 1,
        now: () => new Date(),
      });
      expect(text((await cache.read(namespace, 'a'))?.values.get('token'))).toBe('value');
      await expect(cache.read('kube-system', 'a')).rejects.toMatchObject({ code: 'ApiForbidden' });
      reader.close();
    });
  });

  describe('an application', () => {
    const version = (name: string, served: boolean) => ({
      name,
      served,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
    const crd = (...versions: object[]) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${GROUP}` },
      spec: {
        group: GROUP,
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
        versions,
      },
    });
    const widget = (apiVersion: string) => ({
      apiVersion: `${GROUP}/${apiVersion}`,
      kind: 'Widget',
      name: 'app',
    });

    async function served(...versions: string[]): Promise<void> {
      const isServed = async () => {
        const list = await client.request({ method: 'GET', path: '/apis' });
        const { groups } = list as { groups: { name: string; versions: { version: string }[] }[] };
        const found = groups.find((one) => one.name === GROUP)?.versions.map((one) => one.version) ?? [];
        return found.sort().join() === versions.sort().join();
      };
      await waitUntil(`versions ${versions} of the CRD`, isServed, { seconds: 30 });
    }

    test(
      'is found by its kind, in the version that is served, while CRDs come and change',
      async () => {
        let seconds = 0;
        const read = createObjectReader(
          client,
          createDiscovery(client, { now: () => new Date(seconds * 1000) }),
        );
        const unknown = read(widget('v1'), namespace);
        await expect(unknown).rejects.toMatchObject({ code: 'ApiNotFound' });
        await expect(unknown).rejects.toThrow(`The cluster has no kind Widget in ${GROUP}/v1`);

        await lab.apply([crd(version('v1', true), version('v1beta1', true))]);
        await served('v1', 'v1beta1');
        await expect(read(widget('v1'), namespace)).rejects.toThrow('has no kind');
        seconds = 11;
        await waitUntil(
          'the kind',
          async () => {
            seconds += 11;
            return (await read(widget('v1'), namespace)) === undefined;
          },
          { seconds: 20 },
        );

        await lab.apply([
          {
            apiVersion: `${GROUP}/v1`,
            kind: 'Widget',
            metadata: { name: 'app', namespace },
            status: { on: true },
          },
        ]);
        for (const name of ['v1', 'v1beta1', 'v7']) {
          expect(await read(widget(name), namespace)).toMatchObject({ status: { on: true } });
        }

        await lab.apply([crd(version('v1', true), version('v1beta1', false))]);
        await served('v1');
        const again = async () => {
          const object = await read(widget('v1beta1'), namespace);
          return (object as { apiVersion: string }).apiVersion === `${GROUP}/v1`;
        };
        await waitUntil('the version that is left', again, { seconds: 20 });
      },
      MINUTES,
    );

    test('of the core group is found too', async () => {
      const read = createObjectReader(client, createDiscovery(client, { now: () => new Date() }));
      const service = { apiVersion: 'v1', kind: 'Service', name: 'none' };
      expect(await read(service, namespace)).toBeUndefined();
      await expect(read({ ...service, kind: 'Nothing' }, namespace)).rejects.toThrow('no kind');
      await expect(read({ ...service, kind: 'Node' }, namespace)).rejects.toThrow('no kind');
    });
  });

  describe('an Event', () => {
    const regarding = () => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace,
      name: 'thing',
      uid: '5f0c2f1e-0000-4000-8000-000000000000',
      resourceVersion: '7',
    });
    const recorder = () =>
      createEventRecorder(client, { component: 'turnpike', instance: 'host-1', now: () => new Date() });
    const event = (change: Partial<KubeEvent> = {}): KubeEvent => ({
      regarding: regarding(),
      type: 'Normal',
      reason: 'Promoted',
      message: 'dev to staging',
      ...change,
    });
    const events = () =>
      lab.get(['events', '-n', namespace]) as Promise<{ items: Record<string, unknown>[] }>;

    test('is written so that kubectl shows it', async () => {
      const at = new Date('2026-11-21T12:00:00.500Z');
      expect(await recorder().emit(event({ annotations: { 'a/b': 'c' }, at }))).toBe('created');
      const { items } = await events();
      expect(items).toMatchObject([
        {
          involvedObject: regarding(),
          metadata: { annotations: { 'a/b': 'c' } },
          type: 'Normal',
          reason: 'Promoted',
          message: 'dev to staging',
          reportingComponent: 'turnpike',
          reportingInstance: 'host-1',
          count: 1,
          // When it happened, not when it was sent at last.
          firstTimestamp: '2026-11-21T12:00:00Z',
        },
      ]);
      const shown = await lab.kubectl(['events', '-n', namespace, '--for', 'configmap/thing']);
      expect(shown).toContain('dev to staging');
    });

    test('of a given name exists once', async () => {
      const name = 'thing.promoted.1';
      expect(await recorder().emit(event({ name }))).toBe('created');
      expect(await recorder().emit(event({ name, message: 'again' }))).toBe('exists');
      const { items } = await events();
      expect(items.filter((one) => one.message === 'again')).toEqual([]);
    });

    test('with a long name and a long message is cut to what the API server takes', async () => {
      const name = `${'a'.repeat(219)}-b`;
      const message = 'ü'.repeat(2000);
      await recorder().emit(event({ regarding: { ...regarding(), name }, message, type: 'Warning' }));
      const { items } = await events();
      const warning = items.find((one) => one.type === 'Warning');
      expect(String(warning?.message)).toBe(`${'ü'.repeat(510)}…`);
    });

    test('for a namespace that does not exist is an error', async () => {
      const nowhere = { ...regarding(), namespace: 'nowhere' };
      await expect(recorder().emit(event({ regarding: nowhere }))).rejects.toMatchObject({
        code: 'ApiNotFound',
      });
    });
  });
});
