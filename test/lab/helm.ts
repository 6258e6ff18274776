import { createHash, createHmac } from 'node:crypto';
import type { Kubernetes } from './kubernetes.ts';

/** helm-controller and notification-controller, played for those who do without them. */

const PLAYED_LABEL = 'turnpike.test/played';
/** The label of objects whose controller is played, so that the real one leaves them alone. */
export const PLAYED = { [PLAYED_LABEL]: 'true' };
/** The selector of the objects that the real controller watches. */
export const NOT_PLAYED = `!${PLAYED_LABEL}`;

export interface ReleaseName {
  readonly namespace: string;
  readonly name: string;
}

export interface Release {
  /** The chart's version. */
  readonly version: string;
  /** Name of the chart; default: the release's. */
  readonly chart?: string;
  /** The release's number as Helm counts it, 1 for the installation; default: that of an upgrade. */
  readonly number?: number;
  /** False while Helm is at work. */
  readonly ready?: boolean;
}

/** Writes the status of a HelmRelease v2 as helm-controller does. */
export async function setRelease(kubernetes: Kubernetes, name: ReleaseName, release: Release): Promise<void> {
  // Another writer of the object at the same time goes first.
  for (let tries = 1; !(await tryToSet(kubernetes, name, release, tries === MAX_TRIES)); tries += 1);
}

const MAX_TRIES = 10;

async function tryToSet(
  kubernetes: Kubernetes,
  name: ReleaseName,
  release: Release,
  isLast: boolean,
): Promise<boolean> {
  const path = `/apis/helm.toolkit.fluxcd.io/v2/namespaces/${name.namespace}/helmreleases/${name.name}`;
  const found = await kubernetes.request('GET', path);
  if (!found.ok) throw new Error(`${path} cannot be read: ${await found.text()}`);
  const object = (await found.json()) as HelmRelease;
  const answer = await kubernetes.request('PUT', `${path}/status`, {
    ...object,
    status: releaseStatus(name, release, object),
  });
  if (answer.ok) return true;
  if (answer.status === 409 && !isLast) return false;
  throw new Error(`the status of ${path} was refused: ${await answer.text()}`);
}

interface HelmRelease {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly values?: unknown };
}

/** Flux's event about a release that succeeded. */
export function releaseEvent(name: ReleaseName, release: Release) {
  const { reason, message } = describe(name, release);
  return {
    involvedObject: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', ...name },
    severity: 'info',
    timestamp: new Date().toISOString(),
    message,
    reason,
    metadata: { revision: release.version },
    reportingController: 'helm-controller',
  };
}

export interface EventReceiver {
  readonly url: string;
  /** The key of the HMAC. */
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Signs and sends an event as notification-controller does for a Provider of type generic-hmac. */
export function sendEvent(event: object, { url, key, headers }: EventReceiver): Promise<Response> {
  const body = JSON.stringify(event);
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'gotk-component': 'helm-controller',
      'x-signature': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
      ...headers,
    },
  });
}

function describe({ namespace, name }: ReleaseName, { version, chart = name, number = 2 }: Release) {
  const [reason, action] = number === 1 ? ['InstallSucceeded', 'install'] : ['UpgradeSucceeded', 'upgrade'];
  const release = `${namespace}/${name}.v${number}`;
  return {
    reason,
    message: `Helm ${action} succeeded for release ${release} with chart ${chart}@${version}`,
  };
}

function releaseStatus(name: ReleaseName, release: Release, { metadata, spec }: HelmRelease) {
  const { generation } = metadata;
  const configDigest = `sha256:${createHash('sha256')
    .update(JSON.stringify(spec.values ?? {}))
    .digest('hex')}`;
  const { version, chart = name.name, number = 2, ready = true } = release;
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const { reason, message } = describe(name, release);
  const condition = {
    type: 'Ready',
    status: ready ? 'True' : 'Unknown',
    reason: ready ? reason : 'Progressing',
    message: ready ? message : "Running 'upgrade' action",
    lastTransitionTime: now,
    observedGeneration: generation,
  };
  const latest = {
    ...name,
    chartName: chart,
    chartVersion: version,
    configDigest,
    digest: 'sha256:0',
    firstDeployed: now,
    lastDeployed: now,
    status: 'deployed',
    version: number,
  };
  return {
    observedGeneration: generation,
    conditions: [condition],
    history: [latest],
    lastAttemptedRevision: version,
    lastAttemptedGeneration: generation,
    lastAttemptedConfigDigest: configDigest,
  };
}
