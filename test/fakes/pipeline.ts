import type { FluxEvent } from '../../src/api/event.ts';
import type { EnvironmentStatus, Pipeline, PipelineSpec, PipelineStatus } from '../../src/api/pipeline.ts';
import type { Observation } from '../../src/decide/observation/application.ts';
import { foldObservations } from '../../src/decide/observation/fold.ts';

/** Pipelines, events and observations for tests: dev → staging → prod unless said otherwise. */

export const NOW = new Date('2026-11-21T12:00:00.000Z');

export function at(seconds: number): string {
  return new Date(NOW.getTime() + seconds * 1000).toISOString();
}

const PULL_REQUEST = {
  strategy: {
    'pull-request': {
      type: 'gitea',
      url: 'https://git.example.com/acme/fleet',
      baseBranch: 'main',
      secretRef: { name: 'forge' },
    },
    secretRef: { name: 'hook' },
  },
} as const;

export function spec(change: Partial<PipelineSpec> = {}): PipelineSpec {
  return {
    appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
    environments: ['dev', 'staging', 'prod'].map((name) => ({ name, targets: [{ namespace: name }] })),
    promotion: structuredClone(PULL_REQUEST),
    ...change,
  };
}

export function pipeline(change: Partial<PipelineSpec> = {}, status: PipelineStatus = {}): Pipeline {
  return {
    metadata: { name: 'app', namespace: 'apps', uid: 'uid-1', generation: 1, resourceVersion: '1' },
    spec: spec(change),
    status,
  };
}

export function event(change: Partial<FluxEvent> = {}, revision = '1.1.0', namespace = 'dev'): FluxEvent {
  return {
    involvedObject: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', namespace, name: 'app' },
    severity: 'info',
    timestamp: NOW.toISOString(),
    message: `Helm upgrade succeeded for release ${namespace}/app.v2 with chart app@${revision}`,
    reason: 'UpgradeSucceeded',
    metadata: { revision },
    reportingController: 'helm-controller',
    ...change,
  };
}

export function ready(revision: string): Observation {
  return { kind: 'application', ready: true, revision, deployedAt: at(-60) };
}

export function unready(revision: string, message = 'Running upgrade'): Observation {
  return { kind: 'application', ready: false, revision, message };
}

export const absent: Observation = { kind: 'absent', error: 'There is no HelmRelease.' };

/** The pipeline as the reconciler sees it: one observation for each environment with one target. */
export function observed(
  from: Pipeline,
  seen: Readonly<Record<string, Observation | Observation[]>>,
  now = NOW,
): Pipeline {
  const lists = Object.fromEntries(Object.entries(seen).map(([name, one]) => [name, [one].flat()]));
  return { ...from, status: foldObservations(from, lists, now) };
}

/** A pipeline whose environments run these revisions and are ready. */
export function running(
  revisions: Readonly<Record<string, string>>,
  change: Partial<PipelineSpec> = {},
): Pipeline {
  return observed(
    pipeline(change),
    Object.fromEntries(Object.entries(revisions).map(([name, revision]) => [name, ready(revision)])),
  );
}

/** The same, known by signed events alone: no application can be read. */
export function eventsOnly(
  revisions: Readonly<Record<string, string>>,
  change: Partial<PipelineSpec> = {},
): Pipeline {
  const from = pipeline(change);
  const environments = from.spec.environments.map(({ name, targets }): [string, EnvironmentStatus] => {
    const revision = revisions[name];
    const known = targets.map(({ namespace }) => ({
      clusterAppRef: from.spec.appRef,
      namespace,
      ready: revision !== undefined,
      ...(revision !== undefined && { revision, observedAt: at(-60) }),
    }));
    const deployment = { phase: 'Succeeded', observedAt: at(-60), source: 'webhook' } as const;
    return [
      name,
      { targets: known, ...(revision !== undefined && { deployment: { revision, ...deployment } }) },
    ];
  });
  return observed({ ...from, status: { environments: Object.fromEntries(environments) } }, {});
}

export function withState(from: Pipeline, environment: string, state: Partial<EnvironmentStatus>): Pipeline {
  const environments = { ...from.status.environments };
  environments[environment] = { ...environments[environment], ...state };
  return { ...from, status: { ...from.status, environments } };
}

/** The pipeline so many seconds after NOW; the revision of an environment is deployed just then. */
export function look(from: Pipeline, runs: Readonly<Record<string, string>>, seconds: number): Pipeline {
  const now = at(seconds);
  const seen = Object.entries(runs).map(([name, revision]) => {
    return [name, { kind: 'application', ready: true, revision, deployedAt: now } as const] as const;
  });
  return observed(from, Object.fromEntries(seen), new Date(now));
}
