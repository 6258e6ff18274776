import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createAdmission } from '../../src/http/admission.ts';
import { type Server, startServer } from '../../src/http/server.ts';
import { createFakeLog } from '../fakes/log.ts';
import { type Fields, pipelineObject, specOf } from '../fixtures/pipelines/cases.ts';
import { createClusterCertificates } from '../lab/certificates.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { labOverlay } from '../lab/overlay.ts';
import { waitUntil } from '../lab/wait.ts';
import { waitForDefinition } from './pipelines.ts';

const MINUTE = 60_000;
const SECRETS = [secret('events', { 'hmac-key': 'k'.repeat(32) }), secret('repository', { token: 't' })];

/** A lab of its own: its API server calls the webhook of this process. */
let lab: Lab;
let server: Server;

beforeAll(async () => {
  lab = await startLab();
  const { ca, apiserver } = await createClusterCertificates();
  const { log } = createFakeLog();
  const app = createAdmission({
    policy: { allowed: [], insecure: [] },
    readSecret,
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
  await server.stop(5);
  await lab.stop();
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

async function readSecret(namespace: string, name: string) {
  const answer = await lab.request('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`);
  if (!answer.ok) return undefined;
  const { data } = (await answer.json()) as { data: Record<string, string> };
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

function secret(name: string, stringData: Record<string, string>): Fields {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'demo' }, stringData };
}

describe('kubectl apply of a Pipeline', () => {
  test(
    'with two strategies says which field is wrong and what to write',
    async () => {
      const { promotion } = (await specOf()) as { promotion: { strategy: object } };
      const strategy = { ...promotion.strategy, notification: {} };
      const { stderr, code } = await apply([pipelineObject(await specOf({ promotion: { strategy } }))]);
      expect(code).toBe(1);
      expect(stderr).toContain(
        'admission webhook "validate.pipelines.weave.works" denied the request: spec.promotion.strategy: Two strategies are named: keep one of pull-request and notification.',
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
      expect(real.stderr).toContain(
        '\nspec.promotion.strategy.pull-request.secretRef.name: Secret demo/repository',
      );
      const dry = await apply([pipeline], '--dry-run=server');
      expect(dry.code).toBe(0);
      expect(dry.stderr).toContain('Warning: spec.promotion.strategy.secretRef.name: Secret demo/events');
    },
    MINUTE,
  );

  test(
    'together with its Secrets is taken, and changed as long as it stays valid',
    async () => {
      expect(await apply([...SECRETS, pipelineObject(await specOf())])).toMatchObject({
        code: 0,
        stderr: '',
      });
      const broken = await apply([pipelineObject(await specOf({ promotion: { strategy: {} } }))]);
      expect(broken.stderr).toContain('No strategy is named');
      await lab.kubectl(['delete', 'secret', 'events', '-n', 'demo']);
      await lab.kubectl(['label', 'pipeline', 'podinfo', '-n', 'demo', 'a=b']);
      const changed = await apply([pipelineObject(await specOf({ suspend: true }))]);
      expect(changed.stderr).toContain('Secret demo/events does not exist');
      await lab.kubectl(['delete', 'pipeline', 'podinfo', '-n', 'demo']);
    },
    MINUTE,
  );

  test(
    'that is odd but allowed prints warnings',
    async () => {
      const { code, stderr } = await apply([pipelineObject(await specOf({ promotion: null }))]);
      expect(code).toBe(0);
      expect(stderr).toContain('Warning: spec.environments[1].promotion: No promotion leads into prod');
    },
    MINUTE,
  );
});
