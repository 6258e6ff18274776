import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** Flux's Alerts about Pipelines, and what they bring to a receiver. */

const ALERTS = 'alerts.notification.toolkit.fluxcd.io';
const API_VERSION = 'notification.toolkit.fluxcd.io/v1beta3';
const COMPONENT = join(import.meta.dir, '../../kustomize/components/flux-alerts');

export interface Received {
  readonly path: string;
  readonly component: string | null;
  readonly event: {
    readonly reason: string;
    readonly message: string;
    readonly severity: string;
    readonly involvedObject: Record<string, string>;
    readonly metadata: Record<string, string>;
  };
}

export interface Receiver {
  readonly received: Received[];
  readonly url: string;
  stop(): Promise<void>;
}

/** What a Provider of type generic sends to. */
export function startReceiver(): Receiver {
  const received: Received[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const event = (await request.json()) as Received['event'];
      const { pathname: path } = new URL(request.url);
      received.push({ path, component: request.headers.get('gotk-component'), event });
      return new Response(null, { status: 200 });
    },
  });
  return { received, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

/** Applies the component to Flux's own definition, as a user does who follows its README. */
export async function letAlertsTakePipelines(lab: Lab): Promise<void> {
  const directory = await mkdtemp(join(lab.directory, 'flux-alerts-'));
  const { metadata, spec } = (await lab.get(['crd', ALERTS])) as { metadata: { name: string }; spec: object };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: metadata.name },
    spec,
  };
  const kustomization = { resources: ['definition.json'], components: [relative(directory, COMPONENT)] };
  await writeFile(join(directory, 'definition.json'), JSON.stringify(definition));
  await writeFile(join(directory, 'kustomization.yaml'), JSON.stringify(kustomization));
  await lab.kubectl(['apply', '--server-side', '--force-conflicts', '-k', directory]);
  await rm(directory, { recursive: true });
}

export interface AlertOptions {
  readonly name: string;
  readonly namespace: string;
  /** Of the receiver. */
  readonly address: string;
  readonly severity: 'info' | 'error';
  /** Regular expressions over the message. */
  readonly inclusionList?: readonly string[];
}

/** An Alert about the Pipeline `app` of a namespace, with its Provider. */
export function alertObjects({ name, namespace, address, ...alert }: AlertOptions): object[] {
  const metadata = { name, namespace };
  return [
    { apiVersion: API_VERSION, kind: 'Provider', metadata, spec: { type: 'generic', address } },
    {
      apiVersion: API_VERSION,
      kind: 'Alert',
      metadata,
      spec: {
        providerRef: { name },
        eventSeverity: alert.severity,
        eventSources: [{ kind: 'Pipeline', name: 'app', namespace }],
        ...(alert.inclusionList && { inclusionList: alert.inclusionList }),
      },
    },
  ];
}
