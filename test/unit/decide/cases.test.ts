import { describe, expect, test } from 'bun:test';
import type { Gates, Pipeline, PipelineSpec, PullRequestRef } from '../../../src/api/pipeline.ts';
import { environmentStatus, withEnvironment, withPromotion } from '../../../src/decide/model/state.ts';
import { approve } from '../../../src/decide/observation/approve.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { nextSteps } from '../../../src/decide/promotion/next.ts';
import { foldResult } from '../../../src/decide/promotion/result.ts';
import type { PullRequestTask } from '../../../src/decide/promotion/task.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { tasksFor } from '../../../src/decide/promotion/tasks.ts';
import { absent, at, event, NOW, observed, pipeline, ready, spec } from '../../fakes/pipeline.ts';

/** Courses of events that broke something once, from dev into prod, as they went. */

const POLICY = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };
const environments = ['dev', 'prod'].map((name) => ({ name, targets: [{ namespace: name }] }));
const SETTINGS = {
  type: 'gitea',
  url: 'https://git.example.com/acme/fleet',
  baseBranch: 'main',
  secretRef: { name: 'forge' },
} as const;

function promoted(gates: Gates, change: { manual?: boolean; url?: string } = {}): Partial<PipelineSpec> {
  const { manual = false, url = SETTINGS.url } = change;
  const strategy = { 'pull-request': { ...SETTINGS, url }, secretRef: { name: 'hook' } };
  return { environments, promotion: { strategy, gates, ...(manual && { manual }) } };
}

function changed(from: Pipeline, change: Partial<PipelineSpec>): Pipeline {
  return { ...from, spec: { ...from.spec, ...change } };
}

function promotionOf({ status }: Pipeline) {
  return environmentStatus(status, 'prod').promotion;
}

function stepAt(from: Pipeline, seconds: number, forge: 'open' | undefined = undefined) {
  const pullRequests = forge ? { prod: forge } : {};
  const situation = { pipeline: from, pullRequests, requested: false, now: new Date(at(seconds)) };
  return nextSteps(situation).prod ?? { kind: 'rest' };
}

/** The Pipeline with what is decided recorded in it. */
function decided(from: Pipeline, seconds: number, forge?: 'open'): Pipeline {
  const step = stepAt(from, seconds, forge);
  if (step.kind === 'rest') return from;
  const state = withPromotion(environmentStatus(from.status, 'prod'), step.promotion);
  return { ...from, status: withEnvironment(from.status, 'prod', state) };
}

function opened(from: Pipeline, pullRequest: PullRequestRef, seconds: number): Pipeline {
  const result = { kind: 'pull-request', pullRequest } as const;
  const attempt = { environment: 'prod', revision: pullRequest.revision ?? '', result };
  return { ...from, status: foldResult(from.status, attempt, POLICY, new Date(at(seconds))) };
}

function tasksAt(from: Pipeline, seconds: number) {
  const now = new Date(at(seconds));
  return tasksFor({ pipeline: from, pullRequests: { prod: 'open' }, requested: false, now });
}

/** The Pipeline with its tasks done. */
function done(from: Pipeline, seconds: number): Pipeline {
  let { status } = from;
  for (const { tasks, ...about } of tasksAt(from, seconds)) {
    for (const task of tasks) {
      const result = { kind: 'done' } as const;
      status = foldTask(status, { ...about, task, result }, new Date(at(seconds)));
    }
  }
  return { ...from, status };
}

function pull(number: number): PullRequestRef {
  return {
    url: `https://git.example.com/acme/fleet/pulls/${number}`,
    number,
    commit: 'c0ffee',
    revision: '1.1.0',
    repository: { url: SETTINGS.url, type: 'gitea', secret: 'forge' },
    branch: 'promotion-apps-app-prod',
    base: 'main',
  };
}

describe('a revision that prod got by hand before dev reported it', () => {
  const [A, B] = [`main@sha1:${'a'.repeat(40)}`, `main@sha1:${'b'.repeat(40)}`];
  const NONE = { dev: absent, prod: absent };

  /** Nothing but events is known of both. */
  function heard(from: Pipeline, seconds: number, environment: string, revision: string): Pipeline {
    const now = new Date(at(seconds));
    const sent = event({ timestamp: at(seconds) }, revision, environment);
    const { status = from.status } = receiveEvent(from, environment, sent, now);
    return decided(observed({ ...from, status }, NONE, now), seconds);
  }

  test('ends what waits for a window in its place, and the window opens for nothing', () => {
    let from = heard(pipeline(promoted({ windows: [{ from: '20:00', to: '21:00' }] })), 0, 'dev', A);
    from = heard(from, 60, 'prod', B);
    expect(promotionOf(from)).toMatchObject({ revision: A, phase: 'Pending', heldBy: 'Window' });
    from = heard(from, 120, 'dev', B);
    expect(from.status.environments?.dev?.targets).toMatchObject([{ revision: B, ready: true }]);
    expect(promotionOf(from)).toMatchObject({ revision: A, phase: 'Superseded' });

    const opens = 8 * 3600 + 1;
    expect(stepAt(observed(from, NONE, new Date(at(opens))), opens)).toMatchObject({ kind: 'rest' });
  });
});

describe('the commit status of a pull request, while a newer revision waits', () => {
  const SUSPENDED = { suspend: true };
  const AGAIN = { suspend: false };

  /** Looks and decides, while dev runs the revision since then. */
  function looked(from: Pipeline, seconds: number, revision: string, since: number): Pipeline {
    const runs = { kind: 'application', ready: true, revision, deployedAt: at(since) } as const;
    const seen = observed(from, { dev: runs, prod: ready('1.0.0') }, new Date(at(seconds)));
    return decided(seen, seconds, promotionOf(seen)?.pullRequest && 'open');
  }

  /** 1.1.0 has pull request #7, whose gates were open at 12:00. */
  function withSeven(change: Partial<PipelineSpec>): Pipeline {
    let from = looked(pipeline(change), 0, '1.1.0', -3600);
    const by = { environment: 'prod', revision: '1.1.0', by: 'ada' };
    const status = approve(from, by, NOW);
    if (status) from = decided({ ...from, status }, 0);
    from = done(looked(opened(from, pull(7), 1), 10, '1.1.0', -3600), 10);
    expect(promotionOf(from)?.pullRequest).toMatchObject({ number: 7, checked: 'success' });
    return from;
  }

  const NOON = { windows: [{ from: '11:00', to: '13:00' }] };
  const toldAt = (from: Pipeline, seconds: number) => tasksAt(from, seconds).flatMap(({ tasks }) => tasks);
  const waits = (until: string): PullRequestTask[] => [
    { kind: 'check', state: 'pending', description: `Waits until ${until}.` },
  ];

  test('stays as its own gates say while that one soaks', () => {
    let from = withSeven(promoted({ ...NOON, soak: '30m' }));
    from = looked(from, 3000, '1.2.0', 3000);
    expect(promotionOf(from)).toMatchObject({
      revision: '1.1.0',
      phase: 'PullRequestOpen',
      pullRequest: { number: 7, checked: 'success' },
    });
    expect(toldAt(from, 3000)).toEqual([]);

    const suspended = looked(changed(from, SUSPENDED), 3100, '1.2.0', 3000);
    expect(toldAt(suspended, 3100)).toEqual(waits('the Pipeline is no longer suspended'));
    from = looked(changed(done(suspended, 3100), AGAIN), 3200, '1.2.0', 3000);
    expect(toldAt(from, 3200)).toMatchObject([{ kind: 'check', state: 'success' }]);

    from = looked(done(from, 3200), 3700, '1.2.0', 3000);
    expect(toldAt(from, 3700)).toEqual(waits('2026-11-22T11:00:00Z, when the next window of prod opens'));
  });

  test('follows its own gates while that one holds the record', () => {
    let from = withSeven(promoted(NOON, { manual: true }));
    from = looked(from, 3000, '1.2.0', 3000);
    expect(promotionOf(from)).toMatchObject({
      revision: '1.2.0',
      phase: 'WaitingApproval',
      pullRequest: { number: 7, revision: '1.1.0', checked: 'success' },
    });
    expect(toldAt(from, 3000)).toEqual([]);

    from = looked(changed(from, SUSPENDED), 3100, '1.2.0', 3000);
    expect(toldAt(from, 3100)).toEqual(waits('the Pipeline is no longer suspended'));
    from = looked(changed(done(from, 3100), AGAIN), 3200, '1.2.0', 3000);
    expect(promotionOf(from)).toMatchObject({ revision: '1.2.0', phase: 'WaitingApproval' });
    expect(toldAt(from, 3200)).toMatchObject([{ kind: 'check', state: 'success' }]);

    const newer = promoted({ ...NOON, versions: '>=1.2.0' }, { manual: true });
    from = looked(changed(done(from, 3200), newer), 3300, '1.2.0', 3000);
    expect(promotionOf(from)).toMatchObject({ revision: '1.2.0', phase: 'WaitingApproval' });
    const [reported] = toldAt(from, 3300);
    expect(reported).toMatchObject({
      state: 'pending',
      description: expect.stringContaining('1.1.0 is not in'),
    });
  });
});

describe('a pull request that is still to be closed when its repository is changed', () => {
  const OTHER = promoted({}, { url: 'https://git.example.com/acme/other' });
  const SHOP = { ...OTHER, appRef: { ...spec().appRef, name: 'shop' } };
  const runs = (from: Pipeline, dev: string, prod: string, seconds: number) =>
    observed(from, { dev: ready(dev), prod: ready(prod) }, new Date(at(seconds)));

  /** prod got something newer by hand, and the forge has been away since. */
  function pending(): Pipeline {
    const begun = decided(runs(pipeline(promoted({})), '1.1.0', '1.0.0', 0), 0);
    const open = opened(begun, pull(12), 1);
    return decided(runs(open, '1.1.0', '1.2.0', 60), 60, 'open');
  }

  test.each<[string, Partial<PipelineSpec>, string]>([
    ['alone', OTHER, '1.3.0'],
    ['together with the application', SHOP, '3.0.0'],
  ])('is closed where it is, with the reason of then (%s)', (_, change, revision) => {
    const before = pending();
    const reason = promotionOf(before)?.pullRequest?.closing;
    expect(reason).toContain('prod runs 1.2.0, which is newer than 1.1.0');

    const after = runs(changed(before, change), revision, '1.2.0', 120);
    expect(after.status.abandoned).toEqual([
      { environment: 'prod', pullRequest: { ...promotionOf(before)?.pullRequest, ...pull(12) } },
    ]);
    expect(promotionOf(after)?.pullRequest).toBeUndefined();
    expect(tasksAt(after, 120)).toMatchObject([
      {
        pullRequest: { number: 12, repository: { url: SETTINGS.url, secret: 'forge' } },
        tasks: [{ kind: 'close', reason }],
      },
    ]);
    // A person may have closed it: what comes next begins when that is known.
    expect(stepAt(after, 120)).toMatchObject({ kind: 'rest' });

    const closed = runs(done(after, 130), revision, '1.2.0', 131);
    expect([closed.status.abandoned, tasksAt(closed, 131)]).toEqual([[], []]);
    const next = stepAt(closed, 131);
    expect(next).toMatchObject({ kind: 'promote', promotion: { revision } });
    expect(next.kind === 'promote' && next.promotion.pullRequest).toBeUndefined();
  });
});
