import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { PipelineStatus, TargetStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';

/** A Kustomization as the application, deployed by the real kustomize-controller, told by the real events. */

const NAME = `kustomization-${process.pid}`;
const KEY = 'a key of more than thirty-two bytes for the events';
const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;

function configMap(value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: ${NAME}\ndata:\n  value: ${value}\n`;
}

function object(apiVersion: string, kind: string, name: string, rest: object) {
  return { apiVersion, kind, metadata: { name, namespace: NAME }, ...rest };
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  const url = await lab.gitea.createRepository(NAME, { 'app/config.yaml': configMap('one') });
  const strategy = { notification: {}, secretRef: { name: 'hook' } };
  await lab.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } },
    object('v1', 'Secret', 'hook', { stringData: { 'hmac-key': KEY, token: KEY } }),
  ]);
  await lab.apply([
    object('pipelines.weave.works/v1alpha1', 'Pipeline', 'app', {
      spec: {
        appRef: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: 'app' },
        environments: [
          { name: 'dev', targets: [{ namespace: NAME }] },
          { name: 'prod', targets: [{ namespace: `${NAME}-prod` }] },
        ],
        promotion: { strategy },
      },
    }),
    object('notification.toolkit.fluxcd.io/v1beta3', 'Provider', 'turnpike', {
      spec: {
        type: 'generic-hmac',
        address: `${turnpike.hook}/promotion/${NAME}/app/dev`,
        secretRef: { name: 'hook' },
      },
    }),
    object('notification.toolkit.fluxcd.io/v1beta3', 'Alert', 'turnpike', {
      spec: {
        providerRef: { name: 'turnpike' },
        eventSeverity: 'info',
        eventSources: [{ kind: 'Kustomization', name: 'app' }],
      },
    }),
    object('source.toolkit.fluxcd.io/v1', 'GitRepository', 'app', {
      spec: { interval: '1m', url, ref: { branch: 'main' } },
    }),
    object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'app', {
      spec: {
        interval: '1m',
        path: './app',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'app' },
      },
    }),
  ]);
}, 2 * MINUTE);

afterAll(async () => {
  await patchSpec({ suspend: true });
  await turnpike.remove();
});

async function patchSpec(spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await lab.kubectl(['patch', 'kustomization', 'app', '-n', NAME, '--type=merge', '-p', patch]);
}

/** The target of dev, once it is as it is wanted. */
function devTarget(what: string, isMeant: (target: TargetStatus) => boolean): Promise<TargetStatus> {
  return waitFor(
    what,
    async () => {
      const pipeline = (await lab.get(['pipeline', 'app', '-n', NAME])) as { status?: PipelineStatus };
      const [target] = pipeline.status?.environments?.dev?.targets ?? [];
      return target && isMeant(target) ? { done: target } : { saw: target };
    },
    { seconds: 60 },
  );
}

describe('a Kustomization', () => {
  test(
    'is promoted once it has succeeded, at the revision that its status shows',
    async () => {
      const status = await waitFor<PipelineStatus>(
        'the promotion to prod',
        async () => {
          const pipeline = (await lab.get(['pipeline', 'app', '-n', NAME])) as { status?: PipelineStatus };
          const promotion = pipeline.status?.environments?.prod?.promotion;
          return pipeline.status && promotion?.phase === 'Promoting'
            ? { done: pipeline.status }
            : { saw: pipeline.status };
        },
        { seconds: 60 },
      );
      const applied = await lab.kubectl([
        'get',
        'kustomization',
        'app',
        '-n',
        NAME,
        '-o',
        'jsonpath={.status.lastAppliedRevision}',
      ]);
      expect(applied).toMatch(/^main@sha1:[0-9a-f]{40}$/);
      expect(status.environments?.dev?.deployment).toMatchObject({ revision: applied, phase: 'Succeeded' });
      expect(status.environments?.prod?.promotion?.revision).toBe(applied);
      const events = (await lab.get(['events', '-n', NAME, '--field-selector=reason=Promote'])) as {
        items: { metadata: { annotations: Record<string, string> } }[];
      };
      expect(events.items.map(({ metadata }) => metadata.annotations)).toEqual([
        { 'pipelines.weave.works/environment': 'prod', 'pipelines.weave.works/version': applied },
      ]);
      const outcomes = (await turnpike.log()).filter(({ msg }) => msg === 'event received');
      expect(outcomes.map(({ reason }) => reason)).toContain('ReconciliationSucceeded');
    },
    2 * MINUTE,
  );

  test(
    'shows what it runs while it is suspended or waits for another, and says why nothing is promoted',
    async () => {
      const { revision = '' } = await devTarget('dev to be ready', ({ ready }) => ready);

      await patchSpec({ suspend: true });
      const suspended = await devTarget('dev to be suspended', ({ ready }) => !ready);
      expect(suspended).toMatchObject({
        revision,
        error: 'It is suspended: resume it to have it deployed and promoted.',
      });

      await patchSpec({ suspend: false, dependsOn: [{ name: 'database' }] });
      const says = 'Waits for its dependencies: ';
      const waiting = await devTarget('dev to wait', ({ error }) => error?.startsWith(says) === true);
      expect(waiting).toMatchObject({ ready: false, revision });
      expect(waiting.error).toContain('database');

      await patchSpec({ dependsOn: null });
      expect(await devTarget('dev to be ready again', ({ ready }) => ready)).toMatchObject({ revision });
    },
    4 * MINUTE,
  );
});
