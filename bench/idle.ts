import { randomBytes } from 'node:crypto';
import { sendEvent } from '../test/lab/helm.ts';
import type { Lab } from '../test/lab/lab.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { waitFor } from '../test/lab/wait.ts';
import type { Figure } from './table.ts';

/**
 * Measures what a fleet costs in which nothing happens: 1,000 Pipelines over 3,000 Kustomizations.
 * kustomize-controller is played: at each interval it sets Ready to Unknown and to True again, and sends
 * ReconciliationSucceeded.
 */

const FLEET = 1_000;
const SECONDS = 60;
const ABREAST = 16;
const NAMESPACE = 'idle-fleet';
const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
const GROUP = '/apis/kustomize.toolkit.fluxcd.io/v1';
const REVISION = `main@sha1:${'a'.repeat(40)}`;

export async function benchIdle(lab: Lab, turnpike: Turnpike): Promise<Figure[]> {
  const key = randomBytes(24).toString('hex');
  await createFleet(lab, key);
  await waitFor(
    'the status of all Pipelines',
    async () => {
      const { done, ready } = await progress(lab);
      return done ? { done } : { saw: `${ready} of ${FLEET}` };
    },
    { seconds: 300, everyMs: 2000 },
  );
  await settle(turnpike);
  if ((await counts(turnpike)).writes < FLEET) throw new Error('the metrics do not count what was written');
  const idle = await during(turnpike, () => Bun.sleep(SECONDS * 1000));
  const intervals = await during(turnpike, () => reconcileAll(lab, turnpike, key));
  return [
    zero('status writes in a minute', idle.writes),
    zero('forge requests in a minute', idle.asked),
    zero('status writes while 1,000 applications are reconciled', intervals.writes),
    zero('forge requests while 1,000 applications are reconciled', intervals.asked),
  ];
}

function zero(name: string, value: number): Figure {
  return { name, value, unit: '', goal: '0', met: value === 0 };
}

async function createFleet(lab: Lab, key: string): Promise<void> {
  const namespaces = [NAMESPACE, ...ENVIRONMENTS.map((name) => `${NAMESPACE}-${name}`)];
  await lab.apply([
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    secret('hook', { 'hmac-key': key }),
    secret('forge', { token: lab.gitea.token }),
  ]);
  const applications = ENVIRONMENTS.flatMap((environment) =>
    Array.from({ length: FLEET }, (_, index) => ({ namespace: `${NAMESPACE}-${environment}`, index })),
  );
  await each(applications, async ({ namespace, index }) => {
    const path = `${GROUP}/namespaces/${namespace}/kustomizations`;
    const spec = {
      interval: '1m',
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'fleet' },
    };
    await send(lab, 'POST', path, {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: `app-${index}`, namespace },
      spec,
    });
    await setReady(lab, { namespace, index }, 'True');
  });
  await each(indexes(), (index) => send(lab, 'POST', pipelinesPath(), pipelineOf(lab, index)));
}

function secret(name: string, stringData: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}

function pipelinesPath(): string {
  return `/apis/pipelines.weave.works/v1alpha1/namespaces/${NAMESPACE}/pipelines`;
}

function pipelineOf(lab: Lab, index: number) {
  const url = `${lab.gitea.url}/${lab.gitea.user}/idle-fleet`;
  const pullRequest = { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'forge' } };
  return {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: `app-${index}`, namespace: NAMESPACE },
    spec: {
      appRef: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: `app-${index}` },
      environments: ENVIRONMENTS.map((name) => ({ name, targets: [{ namespace: `${NAMESPACE}-${name}` }] })),
      promotion: { strategy: { 'pull-request': pullRequest, secretRef: { name: 'hook' } } },
    },
  };
}

interface Application {
  readonly namespace: string;
  readonly index: number;
}

async function setReady(lab: Lab, { namespace, index }: Application, status: 'True' | 'Unknown') {
  const path = `${GROUP}/namespaces/${namespace}/kustomizations/app-${index}`;
  const object = (await (await lab.request('GET', path)).json()) as object;
  const condition = {
    type: 'Ready',
    status,
    reason: status === 'True' ? 'ReconciliationSucceeded' : 'Progressing',
    message: status === 'True' ? `Applied revision: ${REVISION}` : 'Reconciliation in progress',
    lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
    observedGeneration: 1,
  };
  const revisions = { lastAppliedRevision: REVISION, lastAttemptedRevision: REVISION };
  const next = { observedGeneration: 1, conditions: [condition], ...revisions };
  await send(lab, 'PUT', `${path}/status`, { ...object, status: next });
}

/** One interval of the applications in dev, and its events. */
async function reconcileAll(lab: Lab, turnpike: Turnpike, key: string): Promise<void> {
  const started = performance.now();
  const namespace = `${NAMESPACE}-dev`;
  await each(indexes(), async (index) => {
    await setReady(lab, { namespace, index }, 'Unknown');
    await setReady(lab, { namespace, index }, 'True');
    const event = {
      involvedObject: {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        namespace,
        name: `app-${index}`,
      },
      severity: 'info',
      timestamp: new Date().toISOString(),
      message: 'Reconciliation finished',
      reason: 'ReconciliationSucceeded',
      metadata: { revision: REVISION, commit_status: 'update' },
      reportingController: 'kustomize-controller',
    };
    const url = `${turnpike.hook}/promotion/${NAMESPACE}/app-${index}/dev`;
    const answer = await sendEvent(event, { url, key });
    if (answer.status !== 200)
      throw new Error(`an event was answered ${answer.status}: ${await answer.text()}`);
  });
  await Bun.sleep(Math.max(0, SECONDS * 1000 - (performance.now() - started)));
}

async function progress(lab: Lab): Promise<{ done: boolean; ready: number }> {
  const answer = await lab.request('GET', pipelinesPath());
  const { items } = (await answer.json()) as { items: { status?: { conditions?: unknown[] } }[] };
  const ready = items.filter(({ status }) => status?.conditions).length;
  return { done: ready === FLEET, ready };
}

/** Waits until nothing has been written for a while: objects around the Pipelines are read a little later. */
async function settle(turnpike: Turnpike): Promise<void> {
  await waitFor(
    'the last write',
    async () => {
      const { writes } = await during(turnpike, () => Bun.sleep(10_000));
      return writes === 0 ? { done: true } : { saw: `${writes} writes` };
    },
    { seconds: 180 },
  );
}

async function during(turnpike: Turnpike, work: () => Promise<unknown>) {
  const before = await counts(turnpike);
  await work();
  const after = await counts(turnpike);
  return { writes: after.writes - before.writes, asked: after.asked - before.asked };
}

async function counts(turnpike: Turnpike): Promise<{ writes: number; asked: number }> {
  const text = await (await fetch(`${turnpike.metrics}/metrics`)).text();
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    writes: sum(/^rest_client_requests_total\{method="PATCH".*\} (\d+)$/gm),
    asked: sum(/^turnpike_forge_requests_total\{.*\} (\d+)$/gm),
  };
}

function indexes(): number[] {
  return Array.from({ length: FLEET }, (_, index) => index);
}

async function send(lab: Lab, method: string, path: string, body: object): Promise<void> {
  const answer = await lab.request(method, path, body);
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
}

async function each<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const workers = Array.from({ length: ABREAST }, async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one);
  });
  await Promise.all(workers);
}
