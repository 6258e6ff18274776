import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type CertificatePair, splitBundle } from '../../../../src/lib/kube/certificates/certificate.ts';
import {
  type Certificates,
  type CertificateTimings,
  createCertificateManager,
} from '../../../../src/lib/kube/certificates/certificates.ts';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import { resourcePath } from '../../../../src/lib/kube/path.ts';
import { createSecrets } from '../../../../src/observe/secrets/secrets.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import type { Lab } from '../../../lab/lab.ts';
import { sharedLab } from '../../../lab/shared.ts';
import { waitUntil } from '../../../lab/wait.ts';
import { adminClient, newNamespace } from './support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const DAY = 24 * 3600 * 1000;
const SECRET = 'admission-certificate';

describe('the certificates of the admission webhook', () => {
  let lab: Lab;
  let client: KubeClient;
  /** Each test has its own namespace, and a webhook configuration of the same name for what is made there. */
  let namespace: string;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    lab = await sharedLab();
    client = adminClient(lab);
  }, MINUTES);

  beforeEach(async () => {
    namespace = await newNamespace(client);
  });

  afterAll(async () => {
    await Promise.all(ends.map((end) => end()));
    client.close();
  });

  const configurationPath = (name?: string) =>
    resourcePath({
      apiVersion: 'admissionregistration.k8s.io/v1',
      plural: 'validatingwebhookconfigurations',
      ...(name && { name }),
    });

  async function configure(...clientConfigs: object[]): Promise<void> {
    const name = namespace;
    const webhooks = clientConfigs.map((clientConfig, index) => ({
      name: `w${index}.example.com`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 5,
      clientConfig,
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    }));
    const body = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks,
    };
    await client.request({ method: 'POST', path: configurationPath(), body });
    ends.push(() =>
      client.request({ method: 'DELETE', path: configurationPath(name) }).catch(() => undefined),
    );
  }

  async function bundles(): Promise<string[]> {
    const answer = await client.request({ method: 'GET', path: configurationPath(namespace) });
    const { webhooks } = answer as { webhooks: { clientConfig: { caBundle?: string } }[] };
    return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
  }

  async function secret(): Promise<Record<string, string>> {
    const found = await createSecrets(client).read(namespace, SECRET);
    return Object.fromEntries(
      [...(found?.values ?? [])].map(([key, value]) => [key, Buffer.from(value).toString()]),
    );
  }

  function manager(days = 0, as = client, timings: Partial<CertificateTimings> = {}) {
    return createCertificateManager({
      client: as,
      secret: { namespace, name: SECRET },
      webhookConfiguration: namespace,
      now: () => new Date(Date.now() + days * DAY),
      log: createFakeLog().log,
      timings: { earlyCheckMs: 100, paceMs: 20, settleMs: 300, ...timings },
    });
  }

  /** A webhook that allows everything; counts the calls. */
  function serve({ cert, key }: CertificatePair) {
    let calls = 0;
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert, key },
      async fetch(request) {
        calls += 1;
        const { request: asked } = (await request.json()) as { request: { uid: string } };
        const response = { uid: asked.uid, allowed: true };
        return Response.json({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
      },
    });
    ends.push(() => server.stop(true));
    return { url: `https://127.0.0.1:${server.port}`, calls: () => calls };
  }

  function look(certificates: Certificates) {
    const stop = new AbortController();
    const pairs: CertificatePair[] = [];
    const running = certificates.run(async (pair) => {
      pairs.push(pair);
    }, stop.signal);
    const end = async () => {
      stop.abort();
      await running;
    };
    ends.push(end);
    return { pairs, end };
  }

  async function removeBundle(): Promise<void> {
    const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
    const request = { method: 'PATCH', path: configurationPath(namespace) };
    await client.request({ ...request, contentType: 'application/json-patch+json', body: patch });
  }

  const createConfigMap = (name: string) => {
    const path = resourcePath({ apiVersion: 'v1', namespace, plural: 'configmaps' });
    return client.request({ method: 'POST', path, body: { metadata: { name } } });
  };
  const until = (what: string, check: () => Promise<boolean> | boolean) =>
    waitUntil(what, check, { seconds: 20, everyMs: 20 });

  test('make the API server trust the webhook, also after a change of authority', async () => {
    await configure({ url: 'https://127.0.0.1:1/validate' });
    await manager(-244).ensure();
    const old = await secret();
    const pair = await manager().ensure();

    const { url, calls } = serve(pair);
    const patch = [{ op: 'replace', path: '/webhooks/0/clientConfig/url', value: `${url}/validate` }];
    const request = { method: 'PATCH', path: configurationPath(namespace) };
    await client.request({ ...request, contentType: 'application/json-patch+json', body: patch });
    await until('the call', async () => {
      await createConfigMap(`a-${crypto.randomUUID()}`).catch(() => undefined);
      return calls() > 0;
    });

    const now = await secret();
    expect(now['tls.crt']).toBe(pair.cert);
    expect(now['ca.crt']).not.toBe(old['ca.crt']);
    expect(now['ca-previous.crt']).toBe(old['ca.crt']);
    expect(await bundles()).toEqual([`${now['ca.crt']}${old['ca.crt']}`]);
    await expect(fetch(url, { tls: { ca: old['ca.crt'] ?? '' } })).rejects.toThrow();
    const trusted = await fetch(url, {
      method: 'POST',
      body: '{"request":{}}',
      tls: { ca: now['ca.crt'] ?? '' },
    });
    expect(trusted.status).toBe(200);
  });

  test('hold for the Service and the URL that the configuration names', async () => {
    const service = { name: 'hook', namespace: 'system', path: '/validate' };
    await configure({ service }, { url: 'https://hook.example.com:9443/x' });
    const { cert } = await manager().ensure();
    const { X509Certificate } = await import('node:crypto');
    expect(new X509Certificate(cert).subjectAltName).toBe(
      'DNS:hook.system.svc, DNS:hook.system.svc.cluster.local, DNS:hook.example.com',
    );
    const [first, second] = await bundles();
    expect(splitBundle(first ?? '')).toHaveLength(1);
    expect(second).toBe(first);
  });

  test.each(['no Secret', 'an empty Secret'])(
    'are the same for replicas that start at once with %s',
    async (start) => {
      await configure({ url: 'https://127.0.0.1:1/' });
      if (start === 'an empty Secret') {
        await lab.kubectl(['create', 'secret', 'generic', SECRET, '-n', namespace]);
      }
      const pairs = await Promise.all([1, 2, 3, 4].map(() => manager().ensure()));
      expect(new Set(pairs.map((pair) => pair.cert)).size).toBe(1);
      const kept = await secret();
      expect(kept['tls.key']).toBe(pairs[0]?.key);
      expect(await bundles()).toEqual([kept['ca.crt'] ?? '']);
    },
  );

  test(
    'take only the rights that the manifests give',
    async () => {
      await configure({ url: 'https://127.0.0.1:1/' });
      await lab.kubectl([
        'create',
        'secret',
        'generic',
        SECRET,
        '-n',
        namespace,
        '--from-literal=other=kept',
      ]);
      await lab.kubectl(['create', 'serviceaccount', 'least', '-n', namespace]);
      await lab.apply(leastRights(namespace));
      const made = `least-${namespace}`;
      ends.push(() => lab.kubectl(['delete', 'clusterrole,clusterrolebinding', made]));
      const kubeconfig = await lab.serviceAccountKubeconfig(namespace, 'least');
      const least = createKubeClient(loadKubeConfig({ kubeconfig }));
      ends.push(async () => least.close());
      const certificates = manager(0, least, { earlyMs: 0 });
      await certificates.ensure();
      expect(await secret()).toMatchObject({ other: 'kept', 'tls.crt': expect.stringContaining('BEGIN') });
      const [bundle] = await bundles();
      expect(bundle).toContain('BEGIN CERTIFICATE');
      look(certificates);
      await removeBundle();
      await until('the bundle', async () => (await bundles())[0] === bundle);
    },
    MINUTES,
  );

  test('come back into a configuration that was applied anew without them', async () => {
    await configure({ url: 'https://127.0.0.1:1/' });
    const certificates = manager();
    await certificates.ensure();
    const [bundle] = await bundles();
    const { pairs } = look(certificates);
    await removeBundle();
    await until('the bundle', async () => (await bundles())[0] === bundle);
    expect(pairs).toEqual([]);
  });

  test('come back at once, long before the next look is due', async () => {
    await configure({ url: 'https://127.0.0.1:1/' });
    const certificates = manager(0, client, { earlyMs: 0, checkMs: 600_000 });
    await certificates.ensure();
    const [bundle] = await bundles();
    look(certificates);
    for (let times = 0; times < 3; times += 1) {
      await removeBundle();
      await until('the bundle', async () => (await bundles())[0] === bundle);
    }
    // Deleted and applied anew, as a tool that prunes does it.
    await client.request({ method: 'DELETE', path: configurationPath(namespace) });
    await configure({ url: 'https://127.0.0.1:1/' });
    await until('the bundle', async () => (await bundles())[0] === bundle);
  });

  test('that another replica renewed are taken over, those of a new authority after a pause', async () => {
    await configure({ url: 'https://127.0.0.1:1/' });
    const certificates = manager();
    const first = await certificates.ensure();
    const { pairs } = look(certificates);
    const served = () => pairs.at(-1)?.cert ?? first.cert;
    const damage = (key: string) => {
      const path = resourcePath({ apiVersion: 'v1', namespace, plural: 'secrets', name: SECRET });
      const contentType = 'application/merge-patch+json';
      return client.request({ method: 'PATCH', path, contentType, body: { data: { [key]: null } } });
    };

    await damage('tls.crt');
    const second = await manager().ensure();
    expect(second.cert).not.toBe(first.cert);
    await until('the new leaf', () => served() === second.cert);

    await damage('ca.key');
    const changed = performance.now();
    const third = await manager().ensure();
    await until('the leaf of the new authority', () => served() === third.cert);
    expect(performance.now() - changed).toBeGreaterThan(300);
    const kept = await secret();
    expect(await bundles()).toEqual([`${kept['ca.crt']}${kept['ca-previous.crt']}`]);

    // An authority that somebody threw away is trusted no longer, so nothing waits.
    await damage('ca.crt');
    const fourth = await manager().ensure();
    await until('the leaf of the newest authority', () => served() === fourth.cert);
    expect(await bundles()).toEqual([(await secret())['ca.crt'] ?? '']);
    expect(pairs.map((pair) => pair.cert)).toEqual([second.cert, third.cert, fourth.cert]);
  });

  test('cannot be made while nothing says by what name the webhook is called', async () => {
    await expect(manager().ensure()).rejects.toThrow(
      `ValidatingWebhookConfiguration "${namespace}" does not exist`,
    );
    const { pairs } = look(manager());
    await configure({ url: 'https://127.0.0.1:1/' });
    await until('the first pair', () => pairs.length === 1);
  });
});

function leastRights(namespace: string): object[] {
  const group = 'rbac.authorization.k8s.io';
  const binding = (kind: string, role: string) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: `least-${namespace}`, ...(kind === 'RoleBinding' && { namespace }) },
    roleRef: { apiGroup: group, kind: role, name: `least-${namespace}` },
    subjects: [{ kind: 'ServiceAccount', name: 'least', namespace }],
  });
  const role = (kind: string, apiGroup: string, rule: object) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: `least-${namespace}`, ...(kind === 'Role' && { namespace }) },
    rules: [{ apiGroups: [apiGroup], ...rule }],
  });
  return [
    role('Role', '', { resources: ['secrets'], resourceNames: [SECRET], verbs: ['get', 'update'] }),
    role('ClusterRole', 'admissionregistration.k8s.io', {
      resources: ['validatingwebhookconfigurations'],
      resourceNames: [namespace],
      verbs: ['get', 'list', 'watch', 'patch'],
    }),
    binding('RoleBinding', 'Role'),
    binding('ClusterRoleBinding', 'ClusterRole'),
  ];
}
