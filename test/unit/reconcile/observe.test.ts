import { describe, expect, test } from 'bun:test';
import type { TargetStatus } from '../../../src/api/pipeline.ts';
import type { Observation } from '../../../src/decide/observation/application.ts';
import type { ChartSource } from '../../../src/decide/observation/chart-source.ts';
import { mayBeStale } from '../../../src/decide/observation/stale.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { observe } from '../../../src/reconcile/observe.ts';
import { readerOf } from '../../fakes/application.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { at, pipeline, ready, running } from '../../fakes/pipeline.ts';

const IDENTITY = {
  clusterAppRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
  namespace: 'dev',
  ready: true,
} as const;
const RECORDED = { ...IDENTITY, revision: '1.1.0', deployedAt: at(0), seen: 'now' } as const;

function release(chartVersion: string, lastDeployed: string) {
  return {
    metadata: { generation: 1 },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      history: [{ chartVersion, status: 'deployed', lastDeployed }],
    },
  };
}

describe('what cannot be seen', () => {
  test('says which name its events need, one that no other cluster of the Pipeline has', async () => {
    const cluster = (name: string, namespace?: string) => ({
      namespace: 'podinfo',
      clusterRef: { kind: 'GitopsCluster', name, ...(namespace && { namespace }) } as const,
    });
    const environments = [
      { name: 'dev', targets: [cluster('east'), cluster('west')] },
      { name: 'prod', targets: [cluster('east', 'fleet')] },
    ];
    const reader = { read: () => Promise.reject(new TurnpikeError('ApiUnavailable', 'Away.')) };
    const { dev } = await observe(pipeline({ environments }), {
      applications: reader,
      clusters: { reader: () => reader },
      messagesOf: SHOWN,
    });
    // With --require-event-cluster, east alone would be refused: it is two clusters.
    expect(dev).toEqual([
      {
        kind: 'unreadable',
        error: 'Away. Its signed events with cluster: apps/east in their metadata are trusted.',
      },
      {
        kind: 'unreadable',
        error: 'Away. Its signed events with cluster: west in their metadata are trusted.',
      },
    ]);
  });
});

describe('what was seen', () => {
  const gone: Observation = { kind: 'absent', error: 'none' };
  const deployed = (revision: string, deployedAt: string): Observation => ({
    ...ready(revision),
    kind: 'application',
    ready: true,
    deployedAt,
  });

  test.each([
    ['another revision that was deployed before it', RECORDED, deployed('1.0.0', at(-60)), true],
    ['another revision of the same second', RECORDED, deployed('1.0.0', at(0)), true],
    ['no application any more', RECORDED, gone, true],
    ['an application that was gone', { ...RECORDED, seen: 'gone' } as const, deployed('1.1.0', at(0)), true],
    ['another revision that was deployed after it', RECORDED, deployed('1.0.0', at(60)), false],
    ['the revision that is recorded', RECORDED, deployed('1.1.0', at(-60)), false],
    ['what cannot be read', RECORDED, { kind: 'unreadable', error: 'away' } as const, false],
    ['something for the first time', { ...IDENTITY, revision: '1.1.0' }, deployed('1.0.0', at(-60)), false],
    ['something where nothing is recorded', undefined, deployed('1.0.0', at(-60)), false],
  ])('may be older than the record when it is %s', (_, recorded, seen, expected) => {
    expect(mayBeStale(recorded, seen)).toBe(expected);
  });

  test.each([undefined, { kind: 'GitopsCluster', name: 'leaf' } as const])(
    'is read once more before it takes anything back, on cluster %p',
    async (clusterRef) => {
      const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
      const environments = from.spec.environments.map((one) => ({
        ...one,
        targets: one.targets.map((target) => ({ ...target, ...(clusterRef && { clusterRef }) })),
      }));
      const recorded = Object.entries(from.status.environments ?? {}).map(([name, state]) => {
        const targets = state.targets?.map((target) => ({
          ...target,
          clusterAppRef: { ...target.clusterAppRef, ...(clusterRef && { clusterRef }) },
          deployedAt: at(0),
        }));
        return [name, { ...state, targets }];
      });
      const stored = {
        ...pipeline(),
        spec: { ...from.spec, environments },
        status: { ...from.status, environments: Object.fromEntries(recorded) },
      };
      const reads: string[] = [];
      const reader = readerOf((_, namespace, { fresh = false }) => {
        reads.push(`${namespace}${fresh ? ' fresh' : ''}`);
        return release(namespace === 'dev' && fresh ? '1.1.0' : '1.0.0', at(-60));
      });
      const seen = await observe(stored, {
        applications: reader,
        clusters: { reader: () => reader },
        messagesOf: SHOWN,
      });
      expect(seen.dev).toMatchObject([{ revision: '1.1.0' }]);
      expect(reads.toSorted()).toEqual(['dev', 'dev fresh', 'prod', 'staging']);
    },
  );

  const DIGEST = `sha256:${'0c1d2e3f4a5b6c7d'.repeat(4)}`;
  const chart = (chartRef: object) => ({
    metadata: { generation: 1 },
    spec: { chartRef },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      history: [
        { chartVersion: '6.5.1+0c1d2e3f4a5b', ociDigest: DIGEST, status: 'deployed', lastDeployed: at(-60) },
      ],
    },
  });
  /** Looks at the dev of a Pipeline; undefined: the OCIRepository cannot be asked. */
  async function lookAt(chartRef: object, recorded: Partial<TargetStatus>, tag: string | undefined) {
    const asked: string[] = [];
    const applications = {
      ...readerOf(() => chart(chartRef)),
      async tagOf({ namespace, name }: ChartSource, digest: string) {
        asked.push(`${namespace}/${name} ${digest}`);
        if (tag === undefined) throw new Error('away');
        return tag;
      },
    };
    const [environment] = pipeline().spec.environments;
    const from = pipeline(
      { environments: environment ? [environment] : [] },
      { environments: { dev: { targets: [{ ...IDENTITY, ...recorded }] } } },
    );
    const clusters = { reader: () => applications };
    const { dev } = await observe(from, { applications, clusters, messagesOf: SHOWN });
    return { seen: dev?.[0], asked };
  }
  const REF = { kind: 'OCIRepository', name: 'podinfo' };
  const FULL = { revision: '6.5.1+0c1d2e3f4a5b', fullRevision: `6.5.1@${DIGEST}` };

  test('has the tag of a chart that is new there, from its OCIRepository', async () => {
    const { seen, asked } = await lookAt(REF, { revision: '6.5.0' }, 'v6.5.1');
    expect(seen).toMatchObject({ ...FULL, tag: 'v6.5.1' });
    expect(asked).toEqual([`dev/podinfo ${DIGEST}`]);
    const elsewhere = await lookAt({ ...REF, namespace: 'flux-system' }, {}, 'v6.5.1');
    expect(elsewhere.asked).toEqual([`flux-system/podinfo ${DIGEST}`]);
  });

  test('is not looked up again where the tag is recorded, and is no tag where it cannot be', async () => {
    const known = await lookAt(REF, { ...FULL, tag: 'v6.5.1' }, 'v6.5.1');
    expect([known.asked, known.seen]).toEqual([[], expect.not.objectContaining({ tag: 'v6.5.1' })]);
    const away = await lookAt(REF, {}, undefined);
    expect(away.seen).toMatchObject({ kind: 'application', ready: true, ...FULL });
    expect(away.seen).not.toHaveProperty('tag');
    const other = await lookAt({ kind: 'HelmChart', name: 'podinfo' }, {}, 'v6.5.1');
    expect(other.asked).toEqual([]);
  });
});
