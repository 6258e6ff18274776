import type { Random } from './random.ts';
import type { Json } from './tree.ts';

/** Pipelines that hold to all rules, between them with every field. */

const APP = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'podinfo' };
const PULL_REQUEST = {
  type: 'github',
  url: 'https://github.com/example/fleet',
  baseBranch: 'main',
  secretRef: { name: 'repository' },
};

export const SPECS: readonly [Json, ...Json[]] = [
  {
    appRef: APP,
    environments: [
      { name: 'dev', targets: [{ namespace: 'podinfo-dev' }] },
      { name: 'prod', targets: [{ namespace: 'podinfo-prod' }] },
    ],
    promotion: { strategy: { 'pull-request': PULL_REQUEST, secretRef: { name: 'events' } } },
  },
  {
    appRef: APP,
    revision: { path: '.spec.images[name=ghcr.io/acme/shop].newTag', event: 'image' },
    environments: [
      { name: 'dev', targets: [{ namespace: 'podinfo-dev' }] },
      { name: 'prod', targets: [{ namespace: 'podinfo-prod' }] },
    ],
    promotion: { strategy: { notification: {}, secretRef: { name: 'events' } } },
  },
  {
    appRef: APP,
    artifacts: [{ name: 'chart' }, { name: 'image', path: '.spec.values.image.tag', event: 'app-version' }],
    environments: [
      { name: 'dev', targets: [{ namespace: 'podinfo-dev' }] },
      { name: 'prod', targets: [{ namespace: 'podinfo-prod' }] },
    ],
    promotion: {
      gates: { artifactVersions: [{ name: 'image', versions: '<2' }] },
      strategy: {
        push: {
          url: 'https://github.com/example/fleet',
          secretRef: { name: 'repository' },
          files: [{ path: 'a.yaml', field: 'a.b', artifact: 'image', value: 'tag' }],
        },
        secretRef: { name: 'events' },
      },
    },
  },
  {
    appRef: { ...APP, apiVersion: 'v1', kind: 'ConfigMap' },
    suspend: true,
    environments: [
      {
        name: 'dev',
        targets: [
          { namespace: 'one', clusterRef: { kind: 'GitopsCluster', name: 'leaf', namespace: 'flux-system' } },
          { namespace: 'one', clusterRef: { apiVersion: 'x/v1', kind: 'Secret', name: 'leaf.kubeconfig' } },
        ],
      },
      {
        name: 'Stage_2.eu',
        targets: [{ namespace: 'two' }, { namespace: 'three' }],
        manual: true,
        approvals: { required: 1 },
        gates: {
          soak: '1.5h',
          windows: [
            { from: '22:00', to: '02:00' },
            {
              type: 'Deny',
              days: ['Sat'],
              start: '2026-12-24',
              end: '2027-01-03T18:00:00Z',
              reason: 'freeze',
            },
          ],
          versions: '>=1.0.0, <3.0.0',
        },
      },
      {
        name: 'prod',
        targets: [{ namespace: 'four' }],
        promotion: {
          manual: true,
          strategy: {
            'pull-request': {
              ...PULL_REQUEST,
              type: 'gitlab',
              url: 'ssh://git@git.example.com:7999/g/h/fleet.git',
              certSecretRef: { name: 'tls' },
              webhookSecretRef: { name: 'hook' },
              commit: { signingKeySecretRef: { name: 'signing' } },
            },
            secretRef: { name: 'events' },
          },
        },
      },
    ],
    promotion: {
      manual: false,
      strategy: { notification: {} },
      gates: {
        soak: '1h30m',
        windows: [{ days: ['Mon', 'Fri'], from: '09:00', to: '17:00', timeZone: 'Europe/Berlin' }],
        versions: '>=1.0.0 <3',
        targets: 'any',
      },
    },
  },
  {
    appRef: APP,
    environments: Array.from({ length: 50 }, (_, index) => {
      return { name: `e${index}`, targets: [{ namespace: `n${index}` }] };
    }),
    promotion: {
      strategy: {
        'pull-request': { ...PULL_REQUEST, type: 'azure-devops', url: 'https://dev.azure.com/o/p/_git/r' },
        secretRef: { name: 'events' },
      },
    },
  },
];

export function pipelineOf(spec: Json): { [key: string]: Json } {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: 'podinfo', namespace: 'demo', uid: 'u-1', labels: { a: 'b' } },
    spec,
  };
}

export function reviewOf(request: { [key: string]: Json }): Json {
  const fixed = {
    uid: 'b7c1',
    namespace: 'demo',
    name: 'podinfo',
    userInfo: { username: 'jane', groups: ['a'] },
  };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { ...fixed, operation: 'CREATE', dryRun: false, ...request },
  };
}

export function anySpec(random: Random): Json {
  // The large one seldom: it takes the time of ten others.
  return structuredClone(
    random.chance(0.05) ? random.pick(SPECS) : random.pick([SPECS[0], SPECS[1] ?? null]),
  );
}
