import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTurnpike } from '../../scripts/build.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type Armory, createArmory } from './armory.ts';
import { type Action, type Exchange, type FaultyProxy, startProxy } from './proxy.ts';
import { kubeconfigBy, type Replicas, startReplicas } from './replicas.ts';

const ROOT = join(import.meta.dir, '..', '..');
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'turnpike-system' } };

/** A lab of its own with two replicas, and a proxy before each server that they speak with. */
export interface World extends AsyncDisposable {
  readonly lab: Lab;
  readonly replicas: Replicas;
  readonly api: ProxiedServer;
  readonly forge: ProxiedServer;
}

/** A server that the replicas reach through a faulty proxy. */
export interface ProxiedServer {
  readonly faults: Armory<Exchange, Action>;
  readonly proxy: FaultyProxy;
}

export interface WorldOptions {
  /** Flags of the replicas beside those that the world needs. */
  readonly flags: Readonly<Record<string, string>>;
  readonly note: (sentence: string) => void;
}

export async function createWorld({ flags, note }: WorldOptions): Promise<World> {
  const started = performance.now();
  const lab = await startLab({ gitea: true, definitions: true, checkQueue: 'disk' });
  try {
    const binary = await buildReplica(lab);
    await install(lab);
    const api = await startProxied(lab.server, lab.ca);
    const forge = await startProxied(lab.gitea.url);
    const replicas = await startReplicas({
      lab,
      binary,
      flags: {
        kubeconfig: await kubeconfigBy(lab, api.proxy.url),
        'leader-elect': 'true',
        'metrics-bind-address': '127.0.0.1:0',
        'health-probe-bind-address': '127.0.0.1:0',
        'admission-bind-address': '',
        'insecure-git-hosts': new URL(forge.proxy.url).host,
        'log-level': 'info',
        ...flags,
      },
    });
    note(`The world is up after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
    return {
      lab,
      replicas,
      api,
      forge,
      async [Symbol.asyncDispose]() {
        await replicas.stop();
        await Promise.all([api.proxy.stop(), forge.proxy.stop()]);
        await lab.stop();
      },
    };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

async function startProxied(upstream: string, ca?: string): Promise<ProxiedServer> {
  const faults = createArmory<Exchange, Action>();
  const chooseAction = (exchange: Exchange) => faults.take(exchange) ?? ({ kind: 'pass' } as const);
  return { faults, proxy: await startProxy({ upstream, chooseAction, ...(ca !== undefined && { ca }) }) };
}

/** Compiled, for it is started hundreds of times. */
async function buildReplica(lab: Lab): Promise<string> {
  const output = join(lab.directory, 'built', 'replica');
  await mkdir(join(lab.directory, 'built'));
  await buildTurnpike({ entry: join(import.meta.dir, 'replica.ts'), output });
  return output;
}

/** Installs the manifests that users apply, but for the admission webhook. */
async function install(lab: Lab): Promise<void> {
  await lab.apply([NAMESPACE]);
  for (const part of ['crd', 'rbac']) await lab.kubectl(['apply', '-k', join(ROOT, 'manifests', part)]);
}

/** Times are shorter than in a real cluster, so that what only time heals is healed within a run. */
export const FLAGS: Readonly<Record<string, string>> = {
  concurrent: '16',
  'resync-interval': '10s',
  'promotion-retry-delay': '0.5',
  'promotion-retry-max-delay': '2',
  'promotion-retry-threshold': '20',
};
