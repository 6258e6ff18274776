import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { bytes } from '../../../src/cli/flags.ts';
import type { Lab } from '../../lab/lab.ts';
import { freePort, freePorts } from '../../lab/ports.ts';
import { installTurnpike, serveTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { HOSTILE_ADDRESS, MIB } from './act.ts';
import { treeMemory } from './process.ts';

/**
 * The program as the Deployment runs it: with its arguments, ended when it takes more memory than its limit or does
 * not answer its liveness probe, and started again whenever it has ended.
 */
export interface Container {
  readonly hook: string;
  readonly admissionPort: number;
  readonly probes: string;
  readonly metrics: string;
  /** The id of the present process. */
  pid(): number;
  /** MiB, of the Deployment. */
  readonly limit: number;
  /** The reasons why it ended since it was started on purpose, a sentence each. */
  endings(): readonly string[];
  /** The peak of its memory since then, in MiB. */
  peak(): number;
  /** The number of times it has lost the Lease since then. */
  leasesLost(): Promise<number>;
  /** Starts it on purpose, so that nothing of what was before counts. */
  renew(): Promise<void>;
  stop(): Promise<void>;
}

const DEPLOYMENT = join(import.meta.dir, '..', '..', '..', 'manifests', 'controller', 'deployment.yaml');
const LOOK_EVERY_MS = 250;
/** Three probes ten seconds apart, of which the last one may take five. */
const LIVENESS_MS = 25_000;
const NAME = 'turnpike';

export async function startContainer(lab: Lab): Promise<Container> {
  const { memory, env } = await deployed();
  const limit = memory / MIB;
  const admissionPort = await freePort();
  await installTurnpike(lab, admissionPort);
  const [hook, metrics, probes] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
  const flags: Record<string, string> = {
    'leader-elect': 'true',
    'promotion-hook-bind-address': `${hook}`,
    'metrics-bind-address': `${metrics}`,
    'health-probe-bind-address': `${probes}`,
    'insecure-git-hosts': `${lab.gitea.host},${HOSTILE_ADDRESS}`,
  };
  const start = () => serveTurnpike(lab, admissionPort, { flags, env, name: NAME });
  let running: Turnpike = await start();
  let endings: string[] = [];
  let peak = 0;
  let answered = performance.now();
  let leased = 0;
  let state: 'kept' | 'renewed' | 'stopped' = 'kept';
  /** The present look, which may be starting the program again and takes its time. */
  let looking = Promise.resolve();

  async function look(): Promise<void> {
    const { process } = running;
    const status = await process.exitStatus();
    if (state !== 'kept') return;
    if (status !== undefined) return again(`it ended with ${status}`);
    const memory = treeMemory(process.pid);
    peak = Math.max(peak, memory);
    if (memory > limit) return end(`it took ${Math.round(memory)} MiB, and was ended at ${limit}`);
    if (performance.now() - answered > LIVENESS_MS) return end('it did not answer its liveness probe');
  }

  async function end(why: string): Promise<void> {
    const { process } = running;
    await process.stop('SIGKILL').catch(() => undefined);
    await again(why);
  }

  async function again(why: string): Promise<void> {
    endings.push(why);
    leased += await standBys(running);
    running = await start();
    answered = performance.now();
  }

  async function keep(): Promise<void> {
    while (state !== 'stopped') {
      if (state === 'kept') {
        looking = look().catch((error) => void endings.push(`it was not started again: ${error}`));
        await looking;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Each probe has a request of its own, so that one that hangs holds up none. */
  async function probe(): Promise<void> {
    while (state !== 'stopped') {
      const asked = fetch(`http://${probes}/healthz`, { signal: AbortSignal.timeout(5000) });
      asked.then(() => (answered = performance.now())).catch(() => undefined);
      await sleep(1000);
    }
  }

  async function endOnPurpose(): Promise<void> {
    await running.process.stop().catch(() => running.process.stop('SIGKILL'));
  }

  const keeping = [keep(), probe()];
  return {
    hook: `http://${hook}`,
    metrics: `http://${metrics}`,
    probes: `http://${probes}`,
    admissionPort,
    limit,
    pid: () => running.process.pid,
    endings: () => endings,
    peak: () => peak,
    leasesLost: async () => leased + (await standBys(running)),
    async renew() {
      state = 'renewed';
      await looking;
      await endOnPurpose();
      [endings, peak, leased] = [[], 0, 0];
      running = await start();
      answered = performance.now();
      state = 'kept';
    },
    async stop() {
      state = 'stopped';
      await Promise.all(keeping);
      await endOnPurpose();
    },
  };
}

async function standBys(turnpike: Turnpike): Promise<number> {
  const lines = await turnpike.log();
  return lines.filter(({ msg }) => msg === 'this replica stands by').length;
}

interface ContainerSpec {
  readonly env: readonly { name: string; valueFrom?: { resourceFieldRef?: { resource: string } } }[];
  readonly resources: { readonly limits: { readonly memory: string } };
}

/** The Deployment's settings for the program: bytes of memory, and the variables that describe them. */
async function deployed(): Promise<{ memory: number; env: Record<string, string> }> {
  const { spec } = parse(await readFile(DEPLOYMENT, 'utf8'));
  const { env, resources }: ContainerSpec = spec.template.spec.containers[0];
  const memory = bytes(resources.limits.memory);
  const named = env.filter(({ valueFrom }) => valueFrom?.resourceFieldRef?.resource === 'limits.memory');
  return { memory, env: Object.fromEntries(named.map(({ name }) => [name, String(memory)])) };
}
