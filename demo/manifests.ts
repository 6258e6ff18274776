import {
  APP,
  CHARTS,
  ENVIRONMENTS,
  type Environment,
  EVENTS_SECRET,
  FIRST_VERSION,
  IMAGE_APP,
  IMAGE_REPOSITORY,
  NAMESPACE,
  REPOSITORY_SECRET,
} from './names.ts';

/** The manifests that users write: files of the repository, the Pipeline and all that belongs to it. */

/** An environment's HelmRelease of the first act, the version of its chart marked for Turnpike. */
export function chartRelease(environment: Environment, version: string): string {
  const values = `greeting: Hello from ${environment}`;
  return releaseFile(environment, APP, { version: `${version}${marker(environment, APP)}`, values });
}

/** One of the second act, the tag of its image marked for Turnpike. */
export function imageRelease(environment: Environment, tag: string): string {
  const values = `image:
      repository: ${IMAGE_REPOSITORY}
      tag: ${tag}${marker(environment, IMAGE_APP)}`;
  return releaseFile(environment, IMAGE_APP, { version: FIRST_VERSION, values });
}

function marker(environment: Environment, app: string): string {
  return ` # {"$promotion": "${NAMESPACE}:${app}:${environment}"}`;
}

function releaseFile(
  environment: Environment,
  app: string,
  { version, values }: { readonly version: string; readonly values: string },
): string {
  return `# ${app} in ${environment}
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: ${app}
  namespace: ${environment}
spec:
  interval: 10m
  chart:
    spec:
      chart: ${APP}
      version: ${version}
      sourceRef:
        kind: HelmRepository
        name: ${CHARTS}
        namespace: ${NAMESPACE}
  values:
    ${values}
`;
}

export function namespaces(): object[] {
  return [NAMESPACE, ...ENVIRONMENTS].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
}

/** `key`: signs Flux's events. `token`: the forge's. */
export function secrets({ key, token }: { key: string; token: string }): object[] {
  return [secret(EVENTS_SECRET, { token: key, 'hmac-key': key }), secret(REPOSITORY_SECRET, { token })];
}

export interface PipelineChange {
  readonly name?: string;
  /** Default: the first act's. */
  readonly app?: string;
  /** The field of the Pipeline's spec that says where the application's revision is. */
  readonly revision?: object;
  /** Fields in place of, or beside, the strategy's. */
  readonly strategy?: object;
}

/** A Pipeline that promotes by pull requests to a repository of Gitea. */
export function pipeline(
  url: string,
  { app = APP, name = app, revision, strategy }: PipelineChange = {},
): object {
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: app },
      ...(revision && { revision }),
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

/** The Provider and the Alert of each environment, by which Flux sends events of deployments to Turnpike. */
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

/** The address at which Turnpike takes events of deployments to an environment. */
export function eventAddress(hook: string, environment: Environment): string {
  return `${hook}/promotion/${NAMESPACE}/${APP}/${environment}`;
}

function secret(name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}
