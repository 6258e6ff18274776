import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { stringify } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';

/** Namespace, Pipeline and Secrets that come together in one Kustomization, by the real kustomize-controller. */

const NAME = `first-apply-${process.pid}`;
const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;

/** The Pipeline stands in front of its Secrets. */
function manifests(changes: { suspend?: true } = {}): string {
  const secret = (name: string, stringData: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: NAME },
    stringData,
  });
  const strategy = {
    'pull-request': {
      type: 'gitea',
      url: `${lab.gitea.url}/somebody/fleet`,
      baseBranch: 'main',
      secretRef: { name: 'repository' },
    },
    secretRef: { name: 'events' },
  };
  const pipeline = {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: 'app', namespace: NAME },
    spec: {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
      environments: ['dev', 'prod'].map((name) => ({ name, targets: [{ namespace: `${NAME}-${name}` }] })),
      promotion: { strategy },
      ...changes,
    },
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } },
    pipeline,
    secret('events', { 'hmac-key': 'k'.repeat(32) }),
    secret('repository', { token: 'of a forge that is not asked' }),
  ]
    .map((object) => stringify(object))
    .join('---\n');
}

function flux(apiVersion: string, kind: string, spec: object) {
  return { apiVersion, kind, metadata: { name: NAME, namespace: 'default' }, spec };
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
}, 2 * MINUTE);

afterAll(async () => {
  await lab.kubectl(['delete', 'kustomization', NAME, '-n', 'default', '--wait=false', '--ignore-not-found']);
  await turnpike.remove();
});

async function readiness() {
  const { status } = (await lab.get(['kustomization', NAME, '-n', 'default'])) as Kustomization;
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

/** As `flux reconcile kustomization --with-source` asks for it. */
async function reconcile(): Promise<void> {
  const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
  for (const kind of ['gitrepository', 'kustomization']) {
    await lab.kubectl(['annotate', '--overwrite', kind, NAME, '-n', 'default', now]);
  }
}

interface Kustomization {
  readonly status?: { readonly conditions?: { type: string; status: string; message: string }[] };
}

describe('a Flux Kustomization with Namespace, Secrets and Pipeline', () => {
  test(
    'is Ready after its first apply, and so is the Pipeline',
    async () => {
      const url = await lab.gitea.createRepository(NAME, { 'app/all.yaml': manifests() });
      await lab.apply([
        flux('source.toolkit.fluxcd.io/v1', 'GitRepository', {
          interval: '1h',
          url,
          ref: { branch: 'main' },
        }),
        flux('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {
          interval: '1h',
          // A second try would come after this, when the test has given up.
          retryInterval: '1h',
          timeout: '40s',
          path: './app',
          prune: true,
          wait: true,
          sourceRef: { kind: 'GitRepository', name: NAME },
        }),
      ]);
      await waitFor(
        'the Kustomization to be Ready',
        async () => {
          const ready = await readiness();
          return ready?.status === 'True' ? { done: true } : { saw: ready };
        },
        { seconds: 60 },
      );
      const { status } = (await lab.get(['pipeline', 'app', '-n', NAME])) as Kustomization;
      expect(status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
      // Once on the dry run, when the Secrets were not there, and once for good.
      const metrics = await (await fetch(`${turnpike.metrics}/metrics`)).text();
      const allowed = /^turnpike_admission_requests_total\{allowed="true"\} (\d+)$/m.exec(metrics)?.[1];
      expect(Number(allowed)).toBeGreaterThanOrEqual(2);
      expect(metrics).not.toContain('turnpike_admission_requests_total{allowed="false"}');
    },
    2 * MINUTE,
  );

  test(
    'applies nothing while a Pipeline changes and nobody answers the webhook, until the webhook is taken away',
    async () => {
      await turnpike.stop();
      const mend = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mend', namespace: NAME } };
      const files = { 'app/all.yaml': `${manifests({ suspend: true })}---\n${stringify(mend)}` };
      await lab.gitea.commit(NAME, 'main', files, 'Mend it');
      await reconcile();
      await waitFor('the Kustomization to fail', async () => {
        const ready = await readiness();
        const isSaid = ready?.message.includes('failed calling webhook "validate.pipelines.weave.works"');
        return ready?.status === 'False' && isSaid ? { done: true } : { saw: ready };
      });
      const found = ['get', 'configmap', 'mend', '-n', NAME];
      expect((await lab.tryKubectl(found)).stderr).toContain('not found');
      await lab.kubectl(['delete', 'validatingwebhookconfiguration', 'turnpike']);
      await reconcile();
      await waitFor('what mends it', async () => {
        const { code, stderr } = await lab.tryKubectl(found);
        return code === 0 ? { done: true } : { saw: stderr };
      });
      turnpike = await startTurnpike(lab);
      await waitFor('the Kustomization to be Ready', async () => {
        const ready = await readiness();
        return ready?.status === 'True' ? { done: true } : { saw: ready };
      });
      expect(await lab.get(['pipeline', 'app', '-n', NAME])).toMatchObject({ spec: { suspend: true } });
    },
    2 * MINUTE,
  );
});
