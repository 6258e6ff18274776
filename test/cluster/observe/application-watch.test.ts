import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test';
import type { AppRef } from '../../../src/api/pipeline.ts';
import { parseRevisionPaths } from '../../../src/decide/model/revision-path.ts';
import { readApplication } from '../../../src/decide/observation/application.ts';
import { createKubeClient, type KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createDiscovery } from '../../../src/lib/kube/discovery.ts';
import { loadKubeConfig } from '../../../src/lib/kube/kubeconfig/load.ts';
import {
  type ApplicationWatch,
  type ApplicationWatchTimings,
  createApplicationWatch,
} from '../../../src/observe/applications/watch.ts';
import { createWatchBudgets } from '../../../src/observe/applications/watch-budget.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { waitEstablished } from '../../lab/established.ts';
import type { Lab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';
import { adminClient, newNamespace } from '../lib/kube/support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const GROUP = `w${crypto.randomUUID().slice(0, 8)}.example.com`;
const TIMINGS: Partial<ApplicationWatchTimings> = {
  refused: { initialMs: 100, maxMs: 400 },
  recheckMs: 200,
  quietMs: 20,
};

function definition(plural: string, kind: string, served: readonly string[]) {
  const version = (name: string) => ({
    name,
    served: served.includes(name),
    storage: name === 'v1',
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, plural, singular: plural.slice(0, -1) },
      versions: [version('v1'), version('v2')],
    },
  };
}

const appRef = (name: string, kind = 'Widget', version = 'v1'): AppRef => ({
  apiVersion: `${GROUP}/${version}`,
  kind,
  name,
});

describe('watching applications', () => {
  let lab: Lab;
  let admin: KubeClient;
  let namespace: string;
  const started: ApplicationWatch[] = [];
  const clients: KubeClient[] = [];

  beforeAll(async () => {
    lab = await sharedLab();
    admin = adminClient(lab);
    await lab.apply([definition('widgets', 'Widget', ['v1'])]);
    await waitEstablished(lab, `crd/widgets.${GROUP}`);
  }, MINUTES);

  beforeEach(async () => {
    namespace = await newNamespace(admin);
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((watch) => watch.stop()));
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    const names = ['widgets', 'gears'].map((plural) => `${plural}.${GROUP}`);
    await lab.tryKubectl(['delete', 'crd', ...names, '--ignore-not-found']);
    admin.close();
  });

  const path = (name?: string, plural = 'widgets') =>
    `/apis/${GROUP}/v1/namespaces/${namespace}/${plural}${name ? `/${name}` : ''}`;
  const status = (revision: string) => ({
    conditions: [{ type: 'Ready', status: 'True', reason: 'Fine', message: 'fine' }],
    lastAppliedRevision: revision,
  });
  const create = async (name: string) => {
    const body = { apiVersion: `${GROUP}/v1`, kind: 'Widget', metadata: { name } };
    await admin.request({ method: 'POST', path: path(), body });
    await patch(`${name}/status`, { status: status('1.0.0') });
  };
  const patch = (name: string, body: object, plural = 'widgets') =>
    admin.request({
      method: 'PATCH',
      path: path(name, plural),
      contentType: 'application/merge-patch+json',
      body,
    });
  const run = (name: string, revision: string) =>
    patch(`${name}/status`, { status: { lastAppliedRevision: revision } });
  const until = (what: string, check: () => boolean | Promise<boolean>) =>
    waitUntil(what, check, { seconds: 20, everyMs: 10 });

  interface Change {
    readonly kubeconfig?: string;
    readonly places?: number;
    readonly revisionPaths?: string;
  }

  function open({ kubeconfig = lab.kubeconfig, places = 100, revisionPaths = '' }: Change = {}) {
    let requests = 0;
    let ahead = 0;
    const { log, lines } = createFakeLog();
    const client = createKubeClient(loadKubeConfig({ kubeconfig }), {
      onRequest: () => {
        requests += 1;
      },
    });
    const budget = createWatchBudgets(places).own;
    let watches = 0;
    const watch = createApplicationWatch(client, {
      discovery: createDiscovery(client, { now: () => new Date(Date.now() + ahead) }),
      revisionPaths: parseRevisionPaths(revisionPaths),
      budget: {
        take(lose) {
          const giveBack = budget.take(lose);
          if (!giveBack) return undefined;
          watches += 1;
          return () => {
            watches -= 1;
            giveBack();
          };
        },
      },
      log,
      timings: TIMINGS,
    });
    started.push(watch);
    clients.push(client);
    const heard: string[] = [];
    watch.subscribe(({ kind, name }, inNamespace) => {
      heard.push(`${kind} ${inNamespace.replace(namespace, 'here')}/${name}`);
    });
    const revision = async (ref: AppRef, inNamespace = namespace) => {
      const object = await watch.read(ref, inNamespace);
      if (object === undefined) return undefined;
      const seen = readApplication(ref, object);
      return seen.kind === 'application' ? seen.revision : seen.error;
    };
    const pass = (seconds: number) => {
      ahead += 1000 * seconds;
    };
    return { watch, heard, lines, revision, pass, requests: () => requests, watches: () => watches };
  }

  async function watched(name: string, change?: Change) {
    const opened = open(change);
    opened.watch.setInterest('owner', [{ appRef: appRef(name), namespace }]);
    await until('the first list', () => opened.heard.length > 0);
    // The group and the kind were asked for, its objects were listed, and they are watched.
    await until('the watch', () => opened.requests() >= 4);
    opened.heard.length = 0;
    return opened;
  }

  test('reads what it watches without asking the API server', async () => {
    await create('app');
    const { revision, requests } = await watched('app');
    expect(await revision(appRef('app'))).toBe('1.0.0');
    const before = requests();
    expect(await revision(appRef('app'))).toBe('1.0.0');
    expect(requests()).toBe(before);
    await run('app', '1.1.0');
    await until('the change', async () => (await revision(appRef('app'))) === '1.1.0');
    expect(requests()).toBe(before);
  });

  test('reports what matters and nothing else', async () => {
    await create('app');
    await create('other');
    const { heard, watch } = await watched('app');
    await patch('app', { metadata: { labels: { seen: 'yes' } } });
    await patch('app/status', {
      status: { conditions: [...status('').conditions, { type: 'Other', status: 'True' }] },
    });
    await run('other', '1.1.0');
    await run('app', '1.1.0');
    await until('a change', () => heard.length > 0);
    await admin.request({ method: 'DELETE', path: path('app') });
    await until('the end', () => heard.length > 1);
    expect(heard).toEqual(['Widget here/app', 'Widget here/app']);
    expect(await watch.read(appRef('app'), namespace)).toBeUndefined();
  });

  test('reports a new application', async () => {
    const { heard, revision } = await watched('app');
    expect(await revision(appRef('app'))).toBeUndefined();
    await create('app');
    await until('the application', () => heard.length > 0);
    await until('its revision', async () => (await revision(appRef('app'))) === '1.0.0');
  });

  test('asks once for an application that is wanted later, and hears of it from then on', async () => {
    await create('app');
    await create('later');
    const { watch, heard, revision, requests } = await watched('app');
    watch.setInterest('another', [{ appRef: appRef('later'), namespace }]);
    const before = requests();
    expect(await revision(appRef('later'))).toBe('1.0.0');
    expect(await revision(appRef('later'))).toBe('1.0.0');
    expect(requests()).toBe(before + 1);
    heard.length = 0;
    await run('later', '1.1.0');
    await until('the change', () => heard.length > 0);
    expect(await revision(appRef('later'))).toBe('1.1.0');
  });

  test('watches only the namespaces that are wanted, and each once', async () => {
    const other = await newNamespace(admin);
    const { watch, watches } = open();
    watch.setInterest('a', [
      { appRef: appRef('one'), namespace },
      { appRef: appRef('two'), namespace },
      { appRef: appRef('one'), namespace: other },
    ]);
    watch.setInterest('b', [{ appRef: appRef('one'), namespace }]);
    await until('two watches', () => watches() === 2);
    watch.setInterest('a', []);
    await until('one watch', () => watches() === 1);
    watch.setInterest('b', []);
    await until('no watch', () => watches() === 0);
  });

  test('watches many namespaces at once, and keeps what is wanted alone', async () => {
    await create('app');
    await create('other');
    const { watch, watches, heard, revision, requests } = open();
    const many = Array.from({ length: 20 }, (_, index) => `none-${index}`);
    const wanted = [namespace, ...many].map((one) => ({ appRef: appRef('app'), namespace: one }));
    watch.setInterest('owner', wanted);
    await until('the first list', () => heard.length === 21);
    await until('the watch', () => requests() >= 4);
    expect(watches()).toBe(1);
    const before = requests();
    expect(await revision(appRef('app'))).toBe('1.0.0');
    expect(requests()).toBe(before);
    await revision(appRef('other'));
    await revision(appRef('other'));
    expect(requests()).toBe(before + 2);
    watch.setInterest('owner', wanted.slice(0, 11));
    await Bun.sleep(200);
    expect(watches()).toBe(1);
    watch.setInterest('owner', wanted.slice(0, 10));
    await until('a watch for each', () => watches() === 10);
  });

  test('reads one by one what there is no room to watch', async () => {
    await create('app');
    const { watch, watches, lines, revision } = open({ places: 0 });
    watch.setInterest('owner', [{ appRef: appRef('app'), namespace }]);
    await until('the warning', () => lines.join('').includes('no room for more'));
    expect(watches()).toBe(0);
    expect(await revision(appRef('app'))).toBe('1.0.0');
  });

  test('reads one by one what it may not watch, until it may', async () => {
    await create('app');
    await lab.kubectl(['create', 'serviceaccount', 'watcher', '-n', namespace]);
    const grant = (verbs: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'watcher', namespace },
      rules: [{ apiGroups: [GROUP], resources: ['widgets'], verbs: verbs.split(',') }],
    });
    await lab.apply([grant('get')]);
    const account = `--serviceaccount=${namespace}:watcher`;
    await lab.kubectl(['create', 'rolebinding', 'watcher', '-n', namespace, '--role=watcher', account]);
    const kubeconfig = await lab.serviceAccountKubeconfig(namespace, 'watcher');
    const { watch, heard, lines, revision } = open({ kubeconfig });
    watch.setInterest('owner', [{ appRef: appRef('app'), namespace }]);
    const warned = () => lines.filter((line) => line.includes('not watched')).length;
    await until('the refusal', () => warned() === 1);
    await until('the right to get it', async () => (await revision(appRef('app'))) === '1.0.0');
    expect(heard).toEqual([]);
    await lab.apply([grant('get,list,watch')]);
    await until('the first list', () => heard.length === 1);
    await run('app', '1.1.0');
    await until('the change', () => heard.length === 2);
    expect(warned()).toBe(1);
    await lab.apply([grant('get')]);
  });

  test(
    'notices that a kind comes, that a version comes, and that one goes',
    async () => {
      const { watch, watches, heard, revision, pass } = open();
      const wanted = [
        { appRef: appRef('app', 'Gear', 'v1'), namespace },
        { appRef: appRef('app', 'Gear', 'v2'), namespace },
      ];
      watch.setInterest('owner', wanted);
      await lab.apply([definition('gears', 'Gear', ['v1'])]);
      await until('one watch for both versions', () => heard.length === 1);
      expect(watches()).toBe(1);
      const body = { apiVersion: `${GROUP}/v1`, kind: 'Gear', metadata: { name: 'app' } };
      await admin.request({ method: 'POST', path: path(undefined, 'gears'), body });
      await until('the application', () => heard.length === 2);

      await lab.apply([definition('gears', 'Gear', ['v1', 'v2'])]);
      const asAsked = async () => {
        const answer = await admin
          .request({ method: 'GET', path: `/apis/${GROUP}/v2` })
          .catch(() => undefined);
        return answer !== undefined;
      };
      await until('the version', asAsked);
      pass(301);
      const change = (revision: string) => patch('app/status', { status: { ...status(revision) } }, 'gears');
      const sees = (expected: string) => async () => {
        const revisions = await Promise.all(wanted.map((one) => revision(one.appRef)));
        return revisions.every((one) => one === expected);
      };
      await change('2');
      await until('the change', sees('2'));
      await lab.apply([definition('gears', 'Gear', ['v1'])]);
      await waitUntil('the version to go', async () => !(await asAsked()), { seconds: 30 });
      await change('3');
      await until('the change after that', sees('3'));
    },
    MINUTES,
  );

  test('finds the revision where the kind has it', async () => {
    await create('app');
    const revisionPaths = `Widget.${GROUP}=.status.parts[name=main].tags[0]`;
    const { revision, heard } = await watched('app', { revisionPaths });
    expect(await revision(appRef('app'))).toBeUndefined();
    await patch('app/status', { status: { parts: [{ name: 'side' }, { name: 'main', tags: [7] }] } });
    await until('the change', () => heard.length > 0);
    expect(await revision(appRef('app'))).toBe('7');
    await patch('app/status', { status: { parts: [{ name: 'main', tags: [{}] }] } });
    await until('the change', () => heard.length > 1);
    expect(await revision(appRef('app'))).toContain('no text or number');
  });

  test('ends with nothing left to wait for', async () => {
    const { watch, watches } = await watched('app');
    await watch.stop();
    expect(watches()).toBe(0);
  });
});
