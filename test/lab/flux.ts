import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { FLUX_CONTROLLERS, FLUX_CRDS, FLUX_DEFINITIONS, type FluxController } from './build/components.ts';
import { binaryOf, type Installed } from './build/store.ts';
import { NOT_PLAYED } from './helm.ts';
import type { Kubernetes } from './kubernetes.ts';
import { freePorts, isListening } from './ports.ts';
import { type Supervisor, waitForProcess } from './supervisor.ts';
import { waitFor } from './wait.ts';

export const FLUX_NAMESPACE = 'flux-system';

/** The addresses of a running Flux. */
export interface FluxConnection {
  /** The address for controllers' events: notification-controller's `--events-addr`, with a closing slash. */
  readonly eventsUrl: string;
  /** The address of Receivers at notification-controller, without a closing slash. */
  readonly receiverUrl: string;
  /** Each controller's port of probes. */
  readonly healthPorts: Readonly<Record<FluxController, number>>;
}

/** Starts Flux's controllers as administrators; its CustomResourceDefinitions must be there. */
export async function startFlux(
  supervisor: Supervisor,
  installed: Installed,
  kubernetes: Kubernetes,
): Promise<FluxConnection> {
  const ports = await freePorts(3 + FLUX_CONTROLLERS.length);
  const [events = 0, receiver = 0, storage = 0, ...health] = ports;
  const connection: FluxConnection = {
    eventsUrl: `http://127.0.0.1:${events}/`,
    receiverUrl: `http://127.0.0.1:${receiver}`,
    healthPorts: Object.fromEntries(
      FLUX_CONTROLLERS.map((name, index) => [name, health[index] ?? 0]),
    ) as Record<FluxController, number>,
  };
  await Promise.all([
    kubernetes.request('POST', '/api/v1/namespaces', { metadata: { name: FLUX_NAMESPACE } }),
    mkdir(join(supervisor.directory, 'artifacts')),
  ]);
  const flags = controllerFlags({ events, receiver, storage }, supervisor.directory);
  await Promise.all(
    FLUX_CONTROLLERS.map(async (name) => {
      const port = connection.healthPorts[name];
      const controller = await supervisor.start(name, {
        argv: [
          binaryOf(installed, name),
          ...flags[name],
          '--metrics-addr=127.0.0.1:0',
          `--health-addr=127.0.0.1:${port}`,
        ],
        env: {
          KUBECONFIG: kubernetes.kubeconfig,
          RUNTIME_NAMESPACE: FLUX_NAMESPACE,
          TMPDIR: supervisor.directory,
        },
      });
      await waitForProcess(controller, () => isListening(port), 60);
    }),
  );
  return connection;
}

function controllerFlags(
  { events, receiver, storage }: { events: number; receiver: number; storage: number },
  directory: string,
): Record<FluxController, string[]> {
  const eventsAddress = `--events-addr=http://127.0.0.1:${events}/`;
  return {
    'notification-controller': [`--events-addr=127.0.0.1:${events}`, `--receiverAddr=127.0.0.1:${receiver}`],
    'source-controller': [
      eventsAddress,
      `--storage-path=${join(directory, 'artifacts')}`,
      `--storage-addr=127.0.0.1:${storage}`,
      `--storage-adv-addr=127.0.0.1:${storage}`,
      '--requeue-dependency=1s',
    ],
    'kustomize-controller': [eventsAddress, '--requeue-dependency=1s'],
    'helm-controller': [eventsAddress, '--requeue-dependency=1s', `--watch-label-selector=${NOT_PLAYED}`],
  };
}

/**
 * Installs Flux's CustomResourceDefinitions: sends them straight to the API server, all at once, and waits
 * until it serves them.
 */
export async function installDefinitions(installed: Installed, kubernetes: Kubernetes): Promise<void> {
  const files = await Promise.all(FLUX_DEFINITIONS.map((name) => definitionFiles(installed, name)));
  const names = await Promise.all(
    files.flat().map(async (file) => {
      const definition = parse(await Bun.file(file).text()) as { metadata: { name: string } };
      const answer = await kubernetes.request('POST', DEFINITIONS, definition);
      if (!answer.ok) throw new Error(`${file} was refused: ${await answer.text()}`);
      return definition.metadata.name;
    }),
  );
  await waitForDefinitions(kubernetes, names);
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface DefinitionList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Waits until the API server serves these CustomResourceDefinitions. */
export async function waitForDefinitions(kubernetes: Kubernetes, names: readonly string[]): Promise<void> {
  const look = async () => {
    const answer = await kubernetes.request('GET', DEFINITIONS);
    const { items } = (await answer.json()) as DefinitionList;
    const established = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'),
    );
    const ready = new Set(established.map(({ metadata }) => metadata.name));
    const missing = names.filter((name) => !ready.has(name));
    return missing.length === 0 ? { done: undefined } : { saw: `not established: ${missing.join(', ')}` };
  };
  await waitFor('the CustomResourceDefinitions', look, { seconds: 30, everyMs: 50 });
}

async function definitionFiles(
  installed: Installed,
  name: (typeof FLUX_DEFINITIONS)[number],
): Promise<string[]> {
  const directory = join(installed.get(name)?.assets ?? '', FLUX_CRDS);
  return (await readdir(directory)).map((file) => join(directory, file));
}
