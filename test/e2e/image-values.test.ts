import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { chartFiles } from '../lab/registry.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** The tag of an image in the values of a HelmRelease, whose chart stays, released by the real helm-controller. */

const MINUTE = 60_000;
const LABEL = 'image-values';
const CHARTS = `${fleetName(LABEL)}-charts`;

let lab: Lab;
let turnpike: Turnpike;
let fleet: Fleet;

interface State {
  readonly tag: string;
  readonly suspend?: boolean;
}

function manifests({ namespace, marker }: Place, { tag, suspend = false }: State): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: charts, namespace: ${namespace} }
spec:
  interval: 1h
  url: ${lab.gitea.url}/${lab.gitea.user}/${CHARTS}.git
  ref: { branch: main }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  suspend: ${suspend}
  chart:
    spec:
      chart: ./chart
      sourceRef: { kind: GitRepository, name: charts }
  values:
    image:
      repository: ghcr.io/acme/shop
      tag: ${tag}${marker('tag')}
`;
}

/** dev as somebody who commits to it writes it. */
async function commitDev(state: State): Promise<void> {
  const text = manifests(fleet.place('dev'), state);
  await fleet.commit({ 'dev/app.yaml': text }, `Use ${state.tag} in dev`);
}

function runs(): Promise<string[]> {
  return fleet.read('configmap', 'app', '{.data.value}');
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  const chart = chartFiles({ apiVersion: 'v2', name: 'app', version: '1.0.0' }, '{{ .Values.image.tag }}');
  const files = Object.entries(chart).map(([path, text]) => [`chart/${path}`, text]);
  await lab.gitea.createRepository(CHARTS, Object.fromEntries(files));
  fleet = await createFleet(lab, {
    label: LABEL,
    appRef: HELM_RELEASE,
    spec: { revision: { path: '.spec.values.image.tag' } },
    manifests: (place) => manifests(place, { tag: '1.9.0' }),
  });
  await fleet.deployed('1.9.0');
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a tag in the values of a HelmRelease', () => {
  test(
    'is promoted while the chart stays',
    async () => {
      await commitDev({ tag: '1.9.1' });
      const { title, diff, promotion } = await fleet.merge('1.9.1');

      expect(title).toBe(`Promote ${fleet.name}/app in prod to 1.9.1`);
      const marker = `# {"$promotion": "${fleet.name}:app:prod:tag"}`;
      expect(diff).toEqual([`-      tag: 1.9.0 ${marker}`, `+      tag: 1.9.1 ${marker}`]);
      expect(promotion).toMatchObject({ revision: '1.9.1', phase: 'Succeeded' });
      expect(await runs()).toEqual(['1.9.1', '1.9.1']);
    },
    2 * MINUTE,
  );

  test(
    'is promoted by nothing while it comes with a suspend, and is once that ends',
    async () => {
      await commitDev({ tag: '1.9.2', suspend: true });
      await waitFor('the suspended tag in the cluster', async () => {
        const { spec } = (await lab.get(['helmrelease', 'app', '-n', fleet.namespaceOf('dev')])) as {
          spec: { suspend: boolean; values: { image: { tag: string } } };
        };
        return spec.suspend && spec.values.image.tag === '1.9.2' ? { done: spec } : { saw: spec };
      });
      const held = await fleet.look();
      expect(held.environments?.dev?.deployment).toMatchObject({ revision: '1.9.1' });
      expect(held.environments?.prod?.promotion).toMatchObject({ revision: '1.9.1', phase: 'Succeeded' });
      expect(await runs()).toEqual(['1.9.1', '1.9.1']);
      expect(await lab.gitea.pulls(fleet.name, 'all')).toHaveLength(1);

      await commitDev({ tag: '1.9.2' });
      await fleet.merge('1.9.2');
      expect(await runs()).toEqual(['1.9.2', '1.9.2']);
    },
    2 * MINUTE,
  );
});
