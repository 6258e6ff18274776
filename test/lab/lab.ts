import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ComponentName,
  FLUX_CONTROLLERS,
  FLUX_DEFINITIONS,
  type FluxController,
} from './build/components.ts';
import { installComponents, isInstalled } from './build/install.ts';
import { type Reporter, silent } from './build/reporter.ts';
import type { Installed } from './build/store.ts';
import { APISERVER, startControlPlane, waitForApiserver } from './controlplane.ts';
import { labEnvironment } from './environment.ts';
import { type FluxConnection, installDefinitions, startFlux } from './flux.ts';
import type { CheckQueue } from './gitea/config.ts';
import { createGitea, type Gitea } from './gitea/forge.ts';
import { type GiteaConnection, startGitea } from './gitea/gitea.ts';
import { giteaTemplate } from './gitea/template.ts';
import { connectKubernetes, type Kubernetes } from './kubernetes.ts';
import { isListening } from './ports.ts';
import {
  createRegistry,
  REGISTRY,
  type Registry,
  type RegistryConnection,
  startRegistry,
} from './registry.ts';
import {
  connectSupervisor,
  keptDirectories,
  type ProcessSpec,
  type SupervisedProcess,
  type Supervisor,
  startSupervisor,
  waitForProcess,
} from './supervisor.ts';

/** The parts of a lab besides etcd and kube-apiserver. */
export interface LabParts {
  /** Flux's controllers and its CustomResourceDefinitions. */
  readonly flux?: boolean;
  /** Flux's CustomResourceDefinitions alone, for tests that play its part: nothing of Flux is built. */
  readonly definitions?: boolean;
  readonly gitea?: boolean;
  /** An OCI registry, for charts and Flux's artifacts. */
  readonly registry?: boolean;
}

export interface LabOptions extends LabParts {
  /** Gets the progress of work that takes long: building, and waiting for someone else's building. */
  readonly reporter?: Reporter;
  /** Flags of kube-apiserver beside those that the lab needs. */
  readonly apiserverFlags?: readonly string[];
  /** Default: memory, which is quicker; disk for who merges thousands of pull requests. */
  readonly checkQueue?: CheckQueue;
}

export interface Flux extends FluxConnection {
  stopController(name: FluxController): Promise<void>;
  startController(name: FluxController): Promise<void>;
}

/** A running control plane of its own, reached by loopback addresses. */
export interface Lab extends Kubernetes, AsyncDisposable {
  /** JSON with all connection facts, for `connectLab` in another process. */
  readonly connectionFile: string;
  /** Throws when the lab was started without Gitea. */
  readonly gitea: Gitea;
  /** Throws when the lab was started without Flux. */
  readonly flux: Flux;
  /** Throws when the lab was started without a registry. */
  readonly registry: Registry;
  readonly has: { readonly gitea: boolean; readonly flux: boolean };
  /** Runs a program beside the lab: it is killed at the lab's end at the latest. */
  start(name: string, spec: ProcessSpec): Promise<SupervisedProcess>;
  /** Registers a process that was started elsewhere to be killed at the lab's end too; the result takes that back. */
  adopt(name: string, pid: number): Promise<() => Promise<void>>;
  /** Sends SIGKILL by default: the quickest way to have no API server. */
  stopApiserver(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it on the same port and data as before. */
  startApiserver(): Promise<void>;
  restartApiserver(): Promise<void>;
  /** Leaves the lab, and what was started in it, running when this process ends, until `stopKeptLabs`. */
  keep(): Promise<void>;
  stop(): Promise<void>;
}

/** The content of the connection file. */
interface LabFacts {
  readonly directory: string;
  readonly server: string;
  readonly gitea?: GiteaConnection;
  readonly registry?: RegistryConnection;
  readonly flux?: FluxConnection;
}

/** Builds the parts of such a lab that are missing. */
export async function installLab(parts: LabParts, reporter: Reporter): Promise<Installed> {
  const environment = labEnvironment();
  const installed = await installComponents(componentsOf(parts), environment, reporter);
  const gitea = installed.get('gitea');
  if (gitea !== undefined) await giteaTemplate(gitea, environment, reporter);
  return installed;
}

/** True when such a lab starts without anything being built before. */
export function isLabInstalled(parts: LabParts): boolean {
  return isInstalled(componentsOf(parts), labEnvironment());
}

/**
 * Starts a lab on free ports with a directory of its own; builds the missing parts first. It ends with this
 * process, however that dies.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const reporter = options.reporter ?? silent;
  const environment = labEnvironment();
  const installed = await installLab(options, reporter);
  const supervisor = await startSupervisor(environment.temporary);
  try {
    const facts = await startParts(supervisor, installed, options);
    await writeFile(connectionFileOf(supervisor.directory), JSON.stringify(facts, null, 2), { mode: 0o600 });
    return createLab(facts, supervisor);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** Reaches a lab that another process started. It still ends with that one, or by `stop()`. */
export async function connectLab(connectionFile: string): Promise<Lab> {
  const facts = JSON.parse(await readFile(connectionFile, 'utf8')) as LabFacts;
  return createLab(facts, connectSupervisor(facts.directory));
}

/** Stops every lab of this user that was left running, and returns their directories. */
export async function stopKeptLabs(): Promise<string[]> {
  const directories = await keptDirectories(labEnvironment().temporary);
  await Promise.all(directories.map((directory) => connectSupervisor(directory).stop()));
  return directories;
}

async function startParts(
  supervisor: Supervisor,
  installed: Installed,
  { flux, definitions, gitea: wantsGitea, checkQueue = 'memory', ...options }: LabOptions,
): Promise<LabFacts> {
  const located = installed.get('gitea');
  const [kubernetes, gitea, registry] = await Promise.all([
    startControlPlane(supervisor, installed, options.apiserverFlags),
    wantsGitea && located !== undefined
      ? startGitea({ supervisor, located, environment: labEnvironment(), reporter: silent, checkQueue })
      : undefined,
    options.registry ? startRegistry(supervisor, installed) : undefined,
  ]);
  if (flux || definitions) await installDefinitions(installed, kubernetes);
  return {
    directory: supervisor.directory,
    server: kubernetes.server,
    ...(gitea === undefined ? {} : { gitea }),
    ...(registry === undefined ? {} : { registry }),
    ...(flux ? { flux: await startFlux(supervisor, installed, kubernetes) } : {}),
  };
}

async function createLab(facts: LabFacts, supervisor: Supervisor): Promise<Lab> {
  const kubernetes = await connectKubernetes(facts.directory, facts.server);
  const gitea = facts.gitea && createGitea(facts.gitea, facts.directory);
  const flux = facts.flux && createFlux(facts.flux, supervisor);
  const registry = facts.registry && createRegistry(facts.registry);

  async function stopApiserver(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await (await supervisor.process(APISERVER)).stop(signal);
  }

  async function startApiserver(): Promise<void> {
    await waitForApiserver(await supervisor.startAgain(APISERVER), kubernetes);
  }

  return {
    ...kubernetes,
    connectionFile: connectionFileOf(facts.directory),
    has: { gitea: gitea !== undefined, flux: flux !== undefined },
    get gitea() {
      return gitea ?? absent('Gitea', 'gitea');
    },
    get flux() {
      return flux ?? absent('Flux', 'flux');
    },
    get registry() {
      return registry ?? absent('registry', 'registry');
    },
    start: supervisor.start,
    adopt: supervisor.adopt,
    stopApiserver,
    startApiserver,
    async restartApiserver() {
      await stopApiserver();
      await startApiserver();
    },
    keep: supervisor.keep,
    stop: supervisor.stop,
    [Symbol.asyncDispose]: supervisor.stop,
  };
}

function createFlux(connection: FluxConnection, supervisor: Supervisor): Flux {
  return {
    ...connection,
    async stopController(name) {
      await (await supervisor.process(name)).stop('SIGKILL');
    },
    async startController(name) {
      const controller = await supervisor.startAgain(name);
      await waitForProcess(controller, () => isListening(connection.healthPorts[name]), 60);
    },
  };
}

function componentsOf({ flux, definitions, gitea, registry }: LabParts): ComponentName[] {
  return [
    ...(['etcd', APISERVER] as const),
    ...(gitea ? (['gitea'] as const) : []),
    ...(registry ? ([REGISTRY] as const) : []),
    ...(flux || definitions ? FLUX_DEFINITIONS : []),
    ...(flux ? FLUX_CONTROLLERS : []),
  ];
}

function connectionFileOf(directory: string): string {
  return join(directory, 'connection.json');
}

function absent(part: string, option: string): never {
  throw new Error(`this lab has no ${part}; start it with {${option}: true}`);
}
