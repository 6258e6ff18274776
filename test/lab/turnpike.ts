import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTurnpike } from '../../scripts/build.ts';
import type { Lab } from './lab.ts';
import { labOverlay } from './overlay.ts';
import { freePort } from './ports.ts';
import type { SupervisedProcess } from './supervisor.ts';
import { waitFor } from './wait.ts';

export const TURNPIKE_NAMESPACE = 'turnpike-system';
const WEBHOOK = 'turnpike';

export interface TurnpikeOptions {
  /** Flags beside those that the lab needs; they win. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Variables of its environment beside those that the lab needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** The process's name; two replicas need two. */
  readonly name?: string;
  /** The probes to wait for. Default: events and admission. */
  readonly until?: readonly ('/readyz' | '/readyz/admission')[];
}

/** `dist/turnpike serve` beside a lab, with the rights of its ServiceAccount. */
export interface Turnpike {
  readonly process: SupervisedProcess;
  /** Addresses of its listeners, such as `http://127.0.0.1:41234`. */
  readonly hook: string;
  readonly metrics: string;
  readonly probes: string;
  /** The lines of its log, parsed. */
  log(): Promise<Record<string, unknown>[]>;
  /** Ends it, by SIGTERM by default; returns the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  /** Starts it again as it was, on other ports but for admission. */
  start(): Promise<Turnpike>;
  /** Ends it and takes its webhook out of the cluster, so that Pipelines can be written without it. */
  remove(): Promise<void>;
}

/**
 * Applies what users apply, with the URL of this process in place of a Service. Returns the directory of the
 * overlay and what kubectl printed.
 */
export async function installTurnpike(
  lab: Lab,
  admissionPort: number,
): Promise<{ overlay: string; printed: string }> {
  const overlay = await labOverlay(join(lab.directory, `overlay-${admissionPort}`), {
    admissionUrl: `https://127.0.0.1:${admissionPort}`,
  });
  return { overlay, printed: await lab.kubectl(['apply', '-k', overlay]) };
}

/** Installs Turnpike in the lab, starts it and waits until it is ready. */
export async function startTurnpike(lab: Lab, options: TurnpikeOptions = {}): Promise<Turnpike> {
  const admissionPort = await freePort();
  await installTurnpike(lab, admissionPort);
  return await serveTurnpike(lab, admissionPort, options);
}

/**
 * Starts the program where it is installed already, with its admission webhook where the installation
 * expects it, and waits until it is ready.
 */
export async function serveTurnpike(
  lab: Lab,
  admissionPort: number,
  options: TurnpikeOptions = {},
): Promise<Turnpike> {
  const { output } = await buildTurnpike();
  const kubeconfig = await lab.serviceAccountKubeconfig(TURNPIKE_NAMESPACE, 'turnpike');
  const flags: Record<string, string> = {
    kubeconfig,
    'promotion-hook-bind-address': '127.0.0.1:0',
    'metrics-bind-address': '127.0.0.1:0',
    'health-probe-bind-address': '127.0.0.1:0',
    'admission-bind-address': `127.0.0.1:${admissionPort}`,
    ...(lab.has.gitea ? { 'insecure-git-hosts': new URL(lab.gitea.url).host } : {}),
    ...(lab.has.flux ? { 'events-addr': lab.flux.eventsUrl } : {}),
    ...options.flags,
  };
  const argv = [output, 'serve', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
  const defaults = { name: 'turnpike', until: ['/readyz', '/readyz/admission'] as const, env: {} };
  return await run(lab, { ...defaults, ...options }, argv);
}

async function run(
  lab: Lab,
  options: Required<Pick<TurnpikeOptions, 'name' | 'until' | 'env'>>,
  argv: readonly string[],
): Promise<Turnpike> {
  const { name, until, env } = options;
  const before = await readFile(join(lab.directory, 'run', `${name}.log`), 'utf8').catch(() => '');
  // Temporary files of the process go with the lab, also when it is killed.
  const process = await lab.start(name, { argv, env: { TMPDIR: lab.directory, ...env } });
  const lines = async () => parseLines((await process.log()).slice(before.length));
  const addresses = await waitFor('the listeners of Turnpike', () => findListeners(process, lines), {
    seconds: 20,
  });
  const probes = `http://${addresses.probes}`;
  for (const path of until) {
    await waitFor('Turnpike to be ready', () => isReady(`${probes}${path}`), { seconds: 30 });
  }
  const stop = (signal?: NodeJS.Signals) => process.stop(signal);
  return {
    process,
    hook: `http://${addresses.hook}`,
    metrics: `http://${addresses.metrics}`,
    probes,
    log: lines,
    stop,
    start: () => run(lab, options, argv),
    async remove() {
      await stop();
      await lab.kubectl(['delete', 'validatingwebhookconfiguration', WEBHOOK, '--ignore-not-found']);
    },
  };
}

type Line = Record<string, unknown>;

function parseLines(text: string): Line[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
}

async function findListeners(process: SupervisedProcess, lines: () => Promise<Line[]>) {
  const status = await process.exitStatus();
  const log = await lines();
  if (status !== undefined) throw new Error(`it ended with ${status}: ${JSON.stringify(log.at(-1))}`);
  const found = Object.fromEntries(
    log.filter((line) => line.msg === 'listening').map((line) => [line.server, line.address]),
  );
  const complete = ['hook', 'metrics', 'probes'].every((server) => server in found);
  return complete ? { done: found } : { saw: found };
}

async function isReady(probe: string) {
  const answer = await fetch(probe);
  return answer.ok ? { done: true } : { saw: await answer.text() };
}
