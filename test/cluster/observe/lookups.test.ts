import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Author } from '../../../src/api/admission.ts';
import { type PipelineSpec, pipelineKey } from '../../../src/api/pipeline.ts';
import { type ReferencedObjects, referencesOf } from '../../../src/decide/validation.ts';
import { createAccess } from '../../../src/lib/kube/access/own-access.ts';
import { createSubjectAccess, type SubjectAccess } from '../../../src/lib/kube/access/subject-access.ts';
import { createKubeClient, type KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createDiscovery } from '../../../src/lib/kube/discovery.ts';
import { loadKubeConfig } from '../../../src/lib/kube/kubeconfig/load.ts';
import { watchSpecs } from '../../../src/observe/pipelines/spec-changes.ts';
import { indexByApplication } from '../../../src/observe/pipelines-by-application.ts';
import { createAuthorAccess } from '../../../src/observe/references/author-access.ts';
import { createReferenceLookup } from '../../../src/observe/references/lookups.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { RULED } from '../../../src/observe/secrets/secret-keys.ts';
import { createSecrets } from '../../../src/observe/secrets/secrets.ts';
import { pipeline, spec } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';
import type { Lab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';
import { adminClient, newNamespace } from '../lib/kube/support.ts';

setDefaultTimeout(60_000);

let lab: Lab;
let admin: KubeClient;
let namespace: string;
/** A client that may read Deployments and Secrets in its namespace, and nothing else. */
let reader: KubeClient;

beforeAll(async () => {
  lab = await sharedLab();
  admin = adminClient(lab);
  namespace = await newNamespace(admin);
  await lab.kubectl(['create', 'serviceaccount', 'reader', '-n', namespace]);
  const rights = ['--verb=get', '--resource=secrets,deployments.apps'];
  await lab.kubectl(['create', 'role', 'reader', '-n', namespace, ...rights]);
  const account = `--serviceaccount=${namespace}:reader`;
  await lab.kubectl(['create', 'rolebinding', 'reader', '-n', namespace, '--role=reader', account]);
  const kubeconfig = await lab.serviceAccountKubeconfig(namespace, 'reader');
  reader = createKubeClient(loadKubeConfig({ kubeconfig }));
  await lab.apply([
    secret('hook', { 'hmac-key': 'k'.repeat(32) }),
    secret('leaf', { kubeconfig: await Bun.file(lab.kubeconfig).text() }),
    secret('plugin', { value: pluginKubeconfig() }),
    secret('other', { token: 'there' }),
  ]);
}, 600_000);

afterAll(() => {
  admin.close();
  reader.close();
});

function secret(name: string, stringData: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}

function pluginKubeconfig(): string {
  return JSON.stringify({
    'current-context': 'one',
    clusters: [{ name: 'one', cluster: { server: 'https://leaf.example.com' } }],
    users: [{ name: 'one', user: { exec: { command: 'login' } } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'one' } }],
  });
}

function setUp(client: KubeClient, subjects?: SubjectAccess) {
  const now = () => new Date();
  const secrets = createSecrets(client);
  const store = createFakeStore();
  const gather = createReferenceLookup({
    client,
    secrets,
    secretCache: createSecretCache(secrets, { keep: RULED, ttlSeconds: 60, minRefreshSeconds: 0, now }),
    access: createAccess(client, { discovery: createDiscovery(client, { now }), now }),
    authors: createAuthorAccess(client, { discovery: createDiscovery(client, { now }), now }),
    byApplication: indexByApplication(watchSpecs(store)),
    hosts: { allowed: [], insecure: [], allowLoopback: true },
    ...(subjects && { subjects }),
  });
  const needs = (of: PipelineSpec) => referencesOf(of, { namespace, name: 'app' });
  return {
    gatherFor: (of: PipelineSpec, author: Author) => gather(needs(of), { author }),
    gather: (of: PipelineSpec, fresh = false) => gather(needs(of), { fresh }),
    show: (of: PipelineSpec, viewer: Author) => gather(needs(of), { viewer }),
    store,
  };
}

function targets(...list: PipelineSpec['environments'][number]['targets']): PipelineSpec {
  return spec({ appRef: DEPLOYMENT, environments: [{ name: 'dev', targets: list }] });
}

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' };

function sentences(map: ReferencedObjects[Exclude<keyof ReferencedObjects, 'now'>]): unknown[] {
  return [...map.values()];
}

describe('the facts about what a spec names', () => {
  test('are the Secrets in its namespace, and which are not there', async () => {
    const { secrets } = await setUp(reader).gather(targets({ namespace }));
    const found = secrets.get('hook');
    expect(found?.kind === 'found' && [...(found.secret.values?.keys() ?? [])]).toEqual(['hmac-key']);
    expect(secrets.get('forge')).toEqual({ kind: 'absent' });
  });

  test('are as of now where that is asked for', async () => {
    const { gather } = setUp(admin);
    await lab.apply([secret('forge', { token: 'old' })]);
    const tokenOf = async (fresh: boolean) => {
      const state = (await gather(targets({ namespace }), fresh)).secrets.get('forge');
      const token = state?.kind === 'found' ? state.secret.values?.get('token') : undefined;
      return token instanceof Uint8Array ? Buffer.from(token).toString() : state?.kind;
    };
    expect(await tokenOf(false)).toBe('old');
    await lab.apply([secret('forge', { token: 'new' })]);
    expect(await tokenOf(true)).toBe('new');
    await lab.kubectl(['delete', 'secret', 'forge', '-n', namespace]);
    expect(await tokenOf(true)).toBe('absent');
  });

  test('warn of clusters that do not exist, and show nothing of Secrets of other namespaces', async () => {
    const { clusters } = await setUp(admin).gather(
      targets(
        { namespace, clusterRef: { kind: 'GitopsCluster', name: 'leaf' } },
        { namespace, clusterRef: { kind: 'Secret', name: 'leaf' } },
        { namespace, clusterRef: { kind: 'Secret', name: 'plugin' } },
        { namespace, clusterRef: { kind: 'Secret', name: 'none' } },
        { namespace, clusterRef: { kind: 'Secret', name: 'other' } },
        { namespace, clusterRef: { kind: 'Secret', name: 'none', namespace: 'kube-system' } },
      ),
    );
    expect(sentences(clusters)).toEqual([
      `There is no GitopsCluster ${namespace}/leaf: create it, or correct the name.`,
      `The kubeconfig in Secret ${namespace}/plugin takes its credentials from a plugin (exec), which Turnpike does not use: use a token or a client certificate.`,
      `Secret ${namespace}/none does not exist: create it with the key kubeconfig.`,
      `Secret ${namespace}/other has neither the key kubeconfig nor value: add the cluster's kubeconfig.`,
      `Secret kube-system/none is in another namespace than the Pipeline and is not read: copy it to ${namespace}, or name a GitopsCluster.`,
    ]);
  });

  test('warn of applications of kinds that the cluster does not have or that we may not read', async () => {
    const { gather } = setUp(reader);
    expect(sentences((await gather(targets({ namespace }))).applications)).toEqual([]);
    expect(sentences((await gather(targets({ namespace: 'kube-system' }))).applications)).toEqual([
      'Turnpike may not read deployments in namespace kube-system: give its ServiceAccount the right to get them.',
    ]);
    const unknown = { ...targets({ namespace }), appRef: { ...DEPLOYMENT, kind: 'Unheard' } };
    expect(sentences((await gather(unknown)).applications)).toEqual([
      expect.stringContaining('The cluster has no kind Unheard'),
    ]);
  });

  test('warn that the author may not get applications in other namespaces, as the API server knows it', async () => {
    const elsewhere = await newNamespace(admin);
    const readers = ['--verb=get', '--resource=deployments.apps', '--resource-name=app'];
    await lab.kubectl(['create', 'role', 'app', '-n', elsewhere, ...readers]);
    const binding = ['create', 'rolebinding', 'app', '-n', elsewhere, '--role=app', '--group=web'];
    await lab.kubectl(binding);
    const of = targets({ namespace }, { namespace: elsewhere }, { namespace: 'kube-system' });
    const author = (groups: string[]): Author => {
      return { username: 'ann', uid: '1', groups, extra: { 'example.com/scope': ['a'] } };
    };
    const said = async (groups: string[], name = 'app') => {
      const named = { ...of, appRef: { ...DEPLOYMENT, name } };
      return [...(await setUp(admin).gatherFor(named, author(groups))).authors.keys()];
    };
    expect(await said(['web'])).toEqual(['kube-system']);
    expect(await said(['web'], 'other')).toEqual([elsewhere, 'kube-system']);
    expect(await said([])).toEqual([elsewhere, 'kube-system']);
    expect(await said(['system:masters'])).toEqual([]);
    const { authors } = await setUp(admin).gatherFor(of, author([]));
    expect(authors.get('kube-system')).toStartWith('You may not get deployments app there,');
    // Without the right to ask, nothing is said.
    expect([...(await setUp(reader).gatherFor(of, author([]))).authors]).toEqual([]);
    expect([...(await setUp(admin).gather(of)).authors]).toEqual([]);
  });

  test('name the other Pipeline of the application, if it is of the same namespace', async () => {
    const { gather, store } = setUp(admin);
    const put = (inNamespace: string, name: string, at: string) => {
      const { metadata, status } = pipeline();
      const of = targets({ namespace: at });
      store.put({ spec: of, status, metadata: { ...metadata, namespace: inNamespace, name, uid: name } });
    };
    put(namespace, 'app', 'own');
    put(namespace, 'b', 'shared');
    put('elsewhere', 'c', 'foreign');
    expect(store.get(pipelineKey(namespace, 'b'))).toBeDefined();
    const { managers } = await gather(
      targets({ namespace: 'own' }, { namespace: 'shared' }, { namespace: 'foreign' }),
    );
    expect([...managers].map(([key, sentence]) => [key, sentence.split(' also manages')[0]])).toEqual([
      ['shared', `Pipeline ${namespace}/b`],
      ['foreign', 'A Pipeline of another namespace'],
    ]);
  });

  test('are shown to those who may see them, by their own rights or those of a group', async () => {
    const { show, store } = setUp(admin, createSubjectAccess(admin));
    await lab.kubectl(['create', 'rolebinding', 'team', '-n', namespace, '--role=reader', '--group=team']);
    const put = (inNamespace: string, at: string) => {
      const { metadata, status } = pipeline();
      const of = targets({ namespace: at });
      const name = `other-${at}`;
      store.put({ spec: of, status, metadata: { ...metadata, namespace: inNamespace, name, uid: name } });
    };
    put(namespace, 'here');
    put('elsewhere', 'there');
    const of = targets(
      { namespace: 'here' },
      { namespace: 'there' },
      { namespace, clusterRef: { kind: 'Secret', name: 'none' } },
    );
    const seen = async (user: Partial<Author>) => {
      const { secrets, clusters, managers } = await show(of, {
        username: 'jane',
        uid: '',
        groups: ['system:authenticated'],
        extra: {},
        ...user,
      });
      const names = [...managers.values()].map((sentence) => sentence.split(' also manages')[0]);
      return { hook: secrets.get('hook')?.kind, clusters: clusters.size, names };
    };
    const anonymous = ['Another Pipeline', 'A Pipeline of another namespace'];
    expect(await seen({})).toEqual({ hook: 'unknown', clusters: 0, names: anonymous });
    expect(await seen({ groups: ['team'] })).toEqual({ hook: 'found', clusters: 1, names: anonymous });
    expect(await seen({ username: `system:serviceaccount:${namespace}:reader` })).toMatchObject({
      hook: 'found',
    });
    expect(await seen({ groups: ['system:masters'] })).toEqual({
      hook: 'found',
      clusters: 1,
      names: [`Pipeline ${namespace}/other-here`, 'A Pipeline of another namespace'],
    });
  });

  test('are unknown, and soon, while the API server does not answer', async () => {
    const silent: KubeClient = { ...admin, request: () => new Promise(() => {}) };
    const started = performance.now();
    const facts = await setUp(silent).gather(targets({ namespace }));
    expect(performance.now() - started).toBeLessThan(4500);
    expect([...facts.secrets.values(), ...facts.applications.values()]).toEqual([]);
  });
});
