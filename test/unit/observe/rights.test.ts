import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { KubeClient, KubeRequest } from '../../../src/lib/kube/client/transport.ts';
import type { Discovery } from '../../../src/lib/kube/discovery.ts';
import { createApplicationDiscovery } from '../../../src/observe/applications/application-discovery.ts';
import { createGrantedKinds } from '../../../src/observe/applications/granted-kinds.ts';
import { readable } from '../../../src/observe/applications/interests.ts';
import { createNamespaces } from '../../../src/observe/namespaces.ts';
import { createAuthorAccess } from '../../../src/observe/references/author-access.ts';
import { settled } from '../../fakes/schedule.ts';

/** What our own API server is asked about rights and namespaces. */

function setUp(answer: (request: KubeRequest) => unknown) {
  const requests: KubeRequest[] = [];
  let ms = 0;
  const client: KubeClient = {
    async request(request) {
      requests.push(request);
      return answer(request);
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
    close: () => {},
  };
  const now = () => new Date(ms);
  return { client, requests, now, pass: (more: number) => (ms += more) };
}

const away = () => {
  throw new TurnpikeError('ApiUnavailable', 'It did not answer.');
};
const allowed = (yes: boolean) => () => ({ status: { allowed: yes } });
const FOUND: Discovery = {
  resource: async (apiVersion, kind) => ({ apiVersion, plural: `${kind.toLowerCase()}s` }),
  forget: () => {},
};

describe('what a namespace lets others show', () => {
  const annotated = { metadata: { annotations: { 'pipelines.weave.works/hide-messages': 'true' } } };

  test('is asked for at most twice a minute, however many ask', async () => {
    const { client, requests, now, pass } = setUp(() => annotated);
    const namespaces = createNamespaces(client, { now });
    const all = await Promise.all([1, 2, 3].map(() => namespaces.disclosure('payments')));
    expect(all.map(({ kind }) => kind)).toEqual(['hidden', 'hidden', 'hidden']);
    pass(29_000);
    await namespaces.disclosure('payments');
    expect(requests.map(({ path }) => path)).toEqual(['/api/v1/namespaces/payments']);
    pass(2000);
    await namespaces.disclosure('payments');
    expect(requests).toHaveLength(2);
  });

  test.each([
    ['forbidden', 'ApiForbidden', 'the namespace could not be read (No)'],
    ['away', 'ApiUnavailable', 'the namespace could not be read (No)'],
    ['not there', 'ApiNotFound', 'the namespace does not exist'],
  ] as const)('is nothing where it is %s, with the reason', async (_, code, why) => {
    const { client, now } = setUp(() => {
      throw new TurnpikeError(code, 'No.');
    });
    const seen = await createNamespaces(client, { now }).disclosure('payments');
    expect(seen).toEqual({ kind: 'hidden', why });
  });

  test('is asked again soon after a failure', async () => {
    let isAway = true;
    const { client, now, pass } = setUp(() => (isAway ? away() : { metadata: {} }));
    const namespaces = createNamespaces(client, { now });
    expect((await namespaces.disclosure('payments')).kind).toBe('hidden');
    isAway = false;
    expect((await namespaces.disclosure('payments')).kind).toBe('hidden');
    pass(5001);
    expect((await namespaces.disclosure('payments')).kind).toBe('shown');
  });

  test('is asked for by eight questions at once, however many namespaces there are', async () => {
    const answers: ((object: unknown) => void)[] = [];
    const { client, requests, now } = setUp(() => new Promise((resolve) => answers.push(resolve)));
    const namespaces = createNamespaces(client, { now });
    const all = Promise.all(Array.from({ length: 20 }, (_, index) => namespaces.disclosure(`n-${index}`)));
    await Promise.resolve();
    while (answers.length > 0 || requests.length < 20) {
      expect(answers.length).toBeLessThanOrEqual(8);
      answers.shift()?.({ metadata: {} });
      await settled();
    }
    expect((await all).every(({ kind }) => kind === 'shown')).toBe(true);
  });

  test('is nothing where the answer is no namespace', async () => {
    const { client, now } = setUp(() => 'nonsense');
    expect((await createNamespaces(client, { now }).disclosure('payments')).kind).toBe('hidden');
  });

  test('is what it says where it has no annotations', async () => {
    const { client, now } = setUp(() => ({ metadata: {} }));
    expect(await createNamespaces(client, { now }).disclosure('payments')).toEqual({ kind: 'shown' });
  });
});

describe('the kinds of applications', () => {
  test.each(['v1', 'pipelines.weave.works/v1alpha1', 'coordination.k8s.io/v1'])(
    'are not even looked for in %s',
    async (apiVersion) => {
      const looked: string[] = [];
      const discovery = createApplicationDiscovery({
        ...FOUND,
        resource: async (version, kind) => {
          looked.push(version);
          return FOUND.resource(version, kind);
        },
      });
      await expect(discovery.resource(apiVersion, 'Secret')).rejects.toMatchObject({ code: 'ConfigInvalid' });
      expect(looked).toEqual([]);
      const one = { appRef: { apiVersion, kind: 'Secret', name: 'db' }, namespace: 'payments' };
      expect(readable([one])).toEqual([]);
    },
  );

  test('are on other clusters those that we may read on our own, asked once for a while', async () => {
    const { client, requests, now } = setUp(allowed(true));
    const discovery = createApplicationDiscovery(FOUND, createGrantedKinds(client, { now }));
    const service = { apiVersion: 'serving.knative.dev/v1', plural: 'services' };
    expect(await discovery.resource('serving.knative.dev/v1', 'Service')).toEqual(service);
    await discovery.resource('serving.knative.dev/v1', 'Service');
    const attributes = { verb: 'get', group: 'serving.knative.dev', resource: 'services' };
    expect(requests.map(({ body }) => body)).toMatchObject([{ spec: { resourceAttributes: attributes } }]);
  });

  test('are on other clusters no others, whatever a kubeconfig may read there', async () => {
    const { client, now } = setUp(allowed(false));
    const discovery = createApplicationDiscovery(FOUND, createGrantedKinds(client, { now }));
    await expect(discovery.resource('cert-manager.io/v1', 'Certificate')).rejects.toMatchObject({
      code: 'ApiForbidden',
      message: expect.stringContaining('grant certificates.cert-manager.io in the ClusterRole'),
    });
  });

  test("are Flux's and workloads without a question", async () => {
    const { client, requests, now } = setUp(away);
    const discovery = createApplicationDiscovery(FOUND, createGrantedKinds(client, { now }));
    await discovery.resource('helm.toolkit.fluxcd.io/v2', 'HelmRelease');
    await discovery.resource('apps/v1', 'Deployment');
    expect(requests).toEqual([]);
  });

  test("do not make our own API server's silence another cluster's", async () => {
    const { client, now } = setUp(away);
    const discovery = createApplicationDiscovery(FOUND, createGrantedKinds(client, { now }));
    await expect(discovery.resource('cert-manager.io/v1', 'Certificate')).rejects.toMatchObject({
      code: 'ApiRefused',
    });
  });

  test('are asked for where --watch-namespace has our rights', async () => {
    const { client, requests, now } = setUp(allowed(true));
    await createGrantedKinds(client, { now, namespace: 'apps' }).has('example.com', 'apps');
    expect(requests[0]?.body).toMatchObject({ spec: { resourceAttributes: { namespace: 'apps' } } });
  });
});

describe('the rights of an author', () => {
  const AUTHOR = { username: 'ann', uid: '1', groups: ['team'], extra: { scopes: ['a'] } };
  const APP = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };

  test('are asked for as the API server knows the author, once for a short while', async () => {
    const { client, requests, now, pass } = setUp(allowed(false));
    const authors = createAuthorAccess(client, { discovery: FOUND, now });
    const answers = await Promise.all([1, 2].map(() => authors.mayGet(AUTHOR, APP, 'payments')));
    expect(answers).toEqual([1, 2].map(() => ({ allowed: false, plural: 'helmreleases' })));
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toMatchObject({
      kind: 'SubjectAccessReview',
      spec: {
        user: 'ann',
        uid: '1',
        groups: ['team'],
        extra: { scopes: ['a'] },
        resourceAttributes: {
          verb: 'get',
          group: 'helm.toolkit.fluxcd.io',
          resource: 'helmreleases',
          namespace: 'payments',
          name: 'app',
        },
      },
    });
    await authors.mayGet({ ...AUTHOR, groups: [] }, APP, 'payments');
    expect(requests).toHaveLength(2);
    pass(10_001);
    await authors.mayGet(AUTHOR, APP, 'payments');
    expect(requests).toHaveLength(3);
  });

  test('are not asked for with more groups than the API server should have to read', async () => {
    const { client, requests, now } = setUp(allowed(true));
    const authors = createAuthorAccess(client, { discovery: FOUND, now });
    const groups = new Array<string>(1000).fill('g'.repeat(100));
    await expect(authors.mayGet({ ...AUTHOR, groups }, APP, 'payments')).rejects.toMatchObject({
      code: 'ApiRefused',
    });
    expect(requests).toEqual([]);
  });
});
