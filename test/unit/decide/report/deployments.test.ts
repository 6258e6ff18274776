import { describe, expect, test } from 'bun:test';
import type { Deployment, Pipeline } from '../../../../src/api/pipeline.ts';
import { finishedDeployments } from '../../../../src/decide/report/deployments.ts';
import { readObject } from '../../../fakes/application.ts';
import { at, observed, pipeline, spec, withState } from '../../../fakes/pipeline.ts';

function deployed(change: Partial<Deployment> = {}): Pipeline {
  const deployment = {
    revision: '1.1.0',
    phase: 'Succeeded',
    startedAt: at(0),
    observedAt: at(90),
    source: 'webhook',
    ...change,
  } as const;
  return withState(pipeline(), 'staging', { deployment });
}

const from = { environment: 'staging', startedAt: at(0) };

describe('a deployment that took its time', () => {
  test.each([
    ['ends with the event that tells of it', {}, { phase: 'Progressing' }, [{ ...from, endedAt: at(90) }]],
    ['ends when it is seen', { source: 'watch' }, { phase: 'Progressing' }, [from]],
    ['may be one that failed before', {}, { phase: 'Failed' }, [{ ...from, endedAt: at(90) }]],
    ['may be of another revision', {}, { revision: '1.0.0' }, [{ ...from, endedAt: at(90) }]],
    ['may be the second one of its revision', {}, { startedAt: at(-500) }, [{ ...from, endedAt: at(90) }]],
    ['is counted once', { message: 'again', observedAt: at(600) }, {}, []],
    ['is not over while it goes on', { phase: 'Progressing' }, { phase: 'Failed' }, []],
    ['has not succeeded when it failed', { phase: 'Failed' }, { phase: 'Progressing' }, []],
  ] as const)('%s', (_, now, before, expected) => {
    expect(finishedDeployments(deployed(now), deployed(before).status)).toEqual([...expected]);
  });

  test('is none where nobody saw its begin', () => {
    const { startedAt: _, ...unseen } = deployed().status.environments?.staging?.deployment ?? {};
    const now = withState(pipeline(), 'staging', { deployment: unseen as Deployment });
    expect(finishedDeployments(now, {})).toEqual([]);
  });
});

describe('a deployment that is watched', () => {
  interface Release {
    readonly looked?: number;
    readonly status?: 'True' | 'Unknown';
    readonly attempts?: string;
    readonly runs?: string;
    readonly since?: number;
  }
  /** A HelmRelease of generation 2. */
  const release = ({ looked = 2, status = 'True', attempts, runs = '1.0.0', since = -600 }: Release) =>
    readObject(spec().appRef, {
      metadata: { generation: 2 },
      status: {
        observedGeneration: looked,
        conditions: [{ type: 'Ready', status, reason: 'Progressing', observedGeneration: looked }],
        history: [{ chartVersion: runs, status: 'deployed', lastDeployed: at(since) }],
        lastAttemptedRevision: attempts ?? runs,
      },
    });
  /** What is recorded of it after these looks, each so many seconds from NOW. */
  const watched = (...looks: readonly (readonly [seconds: number, Release])[]) =>
    looks.reduce(
      (from, [seconds, seen]) => observed(from, { staging: release(seen) }, new Date(at(seconds))),
      observed(pipeline(), { staging: release({}) }),
    );
  const deploymentOf = ({ status }: Pipeline) => status.environments?.staging?.deployment;
  const CHANGED = [60, { looked: 1 }] as const;

  test('begins with the new generation, before Flux has looked at that', () => {
    const from = watched(CHANGED);
    expect(deploymentOf(from)).toMatchObject({ revision: '1.0.0', phase: 'Progressing', startedAt: at(60) });
    const more = watched(CHANGED, [65, { status: 'Unknown', attempts: '1.1.0' }]);
    expect(deploymentOf(more)).toMatchObject({ revision: '1.1.0', phase: 'Progressing', startedAt: at(60) });
  });

  test.each<[string, Release, Partial<Deployment>]>([
    ['another revision', { runs: '1.1.0', since: 115 }, { revision: '1.1.0', observedAt: at(115) }],
    ['other values', { since: 115 }, { revision: '1.0.0', observedAt: at(115) }],
  ])('ends as it has begun when the new generation brings %s', (_, seen, deployment) => {
    const before = watched(CHANGED);
    const after = watched(CHANGED, [120, seen]);
    expect(deploymentOf(after)).toMatchObject({ ...deployment, phase: 'Succeeded', startedAt: at(60) });
    expect(finishedDeployments(after, before.status)).toEqual([
      { environment: 'staging', startedAt: at(60) },
    ]);
  });
});
