import { describe, expect, test } from 'bun:test';
import type { Pipeline } from '../../src/api/pipeline.ts';
import type { Deployment } from '../../src/api/status.ts';
import { finishedDeployments } from '../../src/decide/deployments.ts';
import { at, pipeline, withState } from '../fakes/pipeline.ts';

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
