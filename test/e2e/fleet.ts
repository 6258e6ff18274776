import { pullRequestDiff } from '../../demo/diff.ts';
import type { PipelineStatus, PromotionStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import { waitFor } from '../lab/wait.ts';

/**
 * A fleet's repository with a folder for dev and one for prod, which Flux applies, and a Pipeline that promotes from one
 * to the other by pull requests to that repository. Flux looks when it is told to, never by itself.
 */
export interface Fleet {
  /** Of the Pipeline's namespace and of the repository; the environments' namespaces begin with it. */
  readonly name: string;
  namespaceOf(environment: Environment): string;
  /** For manifests that somebody commits. */
  place(environment: Environment): Place;
  /** Commits to main of the fleet's repository, and has Flux apply it. */
  commit(files: Readonly<Record<string, string>>, message: string): Promise<void>;
  /** Has Flux look at a source anew. */
  sync(kind: string, name: string, namespace: string): Promise<void>;
  status(): Promise<PipelineStatus>;
  /** What the objects of this kind and name have at a JSONPath in dev and in prod. */
  read(kind: string, name: string, jsonpath: string): Promise<string[]>;
  /** Has Turnpike look at the Pipeline, and waits until it has. */
  look(): Promise<PipelineStatus>;
  /** Waits until dev is recorded at this revision. */
  deployed(revision: string | RegExp): Promise<void>;
  /** Waits for the pull request for prod, merges it, has Flux apply it, and waits until prod has arrived. */
  merge(revision: string | RegExp): Promise<Merged>;
}

export interface Merged {
  readonly title: string;
  /** Lines that the pull request takes out and puts in. */
  readonly diff: readonly string[];
  /** As it stood when it had succeeded. */
  readonly promotion: PromotionStatus;
}

export const ENVIRONMENTS = ['dev', 'prod'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export interface FleetOptions {
  readonly label: string;
  readonly appRef: { readonly apiVersion: string; readonly kind: string };
  /** Of the Pipeline: `revision` or `artifacts`. */
  readonly spec?: object;
  /** Turnpike's promotion webhook, where Flux is to tell of dev by events. */
  readonly hook?: string;
  /** Manifests of an environment's application, which is called `app`, its values marked where they are to be. */
  readonly manifests: (place: Place) => string;
}

export interface Place {
  readonly name: string;
  readonly environment: Environment;
  /** Of the environment. */
  readonly namespace: string;
  /** The comment that marks a value in prod; nothing in dev, which people change by hand. */
  marker(suffix?: string): string;
}

export const HELM_RELEASE = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' };
export const KUSTOMIZATION = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };

const SECONDS = 60;
const KEY = 'a key of more than thirty-two bytes for the events';

/** The name that a fleet is going to have, for what must be there before. */
export function fleetName(label: string): string {
  return `${label}-${process.pid}`;
}

export async function createFleet(lab: Lab, options: FleetOptions): Promise<Fleet> {
  const name = fleetName(options.label);
  const fleet = fleetOf(lab, name);
  const places = ENVIRONMENTS.map((environment) => placeOf(name, environment));
  const files = places.map((place) => [`${place.environment}/app.yaml`, options.manifests(place)] as const);
  const url = await lab.gitea.createRepository(name, Object.fromEntries(files));
  await lab.apply([
    ...[name, ...places.map(({ namespace }) => namespace)].map((namespace) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    })),
    object('v1', 'Secret', { name: 'forge', namespace: name }, { stringData: { token: lab.gitea.token } }),
    object(
      'v1',
      'Secret',
      { name: 'hook', namespace: name },
      { stringData: { 'hmac-key': KEY, token: KEY } },
    ),
    ...delivery(name, url),
  ]);
  await lab.apply([pipeline(name, url, options)]);
  if (options.hook !== undefined) await lab.apply(alert(name, options.hook, options.appRef.kind));
  return fleet;
}

function fleetOf(lab: Lab, name: string): Fleet {
  async function status(): Promise<PipelineStatus> {
    const found = (await lab.get(['pipeline', 'app', '-n', name])) as { status?: PipelineStatus };
    return found.status ?? {};
  }

  async function sync(kind: string, source: string, namespace: string): Promise<void> {
    await request(kind, source, namespace);
  }

  /** As `flux reconcile` does; returns the request. */
  async function request(kind: string, source: string, namespace: string): Promise<string> {
    const requested = `${new Date().toISOString()}-${crypto.randomUUID()}`;
    const annotation = `reconcile.fluxcd.io/requestedAt=${requested}`;
    await lab.kubectl(['annotate', '--overwrite', kind, source, '-n', namespace, annotation]);
    return requested;
  }

  const apply = () => sync('gitrepository', 'fleet', name);

  async function look(): Promise<PipelineStatus> {
    const requested = await request('pipeline', 'app', name);
    const seen = async () => {
      const now = await status();
      return now.lastHandledReconcileAt === requested ? { done: now } : { saw: now };
    };
    return await waitFor(`Turnpike to look at ${name}`, seen);
  }

  function prod(what: string, check: (promotion: PromotionStatus) => boolean): Promise<PromotionStatus> {
    return waitFor(
      what,
      async () => {
        const now = await status();
        const promotion = now.environments?.prod?.promotion;
        return promotion && check(promotion) ? { done: promotion } : { saw: now };
      },
      { seconds: SECONDS },
    );
  }

  return {
    name,
    namespaceOf: (environment) => namespaceOf(name, environment),
    place: (environment) => placeOf(name, environment),
    status,
    read(kind, of, jsonpath) {
      const output = `jsonpath=${jsonpath}`;
      const namespaces = ENVIRONMENTS.map((environment) => namespaceOf(name, environment));
      return Promise.all(
        namespaces.map((namespace) => lab.kubectl(['get', kind, of, '-n', namespace, '-o', output])),
      );
    },
    sync,
    look,
    async commit(files, message) {
      await lab.gitea.commit(name, 'main', files, message);
      await apply();
    },
    async deployed(revision) {
      const seen = async () => {
        const now = await status();
        const { deployment } = now.environments?.dev ?? {};
        const isThis = deployment?.phase === 'Succeeded' && matches(deployment.revision, revision);
        return isThis ? { done: undefined } : { saw: now };
      };
      await waitFor(`${name} to be recorded at ${revision} in dev`, seen, { seconds: SECONDS });
    },
    async merge(revision) {
      const isOpen = ({ phase, revision: to }: PromotionStatus) =>
        phase === 'PullRequestOpen' && matches(to, revision);
      const { pullRequest } = await prod(`the pull request of ${name} to ${revision}`, isOpen);
      const number = pullRequest?.number ?? 0;
      const pull = (await lab.gitea.pulls(name)).find((one) => one.number === number);
      const diff = await pullRequestDiff(lab.gitea, name, number);
      await lab.gitea.merge(name, number);
      await apply();
      const isThere = ({ phase, revision: to }: PromotionStatus) =>
        phase === 'Succeeded' && matches(to, revision);
      const promotion = await prod(`${name} to run ${revision} in prod`, isThere);
      return { title: pull?.title ?? '', diff, promotion };
    },
  };
}

function matches(revision: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? revision === wanted : wanted.test(revision);
}

function namespaceOf(name: string, environment: Environment): string {
  return `${name}-${environment}`;
}

function placeOf(name: string, environment: Environment): Place {
  const marker = (suffix?: string) => {
    const target = [name, 'app', environment, ...(suffix === undefined ? [] : [suffix])].join(':');
    return environment === 'prod' ? ` # {"$promotion": "${target}"}` : '';
  };
  return { name, environment, namespace: namespaceOf(name, environment), marker };
}

function object(apiVersion: string, kind: string, metadata: object, rest: object): object {
  return { apiVersion, kind, metadata, ...rest };
}

/** The fleet's repository as a source, and a Kustomization for the folder of each environment. */
function delivery(namespace: string, url: string): object[] {
  return [
    object(
      'source.toolkit.fluxcd.io/v1',
      'GitRepository',
      { name: 'fleet', namespace },
      { spec: { interval: '1h', url, ref: { branch: 'main' } } },
    ),
    ...ENVIRONMENTS.map((environment) =>
      object(
        KUSTOMIZATION.apiVersion,
        KUSTOMIZATION.kind,
        { name: environment, namespace },
        {
          spec: {
            interval: '1h',
            retryInterval: '2s',
            path: `./${environment}`,
            prune: true,
            sourceRef: { kind: 'GitRepository', name: 'fleet' },
          },
        },
      ),
    ),
  ];
}

/** What sends Flux's events about the application in dev. */
function alert(namespace: string, hook: string, kind: string): object[] {
  const apiVersion = 'notification.toolkit.fluxcd.io/v1beta3';
  const metadata = { name: 'turnpike', namespace };
  const address = `${hook}/promotion/${namespace}/app/dev`;
  const eventSources = [{ kind, name: 'app', namespace: namespaceOf(namespace, 'dev') }];
  return [
    object(apiVersion, 'Provider', metadata, {
      spec: { type: 'generic-hmac', address, secretRef: { name: 'hook' } },
    }),
    object(apiVersion, 'Alert', metadata, {
      spec: { providerRef: { name: 'turnpike' }, eventSeverity: 'info', eventSources },
    }),
  ];
}

function pipeline(namespace: string, url: string, { appRef, spec }: FleetOptions): object {
  const pullRequest = { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'forge' } };
  return object(
    'pipelines.weave.works/v1alpha1',
    'Pipeline',
    { name: 'app', namespace },
    {
      spec: {
        appRef: { ...appRef, name: 'app' },
        ...spec,
        environments: ENVIRONMENTS.map((environment) => ({
          name: environment,
          targets: [{ namespace: namespaceOf(namespace, environment) }],
        })),
        promotion: { strategy: { 'pull-request': pullRequest, secretRef: { name: 'hook' } } },
      },
    },
  );
}
