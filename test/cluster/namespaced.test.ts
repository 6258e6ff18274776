import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { generateAuthority, generateLeaf } from '../../src/lib/kube/certificates/generate.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { installOtherDefinitions } from '../lab/other-definitions.ts';
import { freePort } from '../lab/ports.ts';
import { createScenario, type Scenario } from '../lab/scenario.ts';
import { serveTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitForDefinition } from './pipelines.ts';

/** `dist/turnpike` with the rights that kustomize/components/namespaced gives it, and no others. */

setDefaultTimeout(60_000);

const KUSTOMIZE = join(import.meta.dir, '../../kustomize');
const WATCHED = 'tenant';
const ENVIRONMENTS = ['dev', 'staging', 'prod'];
const ACCOUNT = 'system:serviceaccount:turnpike-system:turnpike';

let lab: Lab;
let turnpike: Turnpike;
let app: Scenario;

/** As the component's README has it; the webhook is called by URL, and plays a certificate of cert-manager's. */
async function install(admissionPort: number): Promise<string> {
  const root = join(await realpath(lab.directory), 'namespaced');
  const certificates = join(root, 'certificates');
  await mkdir(certificates, { recursive: true });
  const authority = await generateAuthority(new Date());
  const pair = await generateLeaf(authority, { dns: [], ip: ['127.0.0.1'] }, new Date());
  await writeFile(join(certificates, 'tls.crt'), pair.cert);
  await writeFile(join(certificates, 'tls.key'), pair.key, { mode: 0o600 });
  const clientConfig = {
    url: `https://127.0.0.1:${admissionPort}/validate`,
    caBundle: Buffer.from(authority.cert).toString('base64'),
  };
  const components = ['cert-manager', 'metrics-authentication', 'namespaced'];
  await write(join(root, 'watched.yaml'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'turnpike-watched',
      annotations: { 'config.kubernetes.io/local-config': 'true' },
    },
    data: { namespace: WATCHED },
  });
  await write(join(root, 'kustomization.yaml'), {
    resources: [relative(root, join(KUSTOMIZE, 'default')), 'watched.yaml'],
    components: components.map((name) => relative(root, join(KUSTOMIZE, 'components', name))),
    patches: [
      {
        target: { kind: 'ValidatingWebhookConfiguration' },
        patch: stringify([{ op: 'replace', path: '/webhooks/0/clientConfig', value: clientConfig }]),
      },
    ],
  });
  await lab.kubectl(['apply', '-k', root]);
  for (const environment of ENVIRONMENTS) {
    const target = join(root, environment);
    await write(join(target, 'kustomization.yaml'), {
      namespace: `${WATCHED}-${environment}`,
      resources: [relative(target, join(KUSTOMIZE, 'components/namespaced/target'))],
    });
    await lab.kubectl(['apply', '-k', target]);
  }
  return certificates;
}

async function write(file: string, content: object): Promise<void> {
  await Bun.write(file, stringify(content));
}

beforeAll(async () => {
  lab = await startLab({ gitea: true, definitions: true });
  await installOtherDefinitions(lab);
  const namespaces = ['turnpike-system', 'other', WATCHED, ...ENVIRONMENTS.map((one) => `${WATCHED}-${one}`)];
  for (const name of namespaces) await lab.kubectl(['create', 'namespace', name]);
  const admissionPort = await freePort();
  const certificates = await install(admissionPort);
  await waitForDefinition(lab);
  turnpike = await serveTurnpike(lab, admissionPort, {
    flags: {
      'watch-namespace': WATCHED,
      'admission-cert-dir': certificates,
      'metrics-authentication': 'true',
      'leader-elect': 'true',
    },
  });
  app = await createScenario(lab, WATCHED, { namespace: WATCHED });
}, 5 * 60_000);

afterAll(() => lab?.stop());

describe('with rights in one namespace', () => {
  test('a promotion goes from an event to a pull request', async () => {
    await app.deploy('dev', '1.1.0');
    const answer = await app.notify(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=20' });
    expect(answer.status).toBe(201);
    const reasons = await lab.kubectl(['get', 'events', '-n', WATCHED, '-o', 'jsonpath={.items[*].reason}']);
    expect(reasons).toContain('PullRequestOpen');
  });

  test('applications of target namespaces are watched, and nothing that the program asks for is refused', async () => {
    await app.deploy('dev', '1.2.0');
    await app.promotion('staging', (phase) => phase === 'PullRequestOpen');
    const refused = (await turnpike.log()).filter((line) =>
      /forbidden|interrupted|not watched/.test(JSON.stringify(line)),
    );
    expect(refused).toEqual([]);
  });

  test('the webhook judges Pipelines of this namespace alone', async () => {
    const faulty = (namespace: string) => ({
      apiVersion: 'pipelines.weave.works/v1alpha1',
      kind: 'Pipeline',
      metadata: { name: 'faulty', namespace },
      spec: {
        appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
        environments: [
          { name: 'dev', targets: [{ namespace }] },
          { name: 'prod', targets: [{ namespace }] },
        ],
        promotion: {
          strategy: {
            'pull-request': { type: 'gitea', url: 'https://169.254.169.254/a/b', secretRef: { name: 'x' } },
          },
        },
      },
    });
    await expect(lab.apply([faulty(WATCHED)])).rejects.toThrow('denied the request');
    expect(await lab.apply([faulty('other')])).toContain('created');
  });

  type Question = readonly [
    verb: string,
    group: string,
    resource: string,
    namespace: string,
    allowed: boolean,
  ];
  const flux = 'helm.toolkit.fluxcd.io';
  test.each<Question>([
    ['get', '', 'secrets', WATCHED, true],
    ['get', '', 'secrets', 'tenant-dev', false],
    ['get', '', 'secrets', 'other', false],
    ['get', '', 'secrets', 'kube-system', false],
    ['list', '', 'secrets', WATCHED, false],
    ['list', flux, 'helmreleases', 'tenant-dev', true],
    ['list', flux, 'helmreleases', 'other', false],
    ['list', flux, 'helmreleases', '', false],
    ['watch', 'pipelines.weave.works', 'pipelines', WATCHED, true],
    ['get', 'pipelines.weave.works', 'pipelines', 'other', false],
    ['list', 'pipelines.weave.works', 'pipelines', '', false],
    ['create', '', 'events', WATCHED, true],
    ['create', '', 'events', 'other', false],
    ['update', 'coordination.k8s.io', 'leases', 'turnpike-system', true],
    ['patch', 'admissionregistration.k8s.io', 'validatingwebhookconfigurations', '', false],
  ])('%s %s/%s in %j: %p', async (verb, group, resource, namespace, allowed) => {
    const spec = { user: ACCOUNT, resourceAttributes: { verb, group, resource, namespace } };
    const answer = await lab.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    const { status } = (await answer.json()) as { status: { allowed: boolean } };
    expect(status.allowed).toBe(allowed);
  });
});

describe('/metrics with --metrics-authentication', () => {
  async function read(token?: string): Promise<number> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await fetch(`${turnpike.metrics}/metrics`, { headers })).status;
  }
  const tokenOf = async (account: string) =>
    (await lab.kubectl(['create', 'token', account, '-n', 'turnpike-system'])).trim();

  test('is for the account that may get it', async () => {
    const reader = await tokenOf('turnpike-metrics-reader');
    expect(await read(reader)).toBe(200);
    expect(await read(await tokenOf('turnpike'))).toBe(403);
    expect(await read(`${reader}x`)).toBe(401);
    expect(await read()).toBe(401);
  });
});
