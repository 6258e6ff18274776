import { describe, expect, test } from 'bun:test';
import type { EnvironmentStatus, PipelineSpec, PipelineStatus } from '../../../../src/api/pipeline.ts';
import { withPromotion } from '../../../../src/decide/model/state.ts';
import { leastStatusBytes, MAX_STATUS_BYTES } from '../../../../src/decide/model/status-size.ts';
import { bounded } from '../../../../src/decide/report/bounded.ts';
import { foldExecutions } from '../../../../src/decide/report/executions.ts';
import { sizeProblems } from '../../../../src/decide/validation/schema/size.ts';
import { at, NOW, pipeline, spec } from '../../../fakes/pipeline.ts';

/** `length` characters that end in a number, so that they differ. */
function long(length: number, number = 0): string {
  return `${number}`.padStart(length, 'x');
}

interface Size {
  readonly environments: number;
  readonly targets: number;
  /** Of the names of objects. */
  readonly names: number;
}

function specOf({ environments, targets, names }: Size): PipelineSpec {
  const { promotion } = spec();
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const all = Array.from({ length: environments }, (_, environment) => ({
    name: long(63, environment),
    targets: Array.from({ length: targets }, (_, target) => ({
      namespace: long(63, target),
      clusterRef: { kind: 'GitopsCluster' as const, name: long(names, target), namespace: long(63) },
    })),
  }));
  const appRef = { apiVersion: `${long(30)}/v1`, kind: 'HelmRelease', name: long(names) };
  return spec({ appRef, environments: all });
}

/** Everything as long as it may be, of clusters that are away. */
function worst({ appRef, environments }: PipelineSpec): PipelineStatus {
  const states = environments.map(({ name, targets }, index): [string, EnvironmentStatus] => {
    const state: EnvironmentStatus = {
      targets: targets.map(({ namespace, clusterRef }) => ({
        clusterAppRef: { ...appRef, ...(clusterRef && { clusterRef }) },
        namespace,
        ready: false,
        revision: long(512, index),
        error: long(1000),
        observedAt: at(0),
        seen: 'before',
      })),
      deployment: {
        revision: long(512, index),
        phase: 'Succeeded',
        message: long(1000),
        startedAt: at(0),
        observedAt: at(0),
        source: 'webhook',
      },
      rejected: Array.from({ length: 50 }, (_, number) => ({
        revision: long(512, 1000 + number),
        at: at(0),
        by: 'pull request #100000',
      })),
    };
    return [name, withPromotion(state, promotion(index))];
  });
  return { environments: Object.fromEntries(states) };
}

function promotion(index: number) {
  const repository = { url: 'https://git.example.com/acme/fleet', type: 'gitea', secret: 'forge' } as const;
  const pullRequest = {
    url: long(1024),
    number: 100_000,
    revision: long(512, index),
    repository,
    branch: long(160),
    base: 'main',
    changedAt: at(0),
    commit: long(64),
    pushedAt: at(0),
    rebuiltAt: at(0),
    others: true,
    checked: 'pending',
    scheduled: true,
  } as const;
  const failure = { message: long(1000), since: at(0), retry: 'backoff' } as const;
  const times = { nextAttemptAt: at(0), startedAt: at(0), updatedAt: at(0), approvedBy: long(100) };
  const message = long(1000);
  return {
    revision: long(512, index),
    phase: 'WaitingApproval',
    attempts: 9,
    ...times,
    message,
    failure,
    pullRequest,
  } as const;
}

const SIZES: readonly Size[] = [
  { environments: 3, targets: 50, names: 253 },
  { environments: 5, targets: 50, names: 30 },
  { environments: 45, targets: 2, names: 60 },
  { environments: 20, targets: 10, names: 100 },
];

describe('the status of a very large Pipeline', () => {
  test.each(SIZES)('that admission lets in stays below 400 KB: %p', (size) => {
    const large = specOf(size);
    expect(leastStatusBytes(large, 'apps-app')).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    const from = { ...pipeline(), spec: large, status: worst(large) };
    const status = bounded(large, foldExecutions(from, NOW));
    expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(MAX_STATUS_BYTES);
    expect(bounded(large, status)).toEqual(status);
    for (const state of Object.values(status.environments ?? {})) {
      expect(state.promotion?.pullRequest?.number).toBe(100_000);
      expect(state.rejected?.[0]?.revision).toBeString();
    }
  });

  test('is let in up to the last byte', () => {
    const base = specOf({ environments: 5, targets: 50, names: 30 });
    const names = { namespace: 'apps', name: 'app' };
    const grown = (bytes: number): PipelineSpec => {
      const [first, ...others] = base.environments;
      if (!first) throw new Error('the test needs an environment');
      const [target, ...more] = first.targets;
      if (!target) throw new Error('the test needs a target');
      const longer = { ...target, namespace: target.namespace + 'x'.repeat(bytes) };
      return { ...base, environments: [{ ...first, targets: [longer, ...more] }, ...others] };
    };
    const room = MAX_STATUS_BYTES - leastStatusBytes(base, 'apps-app');
    expect(sizeProblems(grown(room), names)).toEqual([]);
    expect(sizeProblems(grown(room + 1), names)).toMatchObject([{ rule: 'status-size' }]);
  });

  test('that is of a usual size is left as it is', () => {
    const usual = specOf({ environments: 3, targets: 3, names: 20 });
    const status = worst(usual);
    expect(bounded(usual, status)).toBe(status);
  });

  test('has room for the names of the Secrets that are recorded with a pull request', () => {
    const usual = specOf({ environments: 3, targets: 3, names: 20 });
    const { promotion } = usual;
    const settings = promotion?.strategy['pull-request'];
    if (!promotion || !settings) throw new Error('the test needs a strategy');
    const named = { certSecretRef: { name: long(253) }, proxySecretRef: { name: long(253) } };
    const strategy = { ...promotion.strategy, 'pull-request': { ...settings, ...named } };
    const more = leastStatusBytes({ ...usual, promotion: { ...promotion, strategy } }, 'apps-app');
    const recorded = JSON.stringify({ certSecret: long(253), proxySecret: long(253) }).length;
    expect(more - leastStatusBytes(usual, 'apps-app')).toBeGreaterThanOrEqual(3 * recorded);
  });

  test.each([
    { environments: 50, targets: 50, names: 20 },
    { environments: 10, targets: 50, names: 20 },
    { environments: 50, targets: 5, names: 253 },
  ])('that would not fit is kept out: %p', (size) => {
    expect(leastStatusBytes(specOf(size), 'apps-app')).toBeGreaterThan(MAX_STATUS_BYTES);
  });
});

test('a longer namespace takes as much more of a status', () => {
  const usual = spec();
  const [first] = usual.environments;
  if (!first) throw new Error('the test needs an environment');
  const sizeIn = (namespace: string) =>
    leastStatusBytes({ ...usual, environments: [{ ...first, targets: [{ namespace }] }] }, 'apps-app');
  expect(sizeIn('apps-long') - sizeIn('apps')).toBe('-long'.length);
});
