import { CHARTS, ENVIRONMENTS, NAMESPACE, REPOSITORY } from './names.ts';

/** Flux's interval for new commits here; on clusters it is a minute, or a webhook of the forge. */
export const LOOK_EVERY = '2s';

/** Flux's sources and Kustomizations: each environment's folder, with charts from the chart repository. */
export function sources({ fleetUrl, chartsUrl }: { fleetUrl: string; chartsUrl: string }): object[] {
  const source = (kind: string, name: string, spec: object) => ({
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind,
    metadata: { name, namespace: NAMESPACE },
    spec,
  });
  return [
    source('HelmRepository', CHARTS, { interval: '10m', url: chartsUrl }),
    source('GitRepository', REPOSITORY, { interval: LOOK_EVERY, url: fleetUrl, ref: { branch: 'main' } }),
    ...ENVIRONMENTS.map((environment) => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: environment, namespace: NAMESPACE },
      spec: {
        interval: '10m',
        retryInterval: '5s',
        path: `./${environment}`,
        prune: true,
        sourceRef: { kind: 'GitRepository', name: REPOSITORY },
      },
    })),
  ];
}
