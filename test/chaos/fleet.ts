import { randomBytes } from 'node:crypto';
import { waitUntil } from '../lab/wait.ts';
import type { World } from './world.ts';

export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];
export const FIRST_VERSION = '1.0.0';

export type StrategyName = 'notification' | 'pull-request';

/** One application with its Pipeline. */
export interface App {
  readonly name: string;
  /** Of the Pipeline. */
  readonly namespace: string;
  readonly strategy: StrategyName;
  /** Of the HMAC. */
  readonly key: string;
  /** In Gitea, without its owner; empty without pull requests. */
  readonly repository: string;
}

export interface FleetOptions {
  /** Of the namespaces and repositories. */
  readonly label: string;
  readonly notifications: number;
  readonly pullRequests: number;
}

const APPS_PER_REPOSITORY = 3;

export function targetNamespace(app: App, environment: EnvironmentName): string {
  return `${app.namespace}-${environment}`;
}

export function fileOf(app: App, environment: EnvironmentName): string {
  return `${app.name}/${environment}.yaml`;
}

/** Makes the applications, all at their first version, and waits until the replicas know them. */
export async function createFleet(world: World, options: FleetOptions): Promise<App[]> {
  const { lab } = world;
  const namespace = `chaos-${options.label}`;
  const key = randomBytes(24).toString('hex');
  const app = (strategy: StrategyName) => (_: unknown, index: number) => ({
    name: `${strategy === 'notification' ? 'n' : 'p'}${index}`,
    namespace,
    strategy,
    key,
    repository: strategy === 'notification' ? '' : `${namespace}-${Math.floor(index / APPS_PER_REPOSITORY)}`,
  });
  const apps: App[] = [
    ...Array.from({ length: options.notifications }, app('notification')),
    ...Array.from({ length: options.pullRequests }, app('pull-request')),
  ];
  const namespaces = [namespace, ...ENVIRONMENTS.map((name) => `${namespace}-${name}`)];
  await Promise.all([
    lab.apply([
      ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      secret(namespace, 'hook', { 'hmac-key': key }),
      secret(namespace, 'forge', { token: lab.gitea.token }),
    ]),
    createRepositories(world, apps),
  ]);
  await Promise.all(apps.map((one) => createPipeline(world, one)));
  return apps;
}

async function createRepositories({ lab }: World, apps: readonly App[]): Promise<void> {
  const names = new Set(apps.flatMap(({ repository }) => repository || []));
  for (const name of names) {
    const own = apps.filter(({ repository }) => repository === name);
    const files = own.flatMap((app) =>
      ENVIRONMENTS.map((environment) => [fileOf(app, environment), manifest(app, environment)]),
    );
    await lab.gitea.createRepository(name, Object.fromEntries(files));
  }
}

function manifest(app: App, environment: EnvironmentName): string {
  const marker = `{"$promotion": "${app.namespace}:${app.name}:${environment}"}`;
  return `spec:\n  chart:\n    spec:\n      version: ${FIRST_VERSION} # ${marker}\n`;
}

async function createPipeline(world: World, app: App): Promise<void> {
  const { lab, forge } = world;
  const post = async (path: string, body: object) => {
    const answer = await lab.request('POST', path, body);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  for (const environment of ENVIRONMENTS) {
    const namespace = targetNamespace(app, environment);
    await post(`/apis/helm.toolkit.fluxcd.io/v2/namespaces/${namespace}/helmreleases`, {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: app.name, namespace },
      spec: {
        suspend: true,
        interval: '1h',
        chart: { spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
      },
    });
  }
  const pullRequest = {
    type: 'gitea',
    url: `${forge.proxy.url}/${lab.gitea.user}/${app.repository}`,
    baseBranch: 'main',
    secretRef: { name: 'forge' },
  };
  const strategy = app.strategy === 'notification' ? { notification: {} } : { 'pull-request': pullRequest };
  await post(pipelinesPath(app.namespace), {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: app.name, namespace: app.namespace },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: app.name },
      environments: ENVIRONMENTS.map((name) => ({
        name,
        targets: [{ namespace: targetNamespace(app, name) }],
      })),
      promotion: { strategy: { ...strategy, secretRef: { name: 'hook' } } },
    },
  });
}

export function pipelinesPath(namespace: string): string {
  return `/apis/pipelines.weave.works/v1alpha1/namespaces/${namespace}/pipelines`;
}

/** Waits until every Pipeline has a status. */
export async function waitForFleet(world: World, apps: readonly App[]): Promise<void> {
  const [first] = apps;
  if (!first) return;
  const all = async () => {
    const answer = await world.lab.request('GET', pipelinesPath(first.namespace));
    const { items } = (await answer.json()) as { items: { status?: { conditions?: unknown } }[] };
    return items.length === apps.length && items.every(({ status }) => status?.conditions !== undefined);
  };
  await waitUntil('all Pipelines to be looked at', all, { seconds: 60 });
}

function secret(namespace: string, name: string, stringData: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
