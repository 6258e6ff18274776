import { randomBytes } from 'node:crypto';
import { PLAYED } from '../lab/helm.ts';
import { waitUntil } from '../lab/wait.ts';
import type { World } from './world.ts';

export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];
export const FIRST_VERSION = '1.0.0';

export type StrategyName = 'notification' | 'pull-request';

/**
 * `events`: no object can be read, so that only events report on the targets. `canary`: dev has two
 * targets, and a person approves. `neighbours`: two applications have neighbouring lines of one file.
 */
export type Shape = 'plain' | 'events' | 'canary' | 'neighbours';

/** One application with its Pipeline. */
export interface App {
  readonly name: string;
  /** The Pipeline's namespace. */
  readonly namespace: string;
  readonly strategy: StrategyName;
  readonly shape: Shape;
  /** The key of the HMAC. */
  readonly key: string;
  /** The repository in Gitea, without its owner; empty without pull requests. */
  readonly repository: string;
  /** The file of an environment begins with it. */
  readonly folder: string;
}

export interface FleetOptions {
  /** The beginning of the names of namespaces and repositories. */
  readonly label: string;
  readonly notifications: number;
  /** The number of applications of the shape `plain`. */
  readonly pullRequests: number;
  /** The number of the shapes `events` and `canary` and of pairs of neighbours, by pull request as well. */
  readonly others: number;
}

const APPS_PER_REPOSITORY = 3;

/** The namespaces where the application runs. */
export function targetNamespaces(app: App, environment: EnvironmentName): readonly [string, ...string[]] {
  const first = `${app.namespace}-${environment}`;
  return app.shape === 'canary' && environment === 'dev' ? [first, `${first}-2`] : [first];
}

export function fileOf(app: App, environment: EnvironmentName): string {
  return `${app.folder}/${environment}.yaml`;
}

export function branchOf(app: App, environment: EnvironmentName): string {
  return `promotion-${app.namespace}-${app.name}-${environment}`;
}

/** The application whose lines are in the same file. */
export function neighbourOf(app: App, apps: readonly App[]): App | undefined {
  return apps.find((one) => one !== app && one.folder === app.folder);
}

/** Makes the applications with their Pipelines. */
export async function createFleet(world: World, apps: readonly App[]): Promise<void> {
  const { lab } = world;
  const [first] = apps;
  if (!first) return;
  const { namespace, key } = first;
  const namespaces = new Set([
    namespace,
    ...apps.flatMap((app) => ENVIRONMENTS.flatMap((name) => targetNamespaces(app, name))),
  ]);
  await lab.apply([
    ...[...namespaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    secret(namespace, 'hook', { 'hmac-key': key }),
    secret(namespace, 'forge', { token: lab.gitea.token }),
  ]);
  await Promise.all(apps.map((one) => createPipeline(world, one)));
}

export function planFleet(options: FleetOptions): App[] {
  const namespace = `chaos-${options.label}`;
  const common = { namespace, key: randomBytes(24).toString('hex') };
  const notifying = Array.from({ length: options.notifications }, (_, index): App => {
    const name = `n${index}`;
    return { ...common, name, strategy: 'notification', shape: 'plain', repository: '', folder: name };
  });
  const byPullRequest = { ...common, strategy: 'pull-request' } as const;
  const plain = Array.from({ length: options.pullRequests }, (_, index): App => {
    const repository = `${namespace}-${Math.floor(index / APPS_PER_REPOSITORY)}`;
    return { ...byPullRequest, name: `p${index}`, shape: 'plain', repository, folder: `p${index}` };
  });
  const others = Array.from({ length: options.others }, (_, index): App[] => {
    const others = { ...byPullRequest, repository: `${namespace}-others-${index}` };
    const shared = { ...byPullRequest, repository: `${namespace}-shared-${index}`, folder: `shared${index}` };
    return [
      { ...others, name: `events${index}`, shape: 'events', folder: `events${index}` },
      { ...others, name: `canary${index}`, shape: 'canary', folder: `canary${index}` },
      { ...shared, name: `left${index}`, shape: 'neighbours' },
      { ...shared, name: `right${index}`, shape: 'neighbours' },
    ];
  });
  return [...notifying, ...plain, ...others.flat()];
}

async function createPipeline(world: World, app: App): Promise<void> {
  const { lab } = world;
  const post = async (path: string, body: object) => {
    const answer = await lab.request('POST', path, body);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  for (const namespace of app.shape === 'events'
    ? []
    : ENVIRONMENTS.flatMap((e) => targetNamespaces(app, e))) {
    await post(`/apis/helm.toolkit.fluxcd.io/v2/namespaces/${namespace}/helmreleases`, {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: app.name, namespace, labels: PLAYED },
      spec: {
        interval: '1h',
        chart: { spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
      },
    });
  }
  await post(pipelinesPath(app.namespace), {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: app.name, namespace: app.namespace },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: app.name },
      environments: ENVIRONMENTS.map((name) => ({
        name,
        targets: targetNamespaces(app, name).map((namespace) => ({ namespace })),
      })),
      promotion: promotionOf(world, app),
    },
  });
}

function promotionOf(world: World, app: App): object {
  const pullRequest = {
    type: 'gitea',
    url: repositoryUrl(world, app.repository),
    baseBranch: 'main',
    secretRef: { name: 'forge' },
  };
  const strategy = app.strategy === 'notification' ? { notification: {} } : { 'pull-request': pullRequest };
  const manual = app.shape === 'canary' && { manual: true };
  return { ...manual, strategy: { ...strategy, secretRef: { name: 'hook' } } };
}

/** The repository's URL in the Pipeline: through the proxy. */
export function repositoryUrl({ lab, forge }: Pick<World, 'lab' | 'forge'>, repository: string): string {
  return `${forge.proxy.url}/${lab.gitea.user}/${repository}`;
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
