import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { hasCode } from '../../../../src/lib/errors.ts';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import { resourcePath } from '../../../../src/lib/kube/path.ts';
import { createClusterCertificates } from '../../../lab/certificates.ts';
import type { Lab } from '../../../lab/lab.ts';
import { sharedLab } from '../../../lab/shared.ts';
import { waitUntil } from '../../../lab/wait.ts';
import { adminClient, kubeConfigTo, newNamespace } from './support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);

describe('the client of a real API server', () => {
  let lab: Lab;
  let admin: KubeClient;
  let namespace: string;
  let folder: string;
  const clients: KubeClient[] = [];

  beforeAll(async () => {
    lab = await sharedLab();
    admin = adminClient(lab);
    namespace = await newNamespace(admin);
    folder = await mkdtemp(join(tmpdir(), 'turnpike-kube-'));
  }, MINUTES);

  afterAll(async () => {
    for (const client of [admin, ...clients]) client.close();
    await rm(folder, { recursive: true });
  });

  function open(kubeConfig: KubeConfig): KubeClient {
    const client = createKubeClient(kubeConfig);
    clients.push(client);
    return client;
  }

  const configMaps = (name?: string) =>
    resourcePath({ apiVersion: 'v1', namespace, plural: 'configmaps', ...(name && { name }) });

  async function newServiceAccount(name: string): Promise<string> {
    await lab.kubectl(['create', 'serviceaccount', name, '-n', namespace]);
    const kubeconfig = await lab.serviceAccountKubeconfig(namespace, name);
    const [user] = loadKubeConfig({ kubeconfig }).getUsers();
    return (await readFile(user?.authProvider.config.path, 'utf8')).trim();
  }

  async function whoAmI(client: KubeClient): Promise<string> {
    const answer = await client.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    return (answer as { status: { userInfo: { username: string } } }).status.userInfo.username;
  }

  test('creates, reads, changes and deletes with a client certificate', async () => {
    expect(await whoAmI(admin)).toBe('admin');
    const body = { metadata: { name: 'a' }, data: { color: 'red' } };
    await admin.request({ method: 'POST', path: configMaps(), body });
    const again = admin.request({ method: 'POST', path: configMaps(), body });
    await expect(again).rejects.toMatchObject({ code: 'ApiConflict', cause: { reason: 'AlreadyExists' } });

    const patch = { method: 'PATCH', path: configMaps('a'), contentType: 'application/merge-patch+json' };
    await admin.request({ ...patch, body: { data: { color: 'blue' } } });
    const stale = { metadata: { resourceVersion: '1' }, data: { color: 'grey' } };
    await expect(admin.request({ ...patch, body: stale })).rejects.toMatchObject({ code: 'ApiConflict' });
    expect(await admin.request({ method: 'GET', path: configMaps('a') })).toMatchObject({
      data: { color: 'blue' },
    });

    await admin.request({ method: 'DELETE', path: configMaps('a') });
    const gone = admin.request({ method: 'GET', path: configMaps('a') });
    await expect(gone).rejects.toThrow('configmaps "a" not found');
    await expect(gone).rejects.toMatchObject({ code: 'ApiNotFound' });
  });

  test('says what is wrong with an object that the API server refuses', async () => {
    const request = admin.request({
      method: 'POST',
      path: configMaps(),
      body: { metadata: { name: 'A B' } },
    });
    await expect(request).rejects.toMatchObject({ code: 'ApiRefused', retry: 'never' });
    await expect(request).rejects.toThrow('metadata.name');
  });

  test('does not talk to a server that another CA vouches for', async () => {
    const { ca } = await createClusterCertificates();
    const [user] = loadKubeConfig({ kubeconfig: lab.kubeconfig }).getUsers();
    for (const wrong of [ca, undefined]) {
      const client = open(kubeConfigTo(lab.server, user as User, wrong));
      const request = client.request({ method: 'GET', path: '/version' });
      await expect(request).rejects.toMatchObject({ code: 'ApiUnavailable' });
      await expect(request).rejects.toThrow('is not one that the configured CA vouches for');
      expect(client.available()).toBe(false);
    }
  });

  test('does not talk to a server of another name, and does with the name that the kubeconfig gives', async () => {
    const byName = (tlsServerName: string) => {
      const kubeConfig = loadKubeConfig({ kubeconfig: lab.kubeconfig });
      kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, tlsServerName }));
      return open(kubeConfig).request({ method: 'GET', path: '/version' });
    };
    await expect(byName('elsewhere.example')).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await byName('kubernetes.default.svc')).toMatchObject({ major: '1' });
  });

  test('uses the token that its file holds at the moment', async () => {
    const [first, second] = await Promise.all(['first', 'second'].map(newServiceAccount));
    const path = join(folder, 'token');
    await writeFile(path, `${first}\n`);
    const kubeconfig = join(folder, 'by-token-file');
    await writeFile(kubeconfig, stringify(kubeconfigOf({ tokenFile: 'token' })));
    const client = open(loadKubeConfig({ kubeconfig }));
    expect(client.config.namespace).toBe('default');
    expect(await whoAmI(client)).toBe(`system:serviceaccount:${namespace}:first`);

    await writeFile(path, `${second}\n`);
    const changed = async () => (await whoAmI(client)).endsWith(':second');
    await waitUntil('the second token', changed, { seconds: 10 });

    await writeFile(path, 'revoked');
    const refused = async () => hasCode(await whoAmI(client).catch((error) => error), 'ApiUnavailable');
    await waitUntil('the refusal', refused, { seconds: 10 });
    await writeFile(path, `${first}\n`);
    await waitUntil('the first token', async () => (await whoAmI(client)).endsWith(':first'), {
      seconds: 10,
    });
  });

  test('takes credentials from an exec plugin, which is asked once', async () => {
    const token = await newServiceAccount('plugin');
    const plugin = join(folder, 'login');
    const credential = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      status: { token },
    };
    await writeFile(
      plugin,
      `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> "${folder}/asked"\necho '${JSON.stringify(credential)}'\n`,
    );
    await chmod(plugin, 0o700);
    const kubeconfig = join(folder, 'by-exec');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login', args: [], env: null };
    await writeFile(kubeconfig, stringify(kubeconfigOf({ exec })));
    const client = open(loadKubeConfig({ kubeconfig }));
    const names = await Promise.all([whoAmI(client), whoAmI(client), whoAmI(client)]);
    expect(new Set(names)).toEqual(new Set([`system:serviceaccount:${namespace}:plugin`]));
    const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
    expect(asked.map((line) => JSON.parse(line).kind)).toEqual(['ExecCredential']);
  });

  test('reaches the API server from a pod with what the kubelet puts there', async () => {
    const token = await newServiceAccount('pod');
    const account = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(account, { recursive: true });
    const files = { 'ca.crt': lab.ca, token: `${token}\n`, namespace: `${namespace}\n` };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(account, name), text)));
    const script = `
      import { loadKubeConfig } from './src/lib/kube/kubeconfig/load.ts';
      import { createKubeClient } from './src/lib/kube/client/transport.ts';
      const client = createKubeClient(loadKubeConfig({ serviceAccountRoot: ${JSON.stringify(folder)} }));
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const { status } = await client.request({ method: 'POST', path, body });
      console.log(client.config.namespace, status.userInfo.username);
      client.close();`;
    const { hostname, port } = new URL(lab.server);
    const child = Bun.spawn([process.execPath, '-e', script], {
      cwd: join(import.meta.dir, '../../../..'),
      env: { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    });
    const said = (await new Response(child.stdout).text()).trim();
    expect(said).toBe(`${namespace} system:serviceaccount:${namespace}:pod`);
  });

  test('says in the words of the API server which right is missing', async () => {
    await newServiceAccount('nobody');
    const kubeconfig = await lab.serviceAccountKubeconfig(namespace, 'nobody');
    const client = open(loadKubeConfig({ kubeconfig }));
    const request = client.request({ method: 'GET', path: configMaps('a') });
    await expect(request).rejects.toMatchObject({ code: 'ApiForbidden' });
    await expect(request).rejects.toThrow('cannot get resource "configmaps"');
    expect(client.available()).toBe(true);
    expect(client.config).toEqual({ server: lab.server, namespace });
  });

  function kubeconfigOf(user: object): object {
    return {
      'current-context': 'x',
      clusters: [
        {
          name: 'c',
          cluster: {
            server: lab.server,
            'certificate-authority-data': Buffer.from(lab.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    };
  }
});
