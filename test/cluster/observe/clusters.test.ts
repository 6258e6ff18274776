import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { PipelineStatus } from '../../../src/api/pipeline.ts';
import { waitEstablished } from '../../lab/established.ts';
import { PLAYED, releaseEvent, sendEvent, setRelease } from '../../lab/helm.ts';
import { kubeconfig } from '../../lab/kubeconfig.ts';
import type { Kubernetes } from '../../lab/kubernetes.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { sharedLab } from '../../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitFor, waitUntil } from '../../lab/wait.ts';
import { applyFolder } from '../pipelines.ts';

/** Pipelines whose applications run on a second real cluster, with a Flux of its own. */

const NAME = `clusters-${process.pid}`;
const KEY = 'a key of more than thirty-two bytes for the events';
const MINUTE = 60_000;
const KUSTOMIZATION = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: 'app' };
const HELM_RELEASE = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };
const LEAF = { kind: 'GitopsCluster', name: 'leaf' };

let hub: Lab;
let leaf: Lab;
let turnpike: Turnpike;
/** Accepts connections and never says a word. */
let mute: Server;

beforeAll(async () => {
  [hub, leaf] = await Promise.all([sharedLab(), startLab({ flux: true })]);
  turnpike = await startTurnpike(hub, { flags: { 'cluster-hosts': '127.0.0.1, *.example.com:6443' } });
  await applyFolder(hub, 'kustomize/components/gitops-cluster');
  await waitEstablished(hub, 'crd/gitopsclusters.gitops.weave.works');
  mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const url = await hub.gitea.createRepository(NAME, { 'app/config.yaml': configMap('one') });
  await Promise.all([hub.apply([namespace(NAME), namespace(`${NAME}-here`)]), leaf.apply([namespace(NAME)])]);
  await hub.apply([
    secret('hook', { 'hmac-key': KEY }),
    secret('leaf', { kubeconfig: await leafKubeconfig('first') }),
    secret('mute', { value: muteKubeconfig() }),
    secret('elsewhere', { value: kubeconfigTo('https://leaf.example.com:8443') }),
    gitopsCluster('leaf', { secretRef: { name: 'leaf' } }),
    gitopsCluster('silent', { capiClusterRef: { name: 'silent' } }),
  ]);
  await leaf.apply([
    secret('hook', { token: KEY }),
    object('source.toolkit.fluxcd.io/v1', 'GitRepository', 'app', {
      spec: { interval: '5s', url, ref: { branch: 'main' } },
    }),
    object(KUSTOMIZATION.apiVersion, 'Kustomization', 'app', {
      spec: {
        interval: '1m',
        path: './app',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'app' },
      },
    }),
    helmRelease(NAME),
  ]);
  await setRelease(leaf, { namespace: NAME, name: 'app' }, { version: '1.0.0' });
}, 3 * MINUTE);

afterAll(async () => {
  mute.close();
  await turnpike.remove();
  await hub.kubectl(['delete', 'pipelines', '--all', '-n', NAME]);
  await leaf.stop();
}, MINUTE);

function namespace(name: string) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function object(apiVersion: string, kind: string, name: string, rest: object, inNamespace = NAME) {
  return { apiVersion, kind, metadata: { name, namespace: inNamespace }, ...rest };
}

function secret(name: string, stringData: Record<string, string>) {
  return object('v1', 'Secret', name, { stringData });
}

function gitopsCluster(name: string, spec: object) {
  return object('gitops.weave.works/v1alpha1', 'GitopsCluster', name, { spec });
}

function helmRelease(inNamespace: string) {
  const chart = { spec: { chart: 'app', sourceRef: { kind: 'HelmRepository', name: 'charts' } } };
  const spec = { interval: '1h', chart };
  const metadata = { name: 'app', namespace: inNamespace, labels: PLAYED };
  return object(HELM_RELEASE.apiVersion, 'HelmRelease', 'app', { metadata, spec });
}

function configMap(value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: ${NAME}\ndata:\n  value: ${value}\n`;
}

/** What the documentation tells to give Turnpike on a leaf cluster, and nothing else. */
async function leafKubeconfig(account: string): Promise<string> {
  await leaf.apply([
    namespace('turnpike'),
    object('v1', 'ServiceAccount', account, {}, 'turnpike'),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'turnpike-leaf' },
      rules: [
        {
          apiGroups: ['helm.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io'],
          resources: ['helmreleases', 'kustomizations'],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `turnpike-leaf-${account}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'turnpike-leaf' },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'turnpike' }],
    },
  ]);
  const file = await leaf.serviceAccountKubeconfig('turnpike', account);
  const token = await Bun.file(join(file, '..', 'token')).text();
  const tokenFile = /^( *)tokenFile: .*$/m;
  return (await Bun.file(file).text()).replace(tokenFile, `$1token: ${token}`);
}

function muteKubeconfig(): string {
  const address = mute.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return kubeconfigTo(`https://127.0.0.1:${port}`);
}

function kubeconfigTo(server: string): string {
  const credentials = { 'client-certificate-data': '', 'client-key-data': '' };
  return kubeconfig({ server, ca: hub.ca }, { name: 'u', credentials });
}

type Targets = Readonly<Record<string, readonly object[]>>;

async function createPipeline(name: string, appRef: object, targets: Targets): Promise<void> {
  const environments = Object.entries(targets).map(([environment, list]) => ({
    name: environment,
    targets: list,
  }));
  const promotion = { strategy: { notification: {}, secretRef: { name: 'hook' } } };
  const spec = { appRef, environments, promotion };
  await hub.apply([object('pipelines.weave.works/v1alpha1', 'Pipeline', name, { spec })]);
}

async function statusOf(name: string): Promise<PipelineStatus> {
  const { status } = (await hub.get(['pipeline', name, '-n', NAME])) as { status?: PipelineStatus };
  return status ?? {};
}

type TargetStatus = NonNullable<NonNullable<PipelineStatus['environments']>[string]['targets']>[number];

/** Waits until the target of an environment is as wanted. */
function target(
  name: string,
  [environment, index]: [string, number],
  check: (target: TargetStatus) => boolean,
  seconds = 30,
) {
  return waitFor<TargetStatus>(
    `target ${index} of ${environment} in ${name}`,
    async () => {
      const seen = (await statusOf(name)).environments?.[environment]?.targets?.[index];
      return seen && check(seen) ? { done: seen } : { saw: seen };
    },
    { seconds, everyMs: 200 },
  );
}

async function appliedRevision(cluster: Kubernetes): Promise<string> {
  return await cluster.kubectl([
    ...['get', 'kustomization', 'app', '-n', NAME],
    ...['-o', 'jsonpath={.status.lastAppliedRevision}'],
  ]);
}

async function commit(value: string): Promise<string> {
  const files = { 'app/config.yaml': configMap(value) };
  const sha = await hub.gitea.commit(NAME, 'main', files, `Set ${value}`);
  const revision = `main@sha1:${sha}`;
  const applied = async () => (await appliedRevision(leaf)) === revision;
  await waitUntil('the leaf cluster to run it', applied, { seconds: 40 });
  return revision;
}

function tell(pipeline: string, environment: string, version: string, cluster?: string): Promise<Response> {
  const event = releaseEvent({ namespace: NAME, name: 'app' }, { version });
  const metadata = { ...event.metadata, ...(cluster !== undefined && { cluster }) };
  const url = `${turnpike.hook}/promotion/${NAME}/${pipeline}/${environment}`;
  return sendEvent({ ...event, metadata }, { url, key: KEY });
}

describe('an application on another cluster', () => {
  test(
    'is promoted without any event',
    async () => {
      await createPipeline('watched', KUSTOMIZATION, {
        dev: [{ namespace: NAME, clusterRef: LEAF }],
        prod: [{ namespace: `${NAME}-prod`, clusterRef: LEAF }],
      });
      const seen = await target('watched', ['dev', 0], ({ ready }) => ready, 60);
      expect(seen).toMatchObject({
        revision: await appliedRevision(leaf),
        clusterAppRef: { clusterRef: LEAF },
      });
      expect(seen.error).toBeUndefined();
      const { prod } = (await statusOf('watched')).environments ?? {};
      expect(prod?.promotion?.revision).toBe(seen.revision ?? '');
      expect(prod?.targets?.[0]?.error).toContain('There is no Kustomization');
    },
    2 * MINUTE,
  );

  test(
    'is watched there',
    async () => {
      const revision = await commit('two');
      const started = performance.now();
      await target('watched', ['dev', 0], (seen) => seen.revision === revision && seen.ready, 20);
      expect(performance.now() - started).toBeLessThan(10_000);
    },
    2 * MINUTE,
  );

  test(
    'is read without a gap while the credentials change and the old ones are revoked',
    async () => {
      await hub.apply([secret('leaf', { kubeconfig: await leafKubeconfig('second') })]);
      await leaf.kubectl(['delete', 'serviceaccount', 'first', '-n', 'turnpike']);
      const errors = new Set<string>();
      const watching = new AbortController();
      const watch = (async () => {
        while (!watching.signal.aborted) {
          const seen = (await statusOf('watched')).environments?.dev?.targets?.[0];
          if (seen?.error?.startsWith('Cluster')) errors.add(seen.error);
          await Bun.sleep(200);
        }
      })();
      // The API server believes a token for ten seconds after it has checked it.
      await Bun.sleep(12_000);
      const revision = await commit('three');
      await target('watched', ['dev', 0], (seen) => seen.revision === revision && seen.ready, 60);
      watching.abort();
      await watch;
      expect([...errors]).toEqual([]);
    },
    3 * MINUTE,
  );
});

describe('an event of a leaf cluster', () => {
  test(
    'counts for none of several targets, until its Alert says which cluster it comes from',
    async () => {
      const silent = { kind: 'GitopsCluster', name: 'silent' };
      await createPipeline('reported', KUSTOMIZATION, {
        dev: [{ namespace: NAME }, { namespace: NAME, clusterRef: silent }],
        prod: [{ namespace: `${NAME}-prod` }],
      });
      const before = await target('reported', ['dev', 1], ({ error }) => Boolean(error));
      expect(before.error).toContain(`Secret ${NAME}/silent-kubeconfig does not exist`);
      expect(before.error).toContain('Its signed events with cluster: silent in their metadata are trusted.');
      const text = await (await fetch(`${turnpike.metrics}/metrics`)).text();
      const series = `turnpike_cluster_reachable{namespace="${NAME}",kind="GitopsCluster",name="silent"}`;
      expect(text).toContain(`${series} 0\n`);
      await leaf.apply([alert({}), provider()]);
      await commit('four');
      const refused = async () => {
        const metrics = await (await fetch(`${turnpike.metrics}/metrics`)).text();
        return /turnpike_hook_requests_total\{outcome="not-ours"\} [1-9]/.test(metrics);
      };
      await waitUntil('its event to be refused', refused, { seconds: 40 });
      const { dev } = (await statusOf('reported')).environments ?? {};
      expect(dev?.deployment).toBeUndefined();
      expect(dev?.targets?.map(({ revision }) => revision)).toEqual([undefined, undefined]);
      await leaf.apply([alert({ cluster: 'silent' })]);
      const revision = await commit('five');
      const reported = await target('reported', ['dev', 1], (seen) => seen.revision === revision, 40);
      expect(reported.ready).toBe(true);
      const after = (await statusOf('reported')).environments?.dev;
      expect(after?.deployment).toMatchObject({ revision, source: 'webhook' });
      expect(after?.targets?.[0]?.revision).toBeUndefined();
    },
    3 * MINUTE,
  );

  function provider() {
    return object('notification.toolkit.fluxcd.io/v1beta3', 'Provider', 'turnpike', {
      spec: {
        type: 'generic-hmac',
        address: `${turnpike.hook}/promotion/${NAME}/reported/dev`,
        secretRef: { name: 'hook' },
      },
    });
  }

  function alert(eventMetadata: Record<string, string>) {
    return object('notification.toolkit.fluxcd.io/v1beta3', 'Alert', 'turnpike', {
      spec: {
        providerRef: { name: 'turnpike' },
        eventSeverity: 'info',
        eventSources: [{ kind: 'Kustomization', name: 'app' }],
        ...(Object.keys(eventMetadata).length > 0 && { eventMetadata }),
      },
    });
  }
});

describe('a cluster that is away', () => {
  test(
    'is said to be, with the time, its events count, and it is read again when it is back',
    async () => {
      await createPipeline('away', HELM_RELEASE, {
        dev: [{ namespace: NAME, clusterRef: LEAF }],
        prod: [{ namespace: `${NAME}-prod`, clusterRef: LEAF }],
      });
      await target('away', ['dev', 0], (seen) => seen.ready && seen.revision === '1.0.0');
      await leaf.stopApiserver();
      const gone = await target(
        'away',
        ['dev', 0],
        ({ error }) => error?.includes('cannot be read') ?? false,
        60,
      );
      expect(gone.error).toMatch(/^Cluster GitopsCluster clusters-\d+\/leaf cannot be read since 2\S+Z: /);
      expect((await tell('away', 'dev', '1.1.0', 'leaf')).status).toBe(202);
      const reported = await target('away', ['dev', 0], ({ revision }) => revision === '1.1.0');
      expect(reported).toMatchObject({ ready: true });
      const { prod } = (await statusOf('away')).environments ?? {};
      expect(prod?.promotion).toMatchObject({ revision: '1.1.0' });
      await leaf.startApiserver();
      await target('away', ['dev', 0], (seen) => seen.error === undefined && seen.revision === '1.0.0', 60);
    },
    4 * MINUTE,
  );

  test(
    'does not slow a Pipeline that does without it',
    async () => {
      const here = `${NAME}-here`;
      await hub.apply([helmRelease(here)]);
      await setRelease(hub, { namespace: here, name: 'app' }, { version: '1.0.0' });
      await createPipeline('quick', HELM_RELEASE, {
        dev: [{ namespace: here }],
        prod: [{ namespace: `${here}-prod` }],
      });
      await target('quick', ['dev', 0], ({ revision }) => revision === '1.0.0');
      const muted = { kind: 'Secret', name: 'mute' };
      const targets = { dev: [{ namespace: NAME, clusterRef: muted }] };
      const names = Array.from({ length: 12 }, (_, index) => `mute-${index}`);
      await Promise.all(names.map((name) => createPipeline(name, HELM_RELEASE, targets)));
      for (const version of ['1.1.0', '1.2.0', '1.3.0']) {
        await setRelease(hub, { namespace: here, name: 'app' }, { version });
        const started = performance.now();
        await target('quick', ['dev', 0], ({ revision }) => revision === version);
        expect(performance.now() - started).toBeLessThan(8000);
      }
      const said = await target('mute-11', ['dev', 0], ({ error }) => Boolean(error));
      expect(said.error).toContain('did not answer');
    },
    2 * MINUTE,
  );

  test(
    'is not looked for on a host that --cluster-hosts does not name',
    async () => {
      const elsewhere = { kind: 'Secret', name: 'elsewhere' };
      await createPipeline('elsewhere', HELM_RELEASE, { dev: [{ namespace: NAME, clusterRef: elsewhere }] });
      const sentence =
        'has a server at leaf.example.com:8443, which is not one of the hosts in --cluster-hosts.';
      const seen = await target('elsewhere', ['dev', 0], ({ error }) => Boolean(error));
      expect(seen.error).toContain(sentence);
      const pipeline = (await hub.get(['pipeline', 'elsewhere', '-n', NAME])) as { status?: PipelineStatus };
      expect(pipeline.status?.conditions?.find(({ type }) => type === 'Warning')?.message).toContain(
        sentence,
      );
    },
    MINUTE,
  );
});
