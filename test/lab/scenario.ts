import { randomBytes } from 'node:crypto';
import type { PipelineStatus } from '../../src/api/pipeline.ts';
import { PLAYED, releaseEvent, sendEvent, setRelease } from './helm.ts';
import type { Lab } from './lab.ts';
import { waitFor } from './wait.ts';

/**
 * One application in dev, staging and prod, its repository in Gitea and its Pipeline. Flux's part is played
 * here: the status of HelmReleases is set as helm-controller would, which leaves them alone.
 */
export interface Scenario {
  readonly name: string;
  readonly key: string;
  readonly repository: string;
  readonly environments: readonly string[];
  namespaceOf(environment: string): string;
  /** Sets the version that an environment's HelmRelease runs. */
  deploy(environment: string, version: string, change?: { ready?: boolean }): Promise<void>;
  /** Flux's event about it, signed; `prefer` is sent as the header. */
  notify(hook: string, environment: string, version: string, change?: EventChange): Promise<Response>;
  status(): Promise<PipelineStatus>;
  /** Waits until `check` accepts the promotion into an environment. */
  promotion(
    environment: string,
    check: (phase: string | undefined) => boolean,
    seconds?: number,
  ): Promise<Promotion>;
  manifest(environment: string, version: string): string;
}

export interface EventChange {
  readonly reason?: string;
  readonly severity?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly prefer?: string;
}

type Promotion = NonNullable<NonNullable<PipelineStatus['environments']>[string]['promotion']>;

export interface ScenarioOptions {
  /** The Pipeline's namespace, where that must be known before; its targets' namespaces begin with it. */
  readonly namespace?: string;
  /** The Pipeline's labels. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly environments?: readonly string[];
  readonly version?: string;
  /** Fields of the Pipeline's promotion beside the strategy. */
  readonly promotion?: object;
  /** The strategy in place of the pull request's. */
  readonly strategy?: object;
  /** The forge's token, in place of the lab's. */
  readonly token?: string;
  /** Repository URL in place of the one that is made. */
  readonly url?: string;
  /** Files without markers. */
  readonly unmarked?: boolean;
  /** No HelmReleases exist: only events report what runs. */
  readonly unreadable?: boolean;
}

let count = 0;

export async function createScenario(
  lab: Lab,
  label: string,
  options: ScenarioOptions = {},
): Promise<Scenario> {
  count += 1;
  const name = options.namespace ?? `${label}-${process.pid}-${count}`;
  const { environments = ['dev', 'staging', 'prod'], version = '1.0.0' } = options;
  const key = randomBytes(24).toString('hex');
  const namespaceOf = (environment: string) => `${name}-${environment}`;
  const manifest = (environment: string, at: string) => {
    const marker = options.unmarked ? '' : ` # {"$promotion": "${name}:app:${environment}"}`;
    return `# The application in ${environment}.\nspec:\n  chart:\n    spec:\n      version: ${at}${marker}\n`;
  };
  const files = Object.fromEntries(
    environments.map((environment) => [`${environment}/app.yaml`, manifest(environment, version)]),
  );
  const url = options.url ?? (await lab.gitea.createRepository(name, files));
  await lab.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    ...environments.map((environment) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespaceOf(environment) },
    })),
    secret(name, 'hook', { 'hmac-key': key }),
    secret(name, 'forge', { token: options.token ?? lab.gitea.token }),
    ...(options.unreadable ? [] : environments.map((environment) => helmRelease(namespaceOf(environment)))),
  ]);
  const pullRequest = { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'forge' } };
  await lab.apply([
    {
      apiVersion: 'pipelines.weave.works/v1alpha1',
      kind: 'Pipeline',
      metadata: { name: 'app', namespace: name, ...(options.labels && { labels: options.labels }) },
      spec: {
        appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
        environments: environments.map((environment) => ({
          name: environment,
          targets: [{ namespace: namespaceOf(environment) }],
        })),
        promotion: {
          ...options.promotion,
          strategy: {
            ...(options.strategy ?? { 'pull-request': pullRequest }),
            secretRef: { name: 'hook' },
          },
        },
      },
    },
  ]);

  async function deploy(environment: string, to: string, { ready = true }: { ready?: boolean } = {}) {
    await setRelease(lab, { namespace: namespaceOf(environment), name: 'app' }, { version: to, ready });
  }

  async function notify(hook: string, environment: string, to: string, change: EventChange = {}) {
    const { prefer, ...rest } = change;
    const event = {
      ...releaseEvent({ namespace: namespaceOf(environment), name: 'app' }, { version: to }),
      ...rest,
    };
    const url = `${hook}/promotion/${name}/app/${environment}`;
    return await sendEvent(event, { url, key, ...(prefer && { headers: { prefer } }) });
  }

  async function status(): Promise<PipelineStatus> {
    const object = (await lab.get(['pipeline', 'app', '-n', name])) as { status?: PipelineStatus };
    return object.status ?? {};
  }

  function promotion(environment: string, check: (phase: string | undefined) => boolean, seconds = 30) {
    return waitFor<Promotion>(
      `the promotion of ${name} into ${environment}`,
      async () => {
        const now = (await status()).environments?.[environment]?.promotion;
        return now && check(now.phase) ? { done: now } : { saw: now };
      },
      { seconds, everyMs: 150 },
    );
  }

  for (const environment of options.unreadable ? [] : environments) await deploy(environment, version);
  return {
    name,
    key,
    repository: name,
    environments,
    namespaceOf,
    deploy,
    notify,
    status,
    promotion,
    manifest,
  };
}

function secret(namespace: string, name: string, stringData: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}

function helmRelease(namespace: string) {
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'app', namespace, labels: PLAYED },
    spec: {
      interval: '1h',
      chart: { spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
    },
  };
}
