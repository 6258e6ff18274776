import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createAdmission } from '../../../src/http/admission.ts';
import { createIntake } from '../../../src/http/server/intake.ts';
import { type Server, startServer } from '../../../src/http/server/server.ts';
import { createAccess } from '../../../src/lib/kube/access/own-access.ts';
import { createSubjectAccess } from '../../../src/lib/kube/access/subject-access.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createDiscovery } from '../../../src/lib/kube/discovery.ts';
import { watchSpecs } from '../../../src/observe/pipelines/spec-changes.ts';
import { indexByApplication } from '../../../src/observe/pipelines-by-application.ts';
import { createAuthorAccess } from '../../../src/observe/references/author-access.ts';
import { createReferenceLookup } from '../../../src/observe/references/lookups.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { RULED } from '../../../src/observe/secrets/secret-keys.ts';
import { createSecrets } from '../../../src/observe/secrets/secrets.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeStore } from '../../fakes/store.ts';
import { type Fields, pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { createClusterCertificates } from '../../lab/certificates.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { labOverlay } from '../../lab/overlay.ts';
import { waitUntil } from '../../lab/wait.ts';
import { adminClient } from '../lib/kube/support.ts';
import { waitForDefinition } from '../pipelines.ts';

const MINUTE = 60_000;
const KEY = 'k'.repeat(32);
const SECRETS = [secret('events', { 'hmac-key': KEY }), secret('repository', { token: 't' })];

/** A lab of its own: its API server calls the webhook of this process. */
let lab: Lab;
let client: KubeClient;
let server: Server;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  client = adminClient(lab);
  const { ca, apiserver } = await createClusterCertificates();
  const { log } = createFakeLog();
  const app = createAdmission({
    intake: createIntake(),
    policy: { allowed: [], insecure: [] },
    gather: createGather(),
    log,
    onReview: () => {},
  });
  server = startServer({
    name: 'admission',
    address: '127.0.0.1:0',
    fetch: app.fetch,
    certificate: apiserver,
    log,
  });
  await install(`https://${server.address}`, ca);
}, MINUTE);

afterAll(async () => {
  await server?.stop(5);
  client?.close();
  await lab?.stop();
}, MINUTE);

async function install(admissionUrl: string, ca: string): Promise<void> {
  const overlay = await labOverlay(join(lab.directory, 'overlay'), { admissionUrl });
  await lab.kubectl(['apply', '-k', overlay]);
  await waitForDefinition(lab);
  await lab.kubectl(['create', 'namespace', 'demo']);
  const caBundle = Buffer.from(ca).toString('base64');
  const patch = JSON.stringify([{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: caBundle }]);
  await lab.kubectl(['patch', 'validatingwebhookconfiguration/turnpike', '--type=json', '-p', patch]);
  const input = [pipelineObject(await specOf(), 'tried')];
  const isCalled = async () => (await apply(input, '--dry-run=server')).stderr.includes('Warning: spec.');
  await waitUntil('the API server to call the webhook', isCalled, { seconds: 30 });
}

function apply(objects: readonly object[], ...args: string[]) {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  return lab.tryKubectl(['apply', ...args, '-f', '-'], { input });
}

/** A Secret is remembered for as long as the test runs, so that only a fresh look sees a new one. */
function createGather() {
  const now = () => new Date();
  const secrets = createSecrets(client);
  return createReferenceLookup({
    client,
    secrets,
    secretCache: createSecretCache(secrets, { keep: RULED, ttlSeconds: 600, minRefreshSeconds: 600, now }),
    access: createAccess(client, { discovery: createDiscovery(client, { now }), now }),
    authors: createAuthorAccess(client, { discovery: createDiscovery(client, { now }), now }),
    byApplication: indexByApplication(watchSpecs(createFakeStore())),
    hosts: { allowed: [], insecure: [], allowLoopback: true },
    subjects: createSubjectAccess(client),
  });
}

function secret(name: string, stringData: Record<string, string>): Fields {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'demo' }, stringData };
}

describe('kubectl apply of a Pipeline', () => {
  test(
    'with two faults says which fields are wrong and what to write',
    async () => {
      const bad = {
        'pull-request.url': 'https://localhost/a/b',
        'promotion.strategy.secretRef.name': 'absent',
      };
      const { stderr, code } = await apply([pipelineObject(await specOf(bad))]);
      expect(code).toBe(1);
      expect(stderr).toContain(
        [
          'admission webhook "validate.pipelines.weave.works" denied the request: spec.promotion.strategy.pull-request.url: "https://localhost/a/b": localhost is a loopback, link-local or metadata address: list it in --insecure-git-hosts if this is intended.',
          'spec.promotion.strategy.secretRef.name: "absent": Secret demo/absent does not exist: create it there, with the key hmac-key.',
        ].join('\n'),
      );
    },
    MINUTE,
  );

  test(
    'whose Secrets are missing is denied, and warned of on a dry run',
    async () => {
      const pipeline = pipelineObject(await specOf());
      const real = await apply([pipeline]);
      expect(real.stderr).toContain('Secret demo/events does not exist');
      expect(real.stderr).toContain('Secret demo/repository does not exist');
      const dry = await apply([pipeline], '--dry-run=server');
      expect(dry.code).toBe(0);
      expect(dry.stderr).toContain(
        'Warning: spec.promotion.strategy.secretRef.name: "events": Secret demo/events does not exist',
      );
    },
    MINUTE,
  );

  test(
    'by somebody who may not get Secrets tells neither which there are nor what is in them',
    async () => {
      const rights = ['--verb=get,create,patch', '--resource=pipelines.pipelines.weave.works'];
      await lab.kubectl(['create', 'role', 'writer', '-n', 'demo', ...rights]);
      await lab.kubectl(['create', 'rolebinding', 'writer', '-n', 'demo', '--role=writer', '--user=writer']);
      await apply([secret('weak', { 'hmac-key': 'short' })]);
      for (const name of ['weak', 'none']) {
        const pipeline = pipelineObject(await specOf({ 'promotion.strategy.secretRef.name': name }));
        const refused = await apply([pipeline]);
        expect(refused.stderr).toContain(name === 'weak' ? 'has 5 bytes' : 'does not exist');
        const { code, stderr } = await apply([pipeline], '--as=writer', '--dry-run=server');
        expect({ code, stderr }).toEqual({
          code: 0,
          stderr: expect.stringContaining(
            `Warning: spec.promotion.strategy.secretRef.name: "${name}": Secret demo/${name} was not checked: you may not get it.`,
          ),
        });
        expect(stderr).not.toContain('5 bytes');
        expect(await apply([pipeline], '--as=writer')).toMatchObject({ code: 0 });
        await lab.kubectl(['delete', 'pipeline', 'podinfo', '-n', 'demo']);
      }
    },
    MINUTE,
  );

  test(
    'together with its Secrets is taken, and changed as long as the change is valid',
    async () => {
      expect(await apply([...SECRETS, pipelineObject(await specOf())])).toMatchObject({
        code: 0,
        stderr: '',
      });
      const broken = await apply([pipelineObject(await specOf({ 'pull-request.type': 'gitea' }))]);
      expect(broken.stderr).toContain('github.com is a forge of type github');
      await lab.kubectl(['delete', 'pipeline', 'podinfo', '-n', 'demo']);
    },
    MINUTE,
  );

  test(
    'whose Secret went away can be changed elsewhere, labelled, finalized and deleted',
    async () => {
      const spec = await specOf({ 'promotion.strategy.secretRef.name': 'fleeting' });
      await apply([...SECRETS, secret('fleeting', { 'hmac-key': 'short' }), pipelineObject(spec)]);
      await apply([secret('fleeting', { 'hmac-key': KEY })]);
      expect(await apply([pipelineObject(spec)])).toMatchObject({ code: 0, stderr: '' });
      await lab.kubectl(['delete', 'secret', 'fleeting', '-n', 'demo']);
      const one = ['pipeline', 'podinfo', '-n', 'demo'];
      await lab.kubectl(['label', ...one, 'a=b']);
      const elsewhere = await apply([pipelineObject({ ...spec, suspend: true })]);
      expect(elsewhere.code).toBe(0);
      expect(elsewhere.stderr).toContain('Secret demo/fleeting does not exist');
      const touched = await apply([
        pipelineObject(await specOf({ 'promotion.strategy.secretRef.name': 'gone' })),
      ]);
      expect(touched.stderr).toContain('Secret demo/gone does not exist');
      const finalizers = (list: string) => ['--type=merge', '-p', `{"metadata":{"finalizers":${list}}}`];
      await lab.kubectl(['patch', ...one, ...finalizers('["example.com/kept"]')]);
      await lab.kubectl(['delete', ...one, '--wait=false']);
      await lab.kubectl(['patch', ...one, ...finalizers('null')]);
      expect((await lab.tryKubectl(['get', ...one])).stderr).toContain('not found');
    },
    MINUTE,
  );

  test(
    'that is odd but allowed prints warnings',
    async () => {
      const { code, stderr } = await apply([pipelineObject(await specOf({ promotion: null }))]);
      expect(code).toBe(0);
      expect(stderr).toContain(
        'Warning: spec.environments[1].promotion: No promotion is configured for prod',
      );
    },
    MINUTE,
  );
});
