import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** The version of a chart from a HelmRepository of type oci, and what Flux makes of it. */

const MINUTE = 60_000;

let lab: Lab;
let turnpike: Turnpike;

interface Chart {
  readonly repository: string;
  /** A line of spec.chart.spec, beside the chart and its version. */
  readonly more?: string;
  /** Of spec.chart.spec; another one is another generation of the HelmChart. */
  readonly interval?: string;
}

function manifests({ namespace, marker }: Place, chart: Chart, version: string): string {
  const { repository, more = '', interval = '1h' } = chart;
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: charts, namespace: ${namespace} }
spec:
  type: oci
  insecure: true
  interval: 1h
  url: ${lab.registry.url(repository)}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  chart:
    spec:
      chart: app
      version: ${version}${marker()}
      interval: ${interval}
${more}      sourceRef: { kind: HelmRepository, name: charts }
`;
}

async function newFleet(label: string, more = ''): Promise<{ fleet: Fleet; chart: Chart }> {
  const chart = { repository: fleetName(label), more };
  for (const version of ['1.0.0', '1.1.0']) {
    await lab.registry.pushChart({ repository: `${chart.repository}/app`, version, value: version });
  }
  const fleet = await createFleet(lab, {
    label,
    appRef: HELM_RELEASE,
    manifests: (place) => manifests(place, chart, '1.0.0'),
  });
  return { fleet, chart };
}

function versions(fleet: Fleet): Promise<string[]> {
  return fleet.read('helmrelease', 'app', '{.status.history[0].chartVersion} {.status.history[0].ociDigest}');
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a chart from a HelmRepository of type oci', () => {
  test(
    'is promoted by its version, of which Flux says no digest',
    async () => {
      const { fleet, chart } = await newFleet('chart-plain');
      await fleet.deployed('1.0.0');
      await fleet.commit(
        { 'dev/app.yaml': manifests(fleet.place('dev'), chart, '1.1.0') },
        'Use 1.1.0 in dev',
      );
      const { diff } = await fleet.merge('1.1.0');

      const marker = `# {"$promotion": "${fleet.name}:app:prod"}`;
      expect(diff).toEqual([`-      version: 1.0.0 ${marker}`, `+      version: 1.1.0 ${marker}`]);
      expect(await versions(fleet)).toEqual(['1.1.0 ', '1.1.0 ']);
      expect(await fleet.read('configmap', 'app', '{.data.value}')).toEqual(['1.1.0', '1.1.0']);
    },
    2 * MINUTE,
  );

  test(
    'has arrived where valuesFiles make another version of it on each side',
    async () => {
      const { fleet, chart } = await newFleet(
        'chart-values-files',
        '      valuesFiles: [values.yaml, values-more.yaml]\n',
      );
      await fleet.deployed('1.0.0+1');
      const dev = fleet.place('dev');
      const rebuilt = { ...chart, interval: '2h' };
      await fleet.commit({ 'dev/app.yaml': manifests(dev, rebuilt, '1.0.0') }, 'Look less often in dev');
      await waitFor('the chart in dev, built anew', async () => {
        const [version = ''] = await versions(fleet);
        return version.startsWith('1.0.0+2') ? { done: version } : { saw: version };
      });
      expect((await fleet.look()).executions).toMatchObject([{ revision: '1.0.0' }]);

      await fleet.commit({ 'dev/app.yaml': manifests(dev, rebuilt, '1.1.0') }, 'Use 1.1.0 in dev');
      const { diff } = await fleet.merge('1.1.0');

      const marker = `# {"$promotion": "${fleet.name}:app:prod"}`;
      expect(diff).toEqual([`-      version: 1.0.0 ${marker}`, `+      version: 1.1.0 ${marker}`]);
      expect(await versions(fleet)).toEqual(['1.1.0+3 ', '1.1.0+2 ']);
    },
    2 * MINUTE,
  );
});
