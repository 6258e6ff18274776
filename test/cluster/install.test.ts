import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Fields, pipelineObject, specOf } from '../fixtures/pipelines/cases.ts';
import { waitEstablished } from '../lab/established.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { labOverlay } from '../lab/overlay.ts';
import { freePort } from '../lab/ports.ts';
import { sharedLab } from '../lab/shared.ts';
import { waitUntil } from '../lab/wait.ts';
import { applyFolder, patchPipeline, waitForDefinition } from './pipelines.ts';

const DEFAULT = join(import.meta.dir, '../../kustomize/default');
const WEBHOOK = 'validatingwebhookconfiguration/turnpike';
const ACCOUNT = 'system:serviceaccount:turnpike-system:turnpike';
const MINUTE = 60_000;

/** A lab of its own: its webhook configuration refuses all Pipelines. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
  await Promise.all(['demo', 'turnpike-system'].map((name) => lab.kubectl(['create', 'namespace', name])));
}, MINUTE);

afterAll(() => lab.stop(), MINUTE);

describe('kustomize/default', () => {
  test(
    'is taken by server-side apply',
    async () => {
      const applied = await lab.kubectl(['apply', '--server-side', '--dry-run=server', '-k', DEFAULT]);
      expect(applied).toContain('deployment.apps/turnpike serverside-applied');
    },
    MINUTE,
  );

  test(
    'installs everything in one go, and changes nothing the second time',
    async () => {
      await applyFolder(lab, 'kustomize/default');
      await waitForDefinition(lab);
      const again = (await applyFolder(lab, 'kustomize/default')).trim().split('\n');
      expect(again.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      expect(again.length).toBeGreaterThan(15);
    },
    MINUTE,
  );

  test(
    'keeps certificates and their authority when it is applied again',
    async () => {
      const secret = ['secret/turnpike-admission-certificate', '-n', 'turnpike-system'];
      const data = { 'tls.crt': Buffer.from('certificate').toString('base64') };
      await lab.kubectl(['patch', ...secret, '-p', JSON.stringify({ data })]);
      const caBundle = Buffer.from(lab.ca).toString('base64');
      const patch = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: caBundle }];
      await lab.kubectl(['patch', WEBHOOK, '--type=json', '-p', JSON.stringify(patch)]);
      await applyFolder(lab, 'kustomize/default');
      expect(await lab.get(secret)).toMatchObject({ data });
      expect(await lab.get([WEBHOOK])).toMatchObject({
        webhooks: [{ clientConfig: { caBundle, service: { name: 'turnpike-admission' } } }],
      });
    },
    MINUTE,
  );

  test(
    'runs the version of the package',
    async () => {
      const { version } = await Bun.file(join(import.meta.dir, '../../package.json')).json();
      const deployment = await lab.get(['deployment/turnpike', '-n', 'turnpike-system']);
      expect(deployment).toMatchObject({
        spec: { template: { spec: { containers: [{ image: `turnpike:${version}` }] } } },
      });
    },
    MINUTE,
  );
});

type Question = readonly [verb: string, group: string, resource: string, place: Place];

interface Place {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

describe('the ServiceAccount', () => {
  const own = { namespace: 'turnpike-system' };
  const demo = { namespace: 'demo' };
  const certificate = { ...own, name: 'turnpike-admission-certificate' };
  const lease = { ...own, name: 'turnpike-leader' };
  const admission = 'admissionregistration.k8s.io';
  const allowed: Question[] = [
    ['get', 'pipelines.weave.works', 'pipelines', demo],
    ['list', 'pipelines.weave.works', 'pipelines', {}],
    ['watch', 'pipelines.weave.works', 'pipelines', {}],
    ['patch', 'pipelines.weave.works', 'pipelines', { ...demo, subresource: 'status' }],
    ['get', '', 'secrets', demo],
    ['get', 'helm.toolkit.fluxcd.io', 'helmreleases', demo],
    ['get', 'kustomize.toolkit.fluxcd.io', 'kustomizations', demo],
    ['list', 'helm.toolkit.fluxcd.io', 'helmreleases', {}],
    ['watch', 'kustomize.toolkit.fluxcd.io', 'kustomizations', {}],
    ['get', 'gitops.weave.works', 'gitopsclusters', demo],
    ['create', 'authorization.k8s.io', 'subjectaccessreviews', {}],
    ['create', '', 'events', demo],
    ['get', '', 'secrets', certificate],
    ['update', '', 'secrets', certificate],
    ['create', 'coordination.k8s.io', 'leases', own],
    ['get', 'coordination.k8s.io', 'leases', lease],
    ['update', 'coordination.k8s.io', 'leases', lease],
    ['list', admission, 'validatingwebhookconfigurations', { name: 'turnpike' }],
    ['watch', admission, 'validatingwebhookconfigurations', { name: 'turnpike' }],
    ['patch', admission, 'validatingwebhookconfigurations', { name: 'turnpike' }],
  ];
  const forbidden: Question[] = [
    ['list', '', 'secrets', demo],
    ['list', '', 'secrets', own],
    ['watch', '', 'secrets', {}],
    ['create', '', 'secrets', own],
    ['update', '', 'secrets', { ...own, name: 'other' }],
    ['update', '', 'secrets', demo],
    ['delete', '', 'secrets', certificate],
    ['create', 'pipelines.weave.works', 'pipelines', demo],
    ['update', 'pipelines.weave.works', 'pipelines', demo],
    ['patch', 'pipelines.weave.works', 'pipelines', demo],
    ['delete', 'pipelines.weave.works', 'pipelines', demo],
    ['patch', 'helm.toolkit.fluxcd.io', 'helmreleases', demo],
    ['patch', '', 'events', demo],
    ['create', 'events.k8s.io', 'events', demo],
    ['get', 'coordination.k8s.io', 'leases', demo],
    ['get', 'coordination.k8s.io', 'leases', { ...own, name: 'other' }],
    ['update', 'coordination.k8s.io', 'leases', { ...own, name: 'other' }],
    ['list', admission, 'validatingwebhookconfigurations', {}],
    ['watch', admission, 'validatingwebhookconfigurations', { name: 'other' }],
    ['get', admission, 'validatingwebhookconfigurations', { name: 'other' }],
    ['delete', admission, 'validatingwebhookconfigurations', { name: 'turnpike' }],
    ['create', '', 'pods', own],
    ['create', '', 'serviceaccounts', { ...own, name: 'turnpike', subresource: 'token' }],
    ['get', '', 'configmaps', demo],
    ['impersonate', '', 'users', {}],
  ];

  test.each(allowed)('may %s %s/%s %j', async (verb, group, resource, place) => {
    expect(await mayTurnpike([verb, group, resource, place])).toBe(true);
  });
  test.each(forbidden)('may not %s %s/%s %j', async (verb, group, resource, place) => {
    expect(await mayTurnpike([verb, group, resource, place])).toBe(false);
  });

  test(
    'applies a status with just these rights',
    async () => {
      await lab.kubectl(['delete', WEBHOOK]);
      const { spec, ...rest } = pipelineObject(await specOf(), 'written');
      await lab.apply([{ ...rest, spec }]);
      const status = { observedGeneration: 1, summary: 'dev 1.3.0' };
      const kubeconfig = await lab.serviceAccountKubeconfig('turnpike-system', 'turnpike');
      const apply = ['apply', '--server-side', '--subresource=status', '--field-manager=turnpike', '-f', '-'];
      await lab.kubectl(apply, { input: JSON.stringify({ ...rest, status }), kubeconfig });
      expect(await lab.get(['pipeline', 'written', '-n', 'demo'])).toMatchObject({ spec, status });
    },
    MINUTE,
  );
});

describe('the webhook configuration', () => {
  test(
    'calls the process by URL in a lab',
    async () => {
      const admissionUrl = `https://127.0.0.1:${await freePort()}`;
      const overlay = await labOverlay(join(lab.directory, 'overlay'), { admissionUrl });
      await lab.kubectl(['apply', '-k', overlay]);
      expect(await lab.kubectl(['apply', '-k', overlay])).toContain(
        'configuration.admissionregistration.k8s.io/turnpike unchanged',
      );
      const { webhooks } = (await lab.get([WEBHOOK])) as { webhooks: Fields[] };
      expect(webhooks[0]?.clientConfig).toEqual({ url: `${admissionUrl}/validate` });
    },
    MINUTE,
  );

  test(
    'refuses Pipelines while nobody answers, but not a label, a status or a deletion',
    async () => {
      const input = JSON.stringify(pipelineObject(await specOf(), 'refused'));
      const isRefused = async () => {
        const { stderr } = await lab.tryKubectl(['apply', '--dry-run=server', '-f', '-'], { input });
        return stderr.includes('failed calling webhook "validate.pipelines.weave.works"');
      };
      await waitUntil('the API server to call the webhook', isRefused, { seconds: 30 });
      await patchPipeline(lab, 'written', { metadata: { labels: { a: 'b' }, finalizers: ['a.b/c'] } });
      await patchPipeline(lab, 'written', { metadata: { finalizers: null } });
      await patchPipeline(lab, 'written', { status: { summary: '' } }, '--subresource=status');
      const changed = patchPipeline(lab, 'written', { spec: { suspend: true } });
      await expect(changed).rejects.toThrow('failed calling webhook');
      await lab.kubectl(['delete', 'pipeline', 'written', '-n', 'demo']);
    },
    MINUTE,
  );
});

describe('manifests/examples', () => {
  test(
    "are taken by Flux's definitions and ours",
    async () => {
      const flux = await sharedLab();
      const names = ['alerts', 'providers'].map((plural) => `${plural}.notification.toolkit.fluxcd.io`);
      await lab.apply(await Promise.all(names.map((name) => definitionOf(flux, name))));
      await waitEstablished(lab, '--all', 'crd');
      await lab.kubectl(['delete', WEBHOOK]);
      const applied = await applyFolder(lab, 'manifests/examples');
      expect(applied).toContain('pipeline.pipelines.weave.works/podinfo created');
    },
    3 * MINUTE,
  );
});

/** Asks the API server's authorizer (SubjectAccessReview). */
async function mayTurnpike([verb, group, resource, place]: Question): Promise<boolean> {
  const spec = { user: ACCOUNT, resourceAttributes: { verb, group, resource, ...place } };
  const answer = await lab.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
  const { status } = (await answer.json()) as { status: { allowed: boolean } };
  return status.allowed;
}

async function definitionOf(from: Lab, name: string): Promise<object> {
  const { spec } = (await from.get(['crd', name])) as { spec: object };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec,
  };
}
