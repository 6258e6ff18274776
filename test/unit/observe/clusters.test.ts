import { afterEach, describe, expect, test } from 'bun:test';
import type { KubeConfig } from '@kubernetes/client-node';
import { type ClusterRef, type PipelineSpec, pipelineKey } from '../../../src/api/pipeline.ts';
import type { ApplicationReader } from '../../../src/decide/observation/application-reader.ts';
import { errorMessage, TurnpikeError } from '../../../src/lib/errors.ts';
import { parseStatus, statusError } from '../../../src/lib/kube/client/status.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { type ClusterHosts, isLoopbackServer } from '../../../src/lib/net/cluster-hosts.ts';
import { type ClustersDeps, createClusters } from '../../../src/observe/clusters/clusters.ts';
import { remoteKubeConfig } from '../../../src/observe/clusters/kubeconfig.ts';
import type { StoredSecret } from '../../../src/observe/secrets/secrets.ts';
import { applicationAt } from '../../fakes/application.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { longKey } from '../../fakes/long-key.ts';
import { NOW, spec } from '../../fakes/pipeline.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';
import { CERTIFICATES } from '../../fixtures/pipelines/certificates.ts';

const CA = Buffer.from(CERTIFICATES.valid ?? '').toString('base64');
const VALID = `
apiVersion: v1
kind: Config
current-context: one
clusters:
  - {name: c, cluster: {server: "https://leaf.example.com:6443", certificate-authority-data: ${CA}}}
  - {name: other, cluster: {server: "http://127.0.0.1"}}
users:
  - {name: u, user: {token: hunter2}}
  - {name: other, user: {exec: {command: rm}}}
contexts:
  - {name: one, context: {cluster: c, user: u}}
`;

const HOSTS: ClusterHosts = { allowed: [], insecure: [], allowLoopback: false };

function read(text: string, hosts: Partial<ClusterHosts> = {}): KubeConfig {
  return remoteKubeConfig(text, { where: 'Secret apps/leaf', hosts: { ...HOSTS, ...hosts } });
}

describe('the kubeconfig of another cluster', () => {
  test('says where its API server is and who we are there', () => {
    const config = read(VALID);
    expect(config.getCurrentCluster()).toMatchObject({
      server: 'https://leaf.example.com:6443',
      caData: CA,
      skipTLSVerify: false,
    });
    expect(config.getCurrentUser()).toMatchObject({ token: 'hunter2' });
    expect([config.getClusters().length, config.getUsers().length]).toEqual([1, 1]);
  });

  test.each([
    ['server: "https://leaf', 'tls-server-name: kubernetes, server: "https://leaf'],
    ['server: "https://leaf', 'proxy-url: "http://proxy.example.com:3128", server: "https://leaf'],
    ['https://leaf.example.com:6443', 'https://10.0.0.1:6443/k8s/clusters/c-1'],
    ['https://leaf.example.com:6443', 'https://[2001:db8::1]'],
    ['token: hunter2', 'client-certificate-data: YQ==, client-key-data: YQ=='],
  ])('is taken with %s turned into %s', (from, to) => {
    expect(read(VALID.replace(from, to)).getCurrentCluster()?.server).toStartWith('https://');
  });

  const refused: [from: string, to: string, sentence: string][] = [
    ['token: hunter2', 'exec: {command: /bin/sh}', 'takes its credentials from a plugin (exec)'],
    ['token: hunter2', 'auth-provider: {name: gcp}', 'takes its credentials from a plugin (auth-provider)'],
    ['token: hunter2', 'token: hunter2, exec: {command: x}', 'plugin (exec)'],
    ['token: hunter2', 'tokenFile: /var/run/secrets/token', 'a file outside the Secret (tokenFile)'],
    ['token: hunter2', 'client-certificate: /etc/x', 'outside the Secret (client-certificate)'],
    ['token: hunter2', 'client-key: /etc/x', 'outside the Secret (client-key)'],
    ['server:', 'certificate-authority: /etc/ca, server:', 'outside the Secret (certificate-authority)'],
    ['server:', 'insecure-skip-tls-verify: true, server:', 'does not verify the server'],
    ['token: hunter2', 'token: hunter2, as: root', 'impersonates another user (as)'],
    ['server:', 'proxy-url: "http://me:secret@proxy", server:', 'a proxy-url with credentials in it'],
    ['server:', 'proxy-url: "socks5://proxy", server:', 'a proxy-url that is not reached by https'],
    ['server:', 'proxy-url: "http://169.254.169.254", server:', 'a proxy-url at a loopback, link-local'],
    ['https://leaf', 'http://leaf', 'a server that is not reached by https'],
    ['https://leaf', 'https://me:secret@leaf', 'a server with credentials in it'],
    ['leaf.example.com', '127.0.0.1', 'a server at a loopback, link-local or metadata address'],
    ['leaf.example.com', '2130706433', 'a server at a loopback, link-local or metadata address'],
    ['leaf.example.com', '169.254.169.254', 'a server at a loopback, link-local or metadata address'],
    ['leaf.example.com', '[::ffff:169.254.169.254]', 'a server at a loopback, link-local'],
    ['leaf.example.com', 'metadata.google.internal', 'a server at a loopback, link-local'],
    ['https://leaf.example.com:6443', 'nonsense', 'a server that is not a URL'],
    [CA, 'YQ==', 'holds no certificate that can be read under certificate-authority-data'],
    [CA, 'Cg'.repeat(180_000), 'holds more than 262144 bytes under certificate-authority-data'],
    ['current-context: one', '', 'has no current-context'],
    ['current-context: one', 'current-context: two', 'has no context with the name'],
    ['cluster: c,', 'cluster: d,', 'has no cluster with a server'],
    ['token: hunter2', 'token: [hunter2]', 'has a user whose fields are not strings'],
    ['{token: hunter2}', '{token: hunter2', 'is not one'],
  ];
  test.each(refused)('with %s turned into %s is refused: it %s', (from, to, sentence) => {
    const failure = (() => {
      try {
        return read(VALID.replace(from, to));
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    expect(Bun.inspect(failure)).toContain(sentence);
    expect(Bun.inspect(failure)).not.toMatch(/hunter2|me:secret/);
  });

  test('has no key that all requests would wait for', () => {
    const key = Buffer.from(longKey(16_384)).toString('base64');
    const user = `client-certificate-data: YQ==, client-key-data: ${key}`;
    expect(() => read(VALID.replace('token: hunter2', user))).toThrow(
      'The kubeconfig in Secret apps/leaf has an RSA key of more than 8192 bits under client-key-data: make a shorter one.',
    );
  });

  test('may be at loopback where our own API server is', () => {
    expect(isLoopbackServer('https://127.0.0.1:34567')).toBe(true);
    expect(isLoopbackServer('https://10.96.0.1:443')).toBe(false);
    const local = VALID.replace('leaf.example.com', '127.0.0.1');
    const isLab = { allowLoopback: true };
    expect(read(local, isLab).getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
    const plain = local.replace('https://127', 'http://127');
    expect(read(plain, isLab).getCurrentCluster()).toMatchObject({
      server: 'http://127.0.0.1:6443',
      skipTLSVerify: true,
    });
    expect(() => read(VALID.replace('leaf.example.com', '169.254.169.254'), isLab)).toThrow('link-local');
  });

  test.each(['http', 'https'])('by http has no proxy, which would be sent its credentials: by %s', (by) => {
    const plain = VALID.replace('https://leaf.example.com:6443', 'http://127.0.0.1:6443');
    const text = plain.replace('server:', `proxy-url: "${by}://proxy.example.com:3128", server:`);
    expect(() => read(text, { allowLoopback: true })).toThrow(
      'has a server by http behind a proxy (proxy-url)',
    );
    expect(read(plain, { allowLoopback: true }).getCurrentCluster()?.server).toStartWith('http:');
  });
});

const KEY = pipelineKey('apps', 'app');
const LEAF: ClusterRef = { kind: 'Secret', name: 'leaf' };
const APP = spec().appRef;

function unavailable(status?: number): TurnpikeError {
  if (status === undefined) return new TurnpikeError('ApiUnavailable', 'It cannot be reached: ECONNREFUSED.');
  const body = JSON.stringify({ kind: 'Status', reason: 'No', message: 'no' });
  return statusError(parseStatus(status, body, null), 'GET /apis/a/v1');
}

/** Objects of our own cluster, and what each kubeconfig leads to. */
function setUp(lookEveryMs = 60_000) {
  const secrets = new Map<string, StoredSecret>();
  const objects = new Map<string, unknown>();
  /** By token: what its server answers to everything. */
  const servers = new Map<string, (what: 'probe' | 'read') => Promise<unknown>>();
  const opened: string[] = [];
  const closed: string[] = [];
  const woken: string[] = [];
  let looks = 0;
  let seconds = 0;
  const client: KubeClient = {
    async request({ path }) {
      const found = objects.get(path);
      if (!found) throw new TurnpikeError('ApiNotFound', 'gone');
      return found;
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
    close: () => {},
  };
  const places: string[] = [];
  const open: ClustersDeps['open'] = (kubeConfig, { namespace }) => {
    places.push(namespace);
    const token = kubeConfig.getCurrentUser()?.token ?? '';
    opened.push(token);
    const ask = (what: 'probe' | 'read') => servers.get(token)?.(what) ?? Promise.reject(unavailable(401));
    return {
      client: { ...client, request: () => ask('probe') },
      read: async () => applicationAt(String(await ask('read'))),
      tagOf: async ({ name }, digest) => `${await ask('read')}:${name}:${digest}`,
      setInterest: () => {},
      subscribe: () => () => {},
      close: () => closed.push(token),
    };
  };
  const clock = createFakeSchedule();
  const clusters = createClusters({
    log: createFakeLog().log,
    client,
    hosts: HOSTS,
    secrets: {
      async read(namespace, name) {
        looks += 1;
        return secrets.get(`${namespace}/${name}`);
      },
    },
    byApplication: { of: () => [] },
    open,
    now: () => new Date(NOW.getTime() + 1000 * seconds++),
    lookEveryMs,
    heartbeatMs: 200,
    clock,
  });
  clusters.subscribe((key) => woken.push(key));
  cleanUp.push(clusters.close);
  const put = (name: string, token: string, key = 'kubeconfig') => {
    const text = VALID.replace('hunter2', token);
    secrets.set(name, { values: new Map([[key, new TextEncoder().encode(text)]]) });
  };
  const { pass } = clock;
  return {
    clusters,
    secrets,
    objects,
    servers,
    opened,
    places,
    closed,
    woken,
    put,
    looks: () => looks,
    pass,
  };
}

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

function on(...refs: ClusterRef[]): PipelineSpec {
  const targets = refs.map((clusterRef) => ({ namespace: 'dev', clusterRef }));
  return spec({ environments: [{ name: 'dev', targets }] });
}

async function failureOf(work: ReturnType<ApplicationReader['read']>): Promise<string> {
  try {
    return `read ${(await work)?.status.lastAppliedRevision}`;
  } catch (error) {
    return errorMessage(error);
  }
}

describe('the clusters of Pipelines', () => {
  test('are opened when they are first read, once for each kubeconfig', async () => {
    const { clusters, put, servers, opened, looks } = setUp();
    put('apps/leaf', 'one');
    put('apps/same', 'one');
    servers.set('one', async () => 'object');
    const same: ClusterRef = { kind: 'Secret', name: 'same' };
    clusters.follow(KEY, on(LEAF, same));
    clusters.follow(pipelineKey('apps', 'second'), on(LEAF));
    expect([opened, looks()]).toEqual([[], 0]);
    const reads = [LEAF, same, LEAF].map((ref) => clusters.reader(ref, 'apps').read(APP, 'dev'));
    expect(await Promise.all(reads)).toEqual(['object', 'object', 'object'].map(applicationAt));
    expect([opened, looks()]).toEqual([['one'], 2]);
  });

  test('are asked for the tag of a chart by those who may read them', async () => {
    const { clusters, put, servers } = setUp();
    put('apps/leaf', 'one');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF));
    const source = { namespace: 'dev', name: 'podinfo' };
    const reader = clusters.reader(LEAF, 'apps');
    expect(await reader.tagOf(source, 'sha256:0c1d')).toBeUndefined();
    await reader.read(APP, 'dev');
    expect(await reader.tagOf(source, 'sha256:0c1d')).toBe('object:podinfo:sha256:0c1d');
    expect(await clusters.reader(LEAF, 'web').tagOf(source, 'sha256:0c1d')).toBeUndefined();
  });

  test('of several namespaces have a connection of their own each, be their kubeconfigs the same', async () => {
    const { clusters, put, servers, places } = setUp();
    put('apps/leaf', 'one');
    put('web/leaf', 'one');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF));
    clusters.follow(pipelineKey('web', 'app'), on(LEAF));
    for (const namespace of ['apps', 'web']) {
      expect(await clusters.reader(LEAF, namespace).read(APP, 'dev')).toEqual(applicationAt('object'));
    }
    expect(places).toEqual(['apps', 'web']);
  });

  test('are all begun with the first one, so that those that are away cost their time once', async () => {
    const { clusters, put, servers, pass } = setUp();
    const refs = Array.from(
      { length: 8 },
      (_, index): ClusterRef => ({ kind: 'Secret', name: `leaf-${index}` }),
    );
    for (const { name } of refs) {
      put(`apps/${name}`, name);
      servers.set(name, () => new Promise(() => {}));
    }
    clusters.follow(KEY, on(...refs));
    const failures: string[] = [];
    const reading = (async () => {
      for (const ref of refs) failures.push(await failureOf(clusters.reader(ref, 'apps').read(APP, 'dev')));
    })();
    // The probes of the others are a moment behind the first read.
    await pass(6);
    expect(failures).toEqual(refs.map(() => expect.stringContaining('did not answer')));
    await reading;
  });

  test('are closed when no Pipeline names them any more', async () => {
    const { clusters, put, servers, closed, pass } = setUp();
    put('apps/leaf', 'one');
    servers.set('one', async () => 'object');
    const second = pipelineKey('apps', 'second');
    clusters.follow(KEY, on(LEAF));
    clusters.follow(second, on(LEAF));
    const reader = clusters.reader(LEAF, 'apps');
    await reader.read(APP, 'dev');
    clusters.follow(KEY, undefined);
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('object'));
    clusters.follow(second, spec());
    expect(await failureOf(reader.read(APP, 'dev'))).toContain('No Pipeline names Secret leaf any more');
    await pass(4);
    expect(closed).toEqual([]);
    await pass(1);
    expect(closed).toEqual(['one']);
  });

  test('say whether they can be read, once somebody has tried, and as long as they are named', async () => {
    const { clusters, put, servers } = setUp();
    const away: ClusterRef = { kind: 'Secret', name: 'away' };
    const none: ClusterRef = { kind: 'GitopsCluster', name: 'none', namespace: 'fleet' };
    put('apps/leaf', 'one');
    put('apps/away', 'two');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF, away, none));
    expect(clusters.reachable()).toEqual([]);
    for (const ref of [LEAF, away, none]) await failureOf(clusters.reader(ref, 'apps').read(APP, 'dev'));
    expect(clusters.reachable()).toEqual([
      { kind: 'Secret', namespace: 'apps', name: 'leaf', reachable: true },
      { kind: 'Secret', namespace: 'apps', name: 'away', reachable: false },
      { kind: 'GitopsCluster', namespace: 'fleet', name: 'none', reachable: false },
    ]);
    clusters.follow(KEY, on(LEAF));
    expect(clusters.reachable().map(({ name }) => name)).toEqual(['leaf']);
  });

  test('are found by a GitopsCluster of any namespace', async () => {
    const { clusters, put, servers, objects } = setUp();
    const path = '/apis/gitops.weave.works/v1alpha1/namespaces/fleet/gitopsclusters/';
    objects.set(`${path}leaf`, { spec: { secretRef: { name: 'leaf' } } });
    objects.set(`${path}capi`, { spec: { capiClusterRef: { name: 'capi' } }, status: {} });
    put('fleet/leaf', 'one', 'value');
    put('fleet/capi-kubeconfig', 'two', 'value');
    servers.set('one', async () => 'first');
    servers.set('two', async () => 'second');
    const refs = ['leaf', 'capi'].map(
      (name): ClusterRef => ({ kind: 'GitopsCluster', name, namespace: 'fleet' }),
    );
    clusters.follow(KEY, on(...refs));
    const reads = refs.map((ref) => clusters.reader(ref, 'apps').read(APP, 'dev'));
    expect(await Promise.all(reads)).toEqual(['first', 'second'].map(applicationAt));
  });

  const missing: [why: string, ref: ClusterRef, sentence: string][] = [
    ['its Secret is not there', { kind: 'Secret', name: 'none' }, 'Secret apps/none does not exist'],
    [
      'its Secret has no kubeconfig',
      { kind: 'Secret', name: 'empty' },
      'neither the key kubeconfig nor value',
    ],
    ['its Secret holds something else', { kind: 'Secret', name: 'bad' }, 'in Secret apps/bad is not one'],
    [
      'there is no such GitopsCluster',
      { kind: 'GitopsCluster', name: 'none' },
      'There is no GitopsCluster apps/none',
    ],
    [
      'the GitopsCluster is not ready',
      { kind: 'GitopsCluster', name: 'unready' },
      'GitopsCluster apps/unready is not ready: waiting',
    ],
  ];
  test.each(missing)('cannot be read when %s, and say since when', async (_, ref, sentence) => {
    const { clusters, secrets, objects } = setUp();
    const bad = new TextEncoder().encode('nothing');
    secrets.set('apps/empty', { values: new Map() });
    secrets.set('apps/bad', { values: new Map([['kubeconfig', bad]]) });
    objects.set('/apis/gitops.weave.works/v1alpha1/namespaces/apps/gitopsclusters/unready', {
      spec: { secretRef: { name: 'leaf' } },
      status: { conditions: [{ type: 'Ready', status: 'False', message: 'waiting' }] },
    });
    clusters.follow(KEY, on(ref));
    const said = await failureOf(clusters.reader(ref, 'apps').read(APP, 'dev'));
    expect(said).toContain(`cannot be read since ${NOW.toISOString()}: `);
    expect(said).toContain(sentence);
  });

  test('are not read by a Secret of another namespace', async () => {
    const { clusters, put, looks } = setUp();
    put('fleet/leaf', 'one');
    const ref: ClusterRef = { ...LEAF, namespace: 'fleet' };
    clusters.follow(KEY, on(ref));
    expect(await failureOf(clusters.reader(ref, 'apps').read(APP, 'dev'))).toContain('in another namespace');
    expect(looks()).toBe(0);
  });

  test('answer at once while they are away, with the same time, and are found to be back', async () => {
    const { clusters, put, servers, woken, pass } = setUp();
    put('apps/leaf', 'one');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF));
    const reader = clusters.reader(LEAF, 'apps');
    await reader.read(APP, 'dev');
    servers.set('one', () => new Promise(() => {}));
    const reading = failureOf(reader.read(APP, 'dev'));
    await pass(3);
    const first = await reading;
    expect(first).toMatch(/^Cluster Secret apps\/leaf cannot be read since \S+: It did not answer within/);
    expect(await failureOf(reader.read(APP, 'dev'))).toBe(first);
    expect(woken).toEqual([KEY]);
    servers.set('one', async () => 'object');
    await pass(1);
    expect(woken).toEqual([KEY, KEY]);
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('object'));
  });

  test('are away while their names lead to where no cluster is, and back when they do no longer', async () => {
    const { clusters, put, servers, woken, pass } = setUp();
    put('apps/leaf', 'one');
    clusters.follow(KEY, on(LEAF));
    const refused = new TurnpikeError('HostNotAllowed', 'leaf.example.com resolves to 127.0.0.1.', {
      retry: 'backoff',
    });
    servers.set('one', () => Promise.reject(refused));
    const reader = clusters.reader(LEAF, 'apps');
    expect(await failureOf(reader.read(APP, 'dev'))).toMatch(
      /^Cluster Secret apps\/leaf cannot be read since \S+: leaf\.example\.com resolves to 127\.0\.0\.1\.$/,
    );
    await pass(1);
    expect(woken).toEqual([KEY]);
    servers.set('one', async () => 'object');
    await pass(2);
    expect(woken).toEqual([KEY, KEY]);
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('object'));
  });

  test('are found to be away though nobody reads them', async () => {
    const { clusters, put, servers, woken, pass } = setUp();
    put('apps/leaf', 'one');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF));
    await clusters.reader(LEAF, 'apps').read(APP, 'dev');
    await pass(0);
    servers.set('one', () => Promise.reject(unavailable()));
    await pass(0.199);
    expect(woken).toEqual([]);
    await pass(0.001);
    expect(woken).toEqual([KEY]);
    expect(await failureOf(clusters.reader(LEAF, 'apps').read(APP, 'dev'))).toContain('ECONNREFUSED');
  });

  test('are there though one of their APIs is out of order', async () => {
    const { clusters, put, servers } = setUp();
    put('apps/leaf', 'one');
    clusters.follow(KEY, on(LEAF));
    servers.set('one', async (what) => {
      if (what === 'read') throw unavailable(503);
    });
    const said = await failureOf(clusters.reader(LEAF, 'apps').read(APP, 'dev'));
    expect(said).toStartWith('On cluster Secret apps/leaf: The API server could not serve it (HTTP 503)');
  });

  test("have none of their texts passed on that are not an API server's", async () => {
    const { clusters, put, servers } = setUp();
    put('apps/leaf', 'one');
    clusters.follow(KEY, on(LEAF));
    const page = statusError(parseStatus(500, '<html>internal</html>', null), 'GET /');
    servers.set('one', () => Promise.reject(page));
    const said = await failureOf(clusters.reader(LEAF, 'apps').read(APP, 'dev'));
    expect(said).toContain('It does not answer like an API server: HTTP 500.');
    expect(said).not.toContain('internal');
  });

  test('that answer nonsense are a failure of theirs alone', async () => {
    const { clusters, put, servers } = setUp();
    put('apps/leaf', 'one');
    clusters.follow(KEY, on(LEAF));
    servers.set('one', () => Promise.reject(new Error('Expected Array but got 1')));
    const said = await failureOf(clusters.reader(LEAF, 'apps').read(APP, 'dev'));
    expect(said).toBe(
      'On cluster Secret apps/leaf: It does not answer like an API server: an answer is incomplete, or has an unexpected form.',
    );
  });

  test('are read with new credentials at once when the old ones are refused', async () => {
    const { clusters, put, servers, closed, pass } = setUp();
    put('apps/leaf', 'one');
    servers.set('one', async () => 'by one');
    clusters.follow(KEY, on(LEAF));
    const reader = clusters.reader(LEAF, 'apps');
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('by one'));
    put('apps/leaf', 'two');
    servers.set('two', async () => 'by two');
    servers.delete('one');
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('by two'));
    await pass(5);
    expect(closed).toEqual(['one']);
  });

  test('are read with new credentials after a while though the old ones still serve', async () => {
    const { clusters, put, servers, woken, opened, pass } = setUp(1100);
    put('apps/leaf', 'one');
    servers.set('one', async () => 'by one');
    servers.set('two', async () => 'by two');
    clusters.follow(KEY, on(LEAF));
    const reader = clusters.reader(LEAF, 'apps');
    await reader.read(APP, 'dev');
    put('apps/leaf', 'two');
    await pass(1.1);
    expect(woken).toEqual([KEY]);
    expect(await reader.read(APP, 'dev')).toEqual(applicationAt('by two'));
    expect(opened).toEqual(['one', 'two']);
  });

  test('are let go when their Secret is gone, and taken up again with it', async () => {
    const { clusters, put, secrets, servers, pass } = setUp(1100);
    put('apps/leaf', 'one');
    servers.set('one', async () => 'object');
    clusters.follow(KEY, on(LEAF));
    const said = () => failureOf(clusters.reader(LEAF, 'apps').read(APP, 'dev'));
    expect(await said()).toBe('read object');
    secrets.clear();
    await pass(1.1);
    expect(await said()).toContain('Secret apps/leaf does not exist');
    put('apps/leaf', 'one');
    await pass(1.1);
    expect(await said()).toBe('read object');
  });
});
