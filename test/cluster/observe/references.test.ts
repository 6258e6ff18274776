import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { type Fields, pipelineObject } from '../../fixtures/pipelines/cases.ts';
import { setRelease } from '../../lab/helm.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { startTurnpike } from '../../lab/turnpike.ts';
import { waitFor } from '../../lab/wait.ts';
import { waitForDefinition } from '../pipelines.ts';

/** What Pipelines of the namespace demo learn of others by `dist/turnpike`, with its ServiceAccount's rights. */

const MINUTE = 60_000;
const HIDE = 'pipelines.weave.works/hide-messages';

let lab: Lab;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  await startTurnpike(lab);
  await waitForDefinition(lab);
  const namespaces = [
    { name: 'demo' },
    { name: 'open' },
    { name: 'payments', annotations: { [HIDE]: 'true' } },
  ];
  await lab.apply(namespaces.map((metadata) => ({ apiVersion: 'v1', kind: 'Namespace', metadata })));
  for (const { name: namespace } of namespaces) {
    await lab.apply([release(namespace)]);
    await setRelease(lab, { namespace, name: 'app' }, { version: '1.0.0', ready: false });
  }
  // Nobody adds them to "edit" here: that takes a controller-manager.
  for (const role of ['turnpike-view', 'turnpike-edit']) {
    await lab.kubectl(['create', 'rolebinding', role, '-n', 'demo', `--clusterrole=${role}`, '--user=ann']);
  }
}, 5 * MINUTE);

afterAll(() => lab?.stop(), MINUTE);

function release(namespace: string): object {
  return parse(`
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app, namespace: ${namespace}}
spec:
  interval: 1h
  chart: {spec: {chart: app, sourceRef: {kind: HelmRepository, name: app}}}
`);
}

function of(name: string, ...namespaces: string[]): object {
  const targets = namespaces.map((namespace) => ({ namespace }));
  return pipelineObject(
    {
      appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
      environments: [{ name: 'dev', targets }],
    },
    name,
  );
}

async function errorsOf(name: string): Promise<string[]> {
  return waitFor('the state of the targets', async () => {
    const { status } = (await lab.get(['pipeline', name, '-n', 'demo'])) as { status?: Fields };
    const dev = Reflect.get(status?.environments ?? {}, 'dev') as
      | { targets: readonly { error: string }[] }
      | undefined;
    return dev ? { done: dev.targets.map(({ error }) => error) } : { saw: JSON.stringify(status) };
  });
}

describe('a Pipeline with targets in other namespaces', () => {
  test(
    'shows their messages but for those that hide them',
    async () => {
      await lab.apply([of('shown', 'demo', 'open', 'payments', 'none')]);
      const [own, open, hidden] = await errorsOf('shown');
      expect(own).not.toBe('');
      expect(open).toBe(String(own));
      expect(hidden).toBe(
        `It is not ready. Messages of the namespace payments are not shown: its annotation ${HIDE} hides them.`,
      );
    },
    MINUTE,
  );

  test(
    'warns users who may not get the application there, and no others',
    async () => {
      const input = JSON.stringify(of('warned', 'demo', 'open'));
      const args = ['apply', '--dry-run=server', '-f', '-'];
      const ann = await lab.tryKubectl([...args, '--as=ann'], { input });
      expect(ann.stdout).toContain('pipeline.pipelines.weave.works/warned created');
      const warnings = ann.stderr.split('\n').filter((line) => line.includes('You may not get'));
      expect(warnings).toEqual([
        expect.stringContaining(
          'spec.environments[0].targets[1].namespace: "open": You may not get helmreleases app',
        ),
      ]);
      const admin = await lab.tryKubectl(args, { input });
      expect(admin.stderr).not.toContain('You may not get');
    },
    MINUTE,
  );
});
