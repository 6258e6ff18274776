import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailpointName } from '../../src/reconcile/failpoints.ts';
import type { Lab } from '../lab/lab.ts';
import { freePort } from '../lab/ports.ts';
import type { SupervisedProcess } from '../lab/supervisor.ts';
import { waitUntil } from '../lab/wait.ts';
import type { Act } from './acts.ts';

const NAMES = ['a', 'b'] as const;
export type ReplicaName = (typeof NAMES)[number];
const KILLED = 137;

/** Two replicas that are started again whenever they end, as a kubelet does. */
export interface Replicas {
  /** Addresses of the promotion webhooks. */
  readonly hooks: readonly [string, ...string[]];
  /** The one that took over the lead last. */
  leader(): ReplicaName | undefined;
  signal(name: ReplicaName, signal: NodeJS.Signals): void;
  /** Signals the replica that reaches one of the failpoints next; undefined: none did in that time. */
  signalAt(
    failpoints: readonly FailpointName[],
    signal: 'SIGKILL' | 'SIGSTOP',
    seconds: number,
  ): Promise<{ readonly name: ReplicaName; readonly failpoint: FailpointName } | undefined>;
  acts(): Act[];
  /** The last output of replicas that ended without being killed. */
  crashes(): readonly string[];
  /** Resident memory of each, in MiB. */
  memory(): number[];
  stop(): Promise<void>;
}

export interface ReplicasOptions {
  readonly lab: Lab;
  /** The compiled replica.ts. */
  readonly binary: string;
  readonly flags: Readonly<Record<string, string>>;
}

export async function startReplicas({ lab, binary, flags }: ReplicasOptions): Promise<Replicas> {
  const directory = join(lab.directory, 'chaos');
  const obeyed = join(directory, 'obeyed');
  mkdirSync(obeyed, { recursive: true });
  const running = new Map<ReplicaName, SupervisedProcess>();
  const ports = new Map<ReplicaName, number>();
  const crashed: string[] = [];
  let stopping = false;

  async function start(name: ReplicaName): Promise<void> {
    const all = { ...flags, 'promotion-hook-bind-address': `127.0.0.1:${ports.get(name)}` };
    const argv = [binary, ...Object.entries(all).map(([flag, value]) => `--${flag}=${value}`)];
    const env = { CHAOS_DIRECTORY: directory, CHAOS_REPLICA: name, TMPDIR: lab.directory };
    running.set(name, await lab.start(`replica-${name}`, { argv, env }));
  }

  async function keepAlive(name: ReplicaName): Promise<void> {
    while (!stopping) {
      await sleep(50);
      const process = running.get(name);
      const status = await process?.exitStatus();
      if (stopping || !process || status === undefined) continue;
      if (status !== KILLED)
        crashed.push(`${name} ended with ${status}: ${(await process.log()).slice(-500)}`);
      await start(name);
    }
  }

  const readActs = (): Act[] => {
    const text = existsSync(join(directory, 'acts')) ? readFileSync(join(directory, 'acts'), 'utf8') : '';
    // A replica that is killed may leave half a line.
    return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Act] : []));
  };

  async function signalAt(
    failpoints: readonly FailpointName[],
    signal: 'SIGKILL' | 'SIGSTOP',
    seconds: number,
  ) {
    const order = (failpoint: FailpointName) => join(directory, `at-${failpoint}`);
    rmSync(obeyed, { recursive: true, force: true });
    mkdirSync(obeyed);
    for (const failpoint of failpoints) {
      writeFileSync(`${order(failpoint)}.new`, signal);
      renameSync(`${order(failpoint)}.new`, order(failpoint));
    }
    const deadline = performance.now() + seconds * 1000;
    let found: string | undefined;
    while (found === undefined && performance.now() < deadline) {
      await sleep(10);
      found = readdirSync(obeyed)[0];
    }
    for (const failpoint of failpoints) rmSync(order(failpoint), { force: true });
    const [failpoint, name] = found?.split('.') ?? [];
    if (failpoint === undefined || name === undefined) return undefined;
    return { failpoint: failpoint as FailpointName, name: name as ReplicaName };
  }

  for (const name of NAMES) ports.set(name, await freePort());
  await Promise.all(NAMES.map(start));
  const hooks = NAMES.map((name) => `http://127.0.0.1:${ports.get(name)}`) as [string, ...string[]];
  const listens = (url: string) => fetch(url).then(() => true);
  for (const hook of hooks) {
    await waitUntil(`the replica at ${hook}`, () => listens(hook), { seconds: 20 });
  }
  const keepers = NAMES.map(keepAlive);

  return {
    hooks,
    leader: () => readActs().findLast((act) => act.kind === 'lead')?.replica as ReplicaName | undefined,
    signal(name, signal) {
      const pid = running.get(name)?.pid;
      try {
        if (pid !== undefined) process.kill(pid, signal);
      } catch {
        // The process is dead already, and not started again yet.
      }
    },
    signalAt,
    acts: readActs,
    crashes: () => crashed,
    memory: () => NAMES.map((name) => residentMiB(running.get(name)?.pid)),
    async stop() {
      stopping = true;
      await Promise.all(keepers);
      await Promise.all([...running.values()].map((process) => process.stop()));
    },
  };
}

function residentMiB(pid: number | undefined): number {
  const status = pid === undefined ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}

/** A kubeconfig with the ServiceAccount's token and another address, reached by plain http. */
export async function kubeconfigBy(lab: Lab, server: string): Promise<string> {
  const own = await lab.serviceAccountKubeconfig('turnpike-system', 'turnpike');
  const text = await readFile(own, 'utf8');
  const file = join(lab.directory, 'chaos.kubeconfig');
  const moved = text
    .replace(/^( *)server: .*$/m, `$1server: ${server}\n$1insecure-skip-tls-verify: true`)
    .replace(/^ *certificate-authority-data: .*\n/m, '');
  writeFileSync(file, moved, { mode: 0o600 });
  return file;
}
