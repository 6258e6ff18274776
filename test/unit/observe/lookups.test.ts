import { describe, expect, test } from 'bun:test';
import { referencesOf } from '../../../src/decide/validation.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createReferenceLookup } from '../../../src/observe/references/lookups.ts';
import { spec } from '../../fakes/pipeline.ts';

/** What admission finds out about GitopsClusters; test/cluster/observe/lookups.test.ts has all else. */

const ALLOWED = 'pipelines.weave.works/allowed-namespaces';
const CLUSTERS = '/apis/gitops.weave.works/v1alpha1/namespaces/fleet/gitopsclusters';

/** Two GitopsClusters of the namespace fleet: `open` for all, `east` for Pipelines of web. */
const OBJECTS: Readonly<Record<string, object>> = {
  [`${CLUSTERS}/open`]: { spec: {} },
  [`${CLUSTERS}/east`]: { metadata: { annotations: { [ALLOWED]: 'web' } }, spec: {} },
};

const client: KubeClient = {
  async request({ path }) {
    if (OBJECTS[path]) return OBJECTS[path];
    throw new TurnpikeError('ApiNotFound', 'gone');
  },
  stream: () => Promise.reject(new Error('nothing is watched')),
  available: () => true,
  config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
  close: () => {},
};

async function warnings(namespace: string, ...names: string[]): Promise<(string | undefined)[]> {
  const gather = createReferenceLookup({
    client,
    secrets: { read: async () => undefined },
    secretCache: { read: () => undefined },
    access: { mayGet: () => ({ allowed: true, plural: 'helmreleases' }) },
    authors: { mayGet: async () => ({ allowed: true, plural: 'helmreleases' }) },
    byApplication: { of: () => [] },
    hosts: { allowed: [], insecure: [], allowLoopback: false },
  });
  const targets = names.map((name) => {
    return { namespace: 'dev', clusterRef: { kind: 'GitopsCluster' as const, name, namespace: 'fleet' } };
  });
  const of = spec({ environments: [{ name: 'dev', targets }] });
  const { clusters } = await gather(referencesOf(of, { namespace, name: 'app' }));
  return names.map((name) => clusters.get(`GitopsCluster/fleet/${name}`));
}

describe('a GitopsCluster of another namespace', () => {
  test('is there for those that its annotation names, and for all without one', async () => {
    expect(await warnings('web', 'open', 'east')).toEqual([undefined, undefined]);
    expect(await warnings('apps', 'open')).toEqual([undefined]);
  });

  test('is for others as one that is not there', async () => {
    const [refused, absent] = await warnings('apps', 'east', 'none');
    expect(refused).toStartWith('There is no GitopsCluster fleet/east for Pipelines of the namespace apps:');
    expect(absent).toBe(String(refused).replace('fleet/east', 'fleet/none'));
  });

  test('is as ever to Pipelines beside it', async () => {
    expect(await warnings('fleet', 'east', 'none')).toEqual([
      undefined,
      'There is no GitopsCluster fleet/none: create it, or correct the name.',
    ]);
  });
});
