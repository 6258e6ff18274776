import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** A chart from an OCI registry and the image in its values, promoted together. */

const MINUTE = 60_000;
const LABEL = 'chart-and-image';
const REPOSITORY = `${fleetName(LABEL)}/app`;

let lab: Lab;
let turnpike: Turnpike;
let fleet: Fleet;
/** By the chart's version. */
const digests = new Map<string, string>();

interface State {
  readonly chart: string;
  readonly image: string;
}

function manifests({ namespace, marker }: Place, { chart, image }: State): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: chart, namespace: ${namespace} }
spec:
  interval: 1h
  insecure: true
  url: ${lab.registry.url(REPOSITORY)}
  ref:
    tag: ${chart}${marker('chart:tag')}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  chartRef: { kind: OCIRepository, name: chart }
  values:
    image: ghcr.io/acme/shop:${image}${marker('image')}
`;
}

async function push(version: string): Promise<void> {
  const value = `chart ${version} runs {{ .Values.image }}`;
  digests.set(version, await lab.registry.pushChart({ repository: REPOSITORY, version, value }));
}

function set({ chart, image }: State): string {
  return `chart=${chart}@${digests.get(chart)},image=${image}`;
}

async function commitDev(state: State): Promise<void> {
  const text = manifests(fleet.place('dev'), state);
  await fleet.commit({ 'dev/app.yaml': text }, `Use chart ${state.chart}, image ${state.image} in dev`);
}

function runs(): Promise<string[]> {
  return fleet.read('configmap', 'app', '{.data.value}');
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  await push('6.5.0');
  await push('6.5.1');
  fleet = await createFleet(lab, {
    label: LABEL,
    appRef: HELM_RELEASE,
    spec: { artifacts: [{ name: 'chart' }, { name: 'image', path: '.spec.values.image' }] },
    manifests: (place) => manifests(place, { chart: '6.5.0', image: '1.9.0' }),
  });
  await fleet.deployed(/^chart=6\.5\.0\+[0-9a-f]{12},image=1\.9\.0$/);
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a chart and an image', () => {
  test(
    'are promoted in one pull request',
    async () => {
      const next = { chart: '6.5.1', image: '1.9.2' };
      await commitDev(next);
      const { title, diff, promotion } = await fleet.merge(set(next));

      const digest = digests.get('6.5.1')?.slice(0, 14);
      expect(title).toBe(`Promote ${fleet.name}/app in prod to chart 6.5.1 (${digest}), image 1.9.2`);
      const marker = (part: string) => `# {"$promotion": "${fleet.name}:app:prod:${part}"}`;
      expect(diff).toEqual([
        `-    tag: 6.5.0 ${marker('chart:tag')}`,
        `+    tag: 6.5.1 ${marker('chart:tag')}`,
        `-    image: ghcr.io/acme/shop:1.9.0 ${marker('image')}`,
        `+    image: ghcr.io/acme/shop:1.9.2 ${marker('image')}`,
      ]);
      // The change says the tag of the chart alone: the same version would do from another registry.
      expect(promotion.byVersion).toEqual(['chart']);
      const shown = 'chart 6.5.1 runs ghcr.io/acme/shop:1.9.2';
      expect(await runs()).toEqual([shown, shown]);
    },
    2 * MINUTE,
  );

  test(
    'are left alone where one of them is the same already',
    async () => {
      const next = { chart: '6.5.1', image: '1.9.3' };
      await commitDev(next);
      const { diff } = await fleet.merge(set(next));

      const marker = `# {"$promotion": "${fleet.name}:app:prod:image"}`;
      expect(diff).toEqual([
        `-    image: ghcr.io/acme/shop:1.9.2 ${marker}`,
        `+    image: ghcr.io/acme/shop:1.9.3 ${marker}`,
      ]);
      const shown = 'chart 6.5.1 runs ghcr.io/acme/shop:1.9.3';
      expect(await runs()).toEqual([shown, shown]);
    },
    2 * MINUTE,
  );
});
