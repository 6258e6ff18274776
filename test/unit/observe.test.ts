import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../src/api/errors.ts';
import type { Observation } from '../../src/decide/application.ts';
import { mayBeStale } from '../../src/decide/stale.ts';
import { observe } from '../../src/reconcile/observe.ts';
import { SHOWN } from '../fakes/namespaces.ts';
import { at, pipeline, ready, running } from '../fakes/pipeline.ts';

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
        error: 'Away. Its signed events with cluster: apps/east in their metadata are believed.',
      },
      {
        kind: 'unreadable',
        error: 'Away. Its signed events with cluster: west in their metadata are believed.',
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
      const reader = {
        async read(_: unknown, namespace: string, fresh = false) {
          reads.push(`${namespace}${fresh ? ' fresh' : ''}`);
          return release(namespace === 'dev' && fresh ? '1.1.0' : '1.0.0', at(-60));
        },
      };
      const seen = await observe(stored, {
        applications: reader,
        clusters: { reader: () => reader },
        messagesOf: SHOWN,
      });
      expect(seen.dev).toMatchObject([{ revision: '1.1.0' }]);
      expect(reads.toSorted()).toEqual(['dev', 'dev fresh', 'prod', 'staging']);
    },
  );
});
