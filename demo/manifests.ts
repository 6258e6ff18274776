import {
  APP,
  CHARTS,
  ENVIRONMENTS,
  type Environment,
  EVENTS_SECRET,
  NAMESPACE,
  REPOSITORY_SECRET,
  releasePath,
} from './names.ts';

/** What users write: the files of the repository, the Pipeline and all that belongs to it. */

/** An environment's HelmRelease, its version marked for Turnpike. */
export function releaseFile(environment: Environment, version: string): string {
  return `# ${APP} in ${environment}
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: ${APP}
  namespace: ${environment}
spec:
  interval: 10m
  chart:
    spec:
      chart: ${APP}
      version: ${version} # {"$promotion": "${NAMESPACE}:${APP}:${environment}"}
      sourceRef:
        kind: HelmRepository
        name: ${CHARTS}
        namespace: ${NAMESPACE}
  values:
    greeting: Hello from ${environment}
`;
}

/** The repository's files while all environments are at one version. */
export function releaseFiles(version: string): Record<string, string> {
  return Object.fromEntries(
    ENVIRONMENTS.map((environment) => [releasePath(environment), releaseFile(environment, version)]),
  );
}

export function namespaces(): object[] {
  return [NAMESPACE, ...ENVIRONMENTS].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
}

/** `key`: what Flux signs its events with. `token`: of the forge. */
export function secrets({ key, token }: { key: string; token: string }): object[] {
  return [secret(EVENTS_SECRET, { token: key, 'hmac-key': key }), secret(REPOSITORY_SECRET, { token })];
}

export interface PipelineChange {
  readonly name?: string;
  /** In place of, or beside, the strategy's fields. */
  readonly strategy?: object;
}

/** A Pipeline that promotes by pull requests to a repository of Gitea. */
export function pipeline(url: string, { name = APP, strategy }: PipelineChange = {}): object {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: APP },
      environments: ENVIRONMENTS.map((environment) => ({
        name: environment,
        targets: [{ namespace: environment }],
      })),
      promotion: {
        strategy: {
          'pull-request': {
            type: 'gitea',
            url,
            baseBranch: 'main',
            secretRef: { name: REPOSITORY_SECRET },
          },
          secretRef: { name: EVENTS_SECRET },
          ...strategy,
        },
      },
    },
  };
}

/** For each environment the Provider and the Alert by which Flux tells Turnpike of deployments. */
export function alerts(hook: string): object[] {
  return ENVIRONMENTS.flatMap((environment) => {
    const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';
    const metadata = { name: `${APP}-${environment}`, namespace: NAMESPACE };
    const provider = {
      type: 'generic-hmac',
      address: eventAddress(hook, environment),
      secretRef: { name: EVENTS_SECRET },
    };
    const alert = {
      providerRef: { name: metadata.name },
      eventSeverity: 'info',
      eventSources: [{ kind: 'HelmRelease', name: APP, namespace: environment }],
    };
    return [
      { apiVersion, kind: 'Provider', metadata, spec: provider },
      { apiVersion, kind: 'Alert', metadata, spec: alert },
    ];
  });
}

/** Where Turnpike takes events of deployments to an environment. */
export function eventAddress(hook: string, environment: Environment): string {
  return `${hook}/promotion/${NAMESPACE}/${APP}/${environment}`;
}

function secret(name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}
