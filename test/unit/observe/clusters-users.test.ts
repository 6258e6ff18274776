import { afterEach, describe, expect, test } from 'bun:test';
import { type ClusterRef, type PipelineKey, pipelineKey } from '../../../src/api/pipeline.ts';
import { errorMessage, TurnpikeError } from '../../../src/lib/errors.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { type ClustersDeps, createClusters } from '../../../src/observe/clusters/clusters.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { NOW, spec } from '../../fakes/pipeline.ts';
import { waitUntil } from '../../lab/wait.ts';

/** Whose Pipelines may use a GitopsCluster. */

const EAST: ClusterRef = { kind: 'GitopsCluster', name: 'east', namespace: 'fleet' };
const PATH = '/apis/gitops.weave.works/v1alpha1/namespaces/fleet/gitopsclusters/east';
const APP = spec().appRef;
const KUBECONFIG = JSON.stringify({
  'current-context': 'one',
  clusters: [{ name: 'c', cluster: { server: 'https://leaf.example.com' } }],
  users: [{ name: 'u', user: { token: 't' } }],
  contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
});

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

function setUp(references: ClustersDeps['references'] = {}) {
  const objects = new Map<string, unknown>();
  const asked: string[] = [];
  /** What is watched on the cluster, by whose it is. */
  const wanted = new Map<string, number>();
  const woken: PipelineKey[] = [];
  const client: KubeClient = {
    async request({ path }) {
      asked.push(path);
      const found = objects.get(path);
      if (!found) throw new TurnpikeError('ApiNotFound', 'gone');
      return found;
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
    close: () => {},
  };
  const clusters = createClusters({
    log: createFakeLog().log,
    client,
    secrets: { read: async () => ({ values: new Map([['kubeconfig', Buffer.from(KUBECONFIG)]]) }) },
    byApplication: { of: () => [] },
    hosts: { allowed: [], insecure: [], allowLoopback: false },
    open: () => ({
      client: { ...client, request: async () => ({}) },
      read: async () => null,
      setInterest: (owner, applications) => wanted.set(owner, applications.length),
      subscribe: () => () => {},
      close: () => {},
    }),
    references,
    now: () => NOW,
    lookEveryMs: 1100,
  });
  clusters.subscribe((key) => woken.push(key));
  cleanUp.push(clusters.close);
  const put = (annotations?: Record<string, string>, status?: object) =>
    objects.set(PATH, { metadata: { annotations }, spec: { secretRef: { name: 'east' } }, status });
  const follow = (namespace: string) => {
    const targets = [{ namespace: 'dev', clusterRef: EAST }];
    clusters.follow(pipelineKey(namespace, 'app'), spec({ environments: [{ name: 'dev', targets }] }));
  };
  const said = async (namespace: string) => {
    try {
      await clusters.reader(EAST, namespace).read(APP, 'dev');
      return 'read object';
    } catch (error) {
      return errorMessage(error);
    }
  };
  return { put, follow, said, asked, wanted, woken };
}

const ALLOWED = 'pipelines.weave.works/allowed-namespaces';

describe('a GitopsCluster', () => {
  test('without the annotation is for Pipelines of all namespaces', async () => {
    const { put, follow, said } = setUp();
    put();
    follow('apps');
    expect(await said('apps')).toBe('read object');
  });

  test('is for those that its annotation names, and its own, and nothing is watched for others', async () => {
    const { put, follow, said, wanted } = setUp();
    put({ [ALLOWED]: 'apps, web' });
    for (const namespace of ['apps', 'fleet', 'other']) follow(namespace);
    expect(await said('apps')).toBe('read object');
    expect(await said('fleet')).toBe('read object');
    expect(await said('other')).toContain('There is no GitopsCluster fleet/east for Pipelines of');
    expect([...wanted].filter(([, count]) => count > 0).map(([owner]) => owner)).toEqual([
      'GitopsCluster fleet/east apps/app',
      'GitopsCluster fleet/east fleet/app',
    ]);
  });

  test('is to others as one that is not there, also when it is out of order', async () => {
    const { follow, said } = setUp();
    follow('other');
    const absent = await said('other');
    const broken = setUp();
    broken.put({ [ALLOWED]: '' }, { conditions: [{ type: 'Ready', status: 'False', message: 'secret' }] });
    broken.follow('other');
    broken.follow('fleet');
    expect(await broken.said('other')).toBe(absent);
    expect(await broken.said('fleet')).toContain('is not ready: secret');
  });

  test('that is not there is named as such in its own namespace', async () => {
    const { follow, said } = setUp();
    follow('fleet');
    expect(await said('fleet')).toContain(
      'There is no GitopsCluster fleet/east: create it, or correct the name.',
    );
  });

  test('is taken away from a namespace and given back while it is in use', async () => {
    const { put, follow, said, woken, wanted } = setUp();
    put();
    follow('apps');
    expect(await said('apps')).toBe('read object');
    put({ [ALLOWED]: 'web' });
    await waitUntil('the Pipeline to be woken', () => woken.length > 0, { seconds: 10 });
    expect(await said('apps')).toContain('There is no GitopsCluster');
    expect(wanted.get('GitopsCluster fleet/east apps/app')).toBe(0);
    put({ [ALLOWED]: '*' });
    await waitUntil('it to be given back', async () => (await said('apps')) === 'read object', {
      seconds: 10,
    });
    expect(wanted.get('GitopsCluster fleet/east apps/app')).toBe(1);
  }, 30_000);

  test('of another namespace is not even looked for with --no-cross-namespace-refs', async () => {
    const { put, follow, said, asked } = setUp({ noCrossNamespaceRefs: true });
    put();
    follow('apps');
    expect(await said('apps')).toContain('--no-cross-namespace-refs');
    expect(asked).toEqual([]);
    follow('fleet');
    expect(await said('fleet')).toBe('read object');
  });
});
