import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Execution,
  MAX_EXECUTIONS,
  type Pipeline,
  type PromotionStatus,
} from '../../../../src/api/pipeline.ts';
import { newerThere } from '../../../../src/decide/model/revision.ts';
import { withEnvironment, withPromotion } from '../../../../src/decide/model/state.ts';
import { nextSteps } from '../../../../src/decide/promotion/next.ts';
import { foldExecutions } from '../../../../src/decide/report/executions.ts';
import { endedPromotions } from '../../../../src/decide/report/transitions.ts';
import { createReporter } from '../../../../src/reconcile/report.ts';
import { createMetrics } from '../../../../src/telemetry/metrics.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { longPipeline, longRevision } from '../../../fakes/long-pipeline.ts';
import { at, look, NOW, pipeline, spec, withState } from '../../../fakes/pipeline.ts';

const plain = (seconds: number) => at(seconds).replace('.000Z', 'Z');

function promote(from: Pipeline, environment: string, promotion: PromotionStatus, seconds: number): Pipeline {
  const status = withState(from, environment, { promotion: { updatedAt: at(seconds), ...promotion } }).status;
  return { ...from, status: foldExecutions({ ...from, status }, new Date(at(seconds))) };
}

function executionsOf(from: Pipeline): readonly Execution[] {
  return from.status.executions ?? [];
}

function outcomes(from: Pipeline): string[] {
  return executionsOf(from).map(({ revision, outcome }) => `${revision} ${outcome}`);
}

/** What the reconciler would write. */
function decided(from: Pipeline, seconds: number): Pipeline {
  const now = new Date(at(seconds));
  let next = from;
  const steps = nextSteps({ pipeline: from, pullRequests: {}, requested: false, now });
  for (const [name, step] of Object.entries(steps)) {
    if (step.kind === 'rest') continue;
    const state = from.status.environments?.[name] ?? {};
    if (step.kind === 'promote') expect(newerThere(step.promotion.revision, state)).toBeUndefined();
    const status = withEnvironment(next.status, name, withPromotion(state, step.promotion));
    next = { ...next, status: foldExecutions({ ...next, status }, now) };
  }
  return next;
}

describe('the executions', () => {
  test('show when a revision was promoted and deployed in each environment', () => {
    let from = look(pipeline(), { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 0);
    from = promote(from, 'staging', { revision: '1.1.0', phase: 'PullRequestOpen' }, 10);
    from = look(from, { dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' }, 60);
    from = promote(from, 'staging', { revision: '1.1.0', phase: 'Succeeded' }, 60);
    expect(outcomes(from)[0]).toBe('1.1.0 InProgress');
    from = promote(from, 'prod', { revision: '1.1.0', phase: 'PullRequestOpen' }, 61);
    from = look(from, { dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' }, 90);
    expect(executionsOf(from)[0]).toEqual({
      revision: '1.1.0',
      startedAt: plain(0),
      outcome: 'Succeeded',
      environments: {
        dev: { deployedAt: plain(0) },
        staging: { promotedAt: plain(10), deployedAt: plain(60) },
        prod: { promotedAt: plain(61), deployedAt: plain(90) },
      },
    });
  });

  test('are not changed by looking again', () => {
    const first = look(pipeline(), { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 0);
    const promoted = promote(first, 'staging', { revision: '1.1.0', phase: 'PullRequestOpen' }, 10);
    const again = foldExecutions(promoted, new Date(at(500)));
    expect(again).toEqual(promoted.status);
    expect(foldExecutions({ ...promoted, status: again }, new Date(at(900)))).toEqual(again);
  });

  test('come newest first, and one a revision', () => {
    let from = pipeline();
    for (const [index, revision] of ['1.0.0', '1.1.0', '1.0.0', '1.2.0'].entries()) {
      from = look(from, { dev: revision }, index * 60);
    }
    expect(executionsOf(from).map(({ revision }) => revision)).toEqual(['1.2.0', '1.1.0', '1.0.0']);
    expect(executionsOf(from)[1]?.environments.dev?.rolledBackAt).toBe(plain(120));
    expect(executionsOf(from)[2]?.environments.dev?.deployedAt).toBe(plain(120));
  });

  const runs = { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' };
  const one = look(pipeline(), runs, 0);
  const rows: [outcome: string, from: Pipeline][] = [
    ['InProgress', one],
    ['InProgress', promote(one, 'staging', { revision: '1.1.0', phase: 'WaitingApproval' }, 1)],
    ['Succeeded', look(one, { dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' }, 60)],
    ['Failed', promote(one, 'staging', { revision: '1.1.0', phase: 'Failed' }, 1)],
    ['Rejected', promote(one, 'staging', { revision: '1.1.0', phase: 'Rejected' }, 1)],
    ['Superseded', promote(one, 'staging', { revision: '1.1.0', phase: 'Superseded' }, 1)],
    ['Superseded', look(one, { ...runs, dev: '1.2.0' }, 60)],
    ['RolledBack', look(look(pipeline(), { ...runs, dev: '1.0.0' }, -60), runs, 0)],
  ];
  test.each(rows)('end or go on as %s', (outcome, from) => {
    const seen = outcome === 'RolledBack' ? look(from, { ...runs, dev: '1.0.0' }, 60) : from;
    expect(outcomes(seen)).toContain(`1.1.0 ${outcome}`);
  });

  test('of a pipeline with one environment end there', () => {
    const single = pipeline({ environments: [{ name: 'dev', targets: [{ namespace: 'dev' }] }] });
    expect(outcomes(look(single, { dev: '1.0.0' }, 0))).toEqual(['1.0.0 Succeeded']);
  });

  test('know the order of deployments though clocks differ', () => {
    const ahead = { revision: '1.1.0', phase: 'Succeeded', observedAt: at(500), source: 'webhook' } as const;
    const first = withState(look(pipeline(), { dev: '1.1.0' }, 0), 'dev', { deployment: ahead });
    const fresh = { ...first, status: { ...first.status, executions: [] } };
    const reported = { ...fresh, status: foldExecutions(fresh, NOW) };
    const next = look(look(reported, { dev: '1.2.0' }, 60), { dev: '1.2.0' }, 120);
    expect(outcomes(next)).toEqual(['1.2.0 InProgress', '1.1.0 Superseded']);
  });

  test('are the same however often they are folded, and decide on no downgrade', () => {
    const version = fc.constantFrom('1.0.0', '1.1.0', '1.2.0', '2.0.0-rc.1', '2.0.0');
    const sight = fc.record({ dev: version, staging: version, prod: version });
    const sights = fc.array(sight, { maxLength: 15 });
    fc.assert(
      fc.property(sights, (all) => {
        let from = pipeline();
        for (const [index, seen] of all.entries()) {
          from = look(from, seen, index * 60);
          expect(foldExecutions(from, new Date(at(9999)))).toEqual(from.status);
          from = decided(from, index * 60);
          expect(executionsOf(from).length).toBeLessThanOrEqual(MAX_EXECUTIONS);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('know an environment by its own name only', () => {
    const odd = ['constructor', 'toString'].map((name) => ({ name, targets: [{ namespace: name }] }));
    const seen = look(pipeline({ environments: odd }), { constructor: '1.0.0', toString: '0.9.0' }, 0);
    expect(outcomes(seen)).toEqual(['1.0.0 InProgress', '0.9.0 Succeeded']);
  });

  test('forget environments that the spec has no more', () => {
    const fewer = { ...one, spec: { ...one.spec, environments: spec().environments.slice(0, 1) } };
    const seen = look(fewer, { dev: '1.1.0' }, 60);
    expect(outcomes(seen)).toEqual(['1.1.0 Succeeded']);
    expect(Object.keys(seen.status.environments ?? {})).toEqual(['dev']);
  });

  test('are at most ten, and what is in use is among them', () => {
    let from = look(pipeline(), { dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' }, 0);
    from = promote(from, 'staging', { revision: '1.1.0', phase: 'PullRequestOpen' }, 1);
    for (let minor = 2; minor < 30; minor += 1) from = look(from, { ...OLD, dev: `1.${minor}.0` }, minor);
    const revisions = executionsOf(from).map(({ revision }) => revision);
    expect(revisions).toHaveLength(MAX_EXECUTIONS);
    expect(revisions[0]).toBe('1.29.0');
    expect(revisions).toContain('1.0.0');
    expect(revisions).toContain('1.1.0');
  });
});

const OLD = { staging: '1.0.0', prod: '1.0.0' };

describe('the size of a pipeline', () => {
  test('stays under 10 KB with five environments, long names and as many executions as there is room for', () => {
    const from = longPipeline();
    const bytes = new TextEncoder().encode(JSON.stringify(from)).length;
    expect(bytes).toBeLessThan(10_000);
    expect(executionsOf(from).length).toBeGreaterThanOrEqual(2);
    expect(outcomes(from)[0]).toBe(`${longRevision(39)} Succeeded`);
  });

  test('leaves room for ten executions in three environments', () => {
    let from = pipeline();
    for (let minor = 0; minor < 20; minor += 1) {
      const version = `1.${minor}.0`;
      from = look(from, { dev: version, staging: version, prod: version }, minor * 60);
      for (const name of ['staging', 'prod']) {
        from = promote(from, name, { revision: version, phase: 'Succeeded' }, minor * 60);
      }
    }
    expect(executionsOf(from)).toHaveLength(10);
    expect(JSON.stringify(from).length).toBeLessThan(10_000);
  });
});

describe('the duration of a promotion', () => {
  const before = look(pipeline(), { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 0);
  const open = promote(before, 'staging', { revision: '1.1.0', phase: 'PullRequestOpen' }, 10);
  const done = promote(
    look(open, { dev: '1.2.0', staging: '1.1.0', prod: '1.0.0' }, 60),
    'staging',
    { revision: '1.1.0', phase: 'Succeeded' },
    60,
  );

  test('is counted from the deployment, also when a newer revision has come since', () => {
    expect(endedPromotions(done, open.status)).toMatchObject([{ environment: 'staging', since: plain(0) }]);
  });

  test('is not cut short by a later report of the same deployment', () => {
    const reported = withState(done, 'dev', {
      deployment: { revision: '1.1.0', phase: 'Succeeded', observedAt: at(50), source: 'webhook' },
    });
    expect(endedPromotions(reported, open.status)).toMatchObject([{ since: plain(0) }]);
  });

  async function replica() {
    const metrics = createMetrics();
    const { log } = createFakeLog();
    const reporter = createReporter({
      emit: async () => undefined,
      metrics,
      log,
      now: () => new Date(at(60)),
    });
    const observations = async () => {
      const text = await metrics.registry.metrics();
      const of = (name: string) =>
        Number(new RegExp(`^turnpike_promotion_duration_seconds${name}.* (.+)$`, 'm').exec(text)?.[1] ?? 0);
      return { count: of('_count'), sum: of('_sum') };
    };
    return { reporter, observations };
  }

  test('is observed by the writer of its success, and by no other', async () => {
    const [first, second] = [await replica(), await replica()];
    first.reporter.changed(open, before.status);
    first.reporter.changed(done, open.status);
    expect(await first.observations()).toEqual({ count: 1, sum: 60 });
    // A process that is started again, or takes over, reads what is written already.
    second.reporter.changed(done, done.status);
    const later = { ...done, status: { ...done.status, observedGeneration: 2 } };
    second.reporter.changed(later, done.status);
    expect(await second.observations()).toEqual({ count: 0, sum: 0 });
  });

  test('is at least nothing', async () => {
    const { reporter, observations } = await replica();
    const executions = done.status.executions?.map((one) => {
      return { ...one, environments: { ...one.environments, dev: { deployedAt: at(500) } } };
    });
    const future = { ...done, status: { ...done.status, executions } };
    reporter.changed(future, open.status);
    expect(await observations()).toEqual({ count: 1, sum: 0 });
    expect(NOW.getTime()).toBeLessThan(Date.parse(at(500)));
  });
});

test('a failure that is seen again keeps the time of the first', () => {
  const environments = { dev: { deployedAt: plain(0) } };
  const known = { revision: '1.1.0', startedAt: plain(0), outcome: 'InProgress', environments } as const;
  const failed = (from: Pipeline, seconds: number): Pipeline => {
    const source = 'watch' as const;
    const deployment = { revision: '1.1.0', phase: 'Failed', observedAt: at(seconds), source } as const;
    const { status } = withState(from, 'dev', { deployment });
    return { ...from, status: foldExecutions({ ...from, status }, new Date(at(seconds))) };
  };
  const base = pipeline();
  const once = failed({ ...base, status: { ...base.status, executions: [known] } }, 10);
  for (const one of [once, failed(once, 20)]) {
    expect(executionsOf(one)[0]?.environments.dev?.failedAt).toBe(plain(10));
  }
});
