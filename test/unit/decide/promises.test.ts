import { describe, expect, test } from 'bun:test';
import type {
  Gates,
  Pipeline,
  PipelineSpec,
  PromotionStatus,
  PullRequestRef,
} from '../../../src/api/pipeline.ts';
import { entryOf, withEnvironment, withPromotion } from '../../../src/decide/model/state.ts';
import type { Observation } from '../../../src/decide/observation/application.ts';
import { approve } from '../../../src/decide/observation/approve.ts';
import { foldObservations } from '../../../src/decide/observation/fold.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { type Decision, nextSteps, type PullRequestState } from '../../../src/decide/promotion/next.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { tasksFor } from '../../../src/decide/promotion/tasks.ts';
import { readObject } from '../../fakes/application.ts';
import {
  absent,
  at,
  event,
  eventsOnly,
  NOW,
  observed,
  pipeline,
  ready,
  running,
  spec,
  unready,
  withState,
} from '../../fakes/pipeline.ts';

/** Promises that hold in every order of events, each by the order that broke it once. */

interface Look {
  readonly forge?: PullRequestState;
  readonly into?: string;
  readonly seconds?: number;
  readonly requested?: boolean;
}

function decide(from: Pipeline, { forge, into = 'staging', seconds = 0, requested = false }: Look = {}) {
  const now = new Date(at(seconds));
  const situation = { pipeline: from, pullRequests: forge ? { [into]: forge } : {}, requested, now };
  return nextSteps(situation)[into] ?? { kind: 'rest' };
}

/** The Pipeline with what was decided recorded in it. */
function decided(from: Pipeline, look: Look = {}): Pipeline {
  const { into = 'staging' } = look;
  return recorded(from, into, decide(from, look));
}

function recorded(from: Pipeline, into: string, step: Decision): Pipeline {
  const before = from.status.environments?.[into] ?? {};
  const state = step.rejected ? { ...before, rejected: [...step.rejected] } : before;
  const next = step.kind === 'rest' ? state : withPromotion(state, step.promotion);
  return { ...from, status: withEnvironment(from.status, into, next) };
}

function heard(
  from: Pipeline,
  revision: string,
  seconds: number,
  change: Parameters<typeof event>[0] = {},
): Pipeline {
  const now = new Date(at(seconds));
  const { namespace = 'dev', ...rest } = change as { namespace?: string };
  const sent = event({ timestamp: now.toISOString(), ...rest }, revision, namespace);
  const { status = from.status } = receiveEvent(from, 'dev', sent, now);
  return observed({ ...from, status }, {}, now);
}

function seen(from: Pipeline, runs: Readonly<Record<string, string>>, seconds = 0): Pipeline {
  const observations = Object.entries(runs).map(([name, revision]) => [name, ready(revision)] as const);
  return observed(from, Object.fromEntries(observations), new Date(at(seconds)));
}

const PULL: PullRequestRef = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee', revision: '1.1.0' };
const OPEN: PromotionStatus = {
  revision: '1.1.0',
  phase: 'PullRequestOpen',
  pullRequest: PULL,
  updatedAt: at(-60),
};

function opened(change: Partial<PipelineSpec> = {}, promotion: Partial<PromotionStatus> = {}): Pipeline {
  const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, change);
  return withState(from, 'staging', { promotion: { ...OPEN, ...promotion } });
}

function gated(gates: Gates, change: { manual?: boolean; merge?: 'auto' } = {}): Partial<PipelineSpec> {
  const promotion = structuredClone(spec().promotion);
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const { manual, merge } = change;
  const strategy = { ...promotion.strategy, 'pull-request': { ...settings, ...(merge && { merge }) } };
  return { promotion: { ...promotion, strategy, gates, ...(manual && { manual }) } };
}

describe('a rollback that only events report', () => {
  const versions = ['1.1.0', '1.2.0', '1.1.0'] as const;
  const commits = ['a', 'b', 'a'].map((one) => `main@sha1:${one.repeat(40)}`);

  test.each([
    ['soaks', versions, gated({ soak: '10m' })],
    ['soaks', commits, gated({ soak: '10m' })],
    ['waits for a window', versions, gated({ windows: [{ from: '01:00', to: '02:00' }] })],
    ['waits for an approval', versions, gated({}, { manual: true })],
  ] as const)('ends what %s (%p)', (_, [first = '', second = '', back = ''], change) => {
    let from = eventsOnly({ dev: first, staging: first, prod: first }, change);
    from = decided(heard(from, second, 60), { seconds: 60 });
    expect(from.status.environments?.staging?.promotion?.revision).toBe(second);
    from = decided(heard(from, back, 120), { seconds: 120 });
    expect(from.status.environments?.dev?.deployment?.revision).toBe(back);
    for (const seconds of [121, 3600, 86_400]) {
      expect(decide(observed(from, {}, new Date(at(seconds))), { seconds }).kind).not.toBe('promote');
    }
  });

  test('closes the pull request that is open, and merges none by itself', () => {
    const from = withState(
      eventsOnly({ dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' }, gated({}, { merge: 'auto' })),
      'staging',
      {},
    );
    const ahead = withState(heard(from, '1.1.0', 10), 'staging', { promotion: OPEN });
    const back = decided(heard(ahead, '1.0.0', 20), { forge: 'open', seconds: 20 });
    expect(back.status.environments?.staging?.promotion).toMatchObject({
      phase: 'Superseded',
      pullRequest: { number: 7, closing: expect.stringContaining('1.1.0 was rolled back in dev') },
    });
    const situation = {
      pipeline: back,
      pullRequests: { staging: 'open' as const },
      requested: false,
      now: NOW,
    };
    expect(tasksFor(situation).map(({ tasks }) => tasks.map(({ kind }) => kind))).toEqual([['close']]);
  });
});

describe('a rollback whose events overtake each other', () => {
  test('sticks where the event of what was rolled back comes last', () => {
    let from = eventsOnly({ dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' });
    from = heard(heard(from, '1.1.0', 0), '1.1.0', 180);
    from = heard(from, '1.2.0', 200, { timestamp: at(100) });
    expect(from.status.environments?.dev?.targets).toMatchObject([{ revision: '1.1.0', ready: true }]);
    expect(decide(from, { seconds: 200 }).kind).toBe('rest');
  });
});

describe('what comes again while only events are written down', () => {
  const windows = gated({ windows: [{ from: '01:00', to: '02:00' }] }, { manual: true });

  /** As the webhook writes it: nothing is reconciled in between. */
  function reported(from: Pipeline, revision: string, seconds: number): Pipeline {
    const now = new Date(at(seconds));
    const { status } = receiveEvent(from, 'dev', event({ timestamp: at(seconds) }, revision), now);
    return { ...from, status: status ?? from.status };
  }

  function approved(revision: string, change: Partial<PipelineSpec> = windows): Pipeline {
    const from = eventsOnly({ dev: revision, staging: '1.0.0', prod: '1.0.0' }, change);
    const promotion = { revision, phase: 'Pending', approvedBy: 'ada', updatedAt: at(0) } as const;
    return withState(observed(from, {}), 'staging', { promotion });
  }

  test('is to be approved once more', () => {
    const from = reported(reported(approved('1.1.0'), '1.0.0', 70), '1.1.0', 140);
    expect(from.status.environments?.staging?.promotion).toMatchObject({ phase: 'WaitingApproval' });
    expect(from.status.environments?.staging?.promotion?.approvedBy).toBeUndefined();
  });

  test('takes the open pull request with it', () => {
    const open = withState(approved('1.1.0'), 'staging', { promotion: { ...OPEN, approvedBy: 'ada' } });
    const back = reported(open, '1.0.0', 70);
    expect(back.status.environments?.staging?.promotion).toMatchObject({
      phase: 'Superseded',
      pullRequest: { number: 7, closing: expect.stringContaining('rolled back in dev') },
    });
    expect(reported(back, '1.1.0', 140).status.environments?.staging?.promotion).toMatchObject({
      phase: 'WaitingApproval',
      pullRequest: { number: 7, revision: '1.1.0' },
    });
  });

  test.each([
    ['push', 'Promoting', { push: { url: 'https://f/fleet', branch: 'main', secretRef: { name: 'forge' } } }],
    ['notification', 'Pending', { notification: {} }],
  ] as const)('ends nothing that is being carried out (%s)', (_, phase, strategy) => {
    const from = approved('1.1.0', { promotion: { strategy } } as Partial<PipelineSpec>);
    const promotion = { revision: '1.1.0', phase, attempts: 1, updatedAt: at(0) } as const;
    const after = reported(withState(from, 'staging', { promotion }), '1.0.0', 70);
    expect(after.status.environments?.staging?.promotion).toEqual(promotion);
    expect(after.status.environments?.dev?.deployment).toMatchObject({ revision: '1.0.0' });
  });

  test('keeps its approval where what came in between may not pass', () => {
    const change = gated({ versions: '<2.0.0', windows: [{ from: '01:00', to: '02:00' }] }, { manual: true });
    const from = reported(reported(approved('1.1.0', change), '2.0.0', 70), '1.1.0', 140);
    expect(from.status.environments?.staging?.promotion).toMatchObject({ approvedBy: 'ada' });
  });

  test('ends where the environment got there and went back meanwhile', () => {
    const pending = { revision: '1.1.0', phase: 'Pending', updatedAt: at(0) } as const;
    const before = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    let from = withState(before, 'staging', { promotion: pending });
    for (const [revision, seconds] of [
      ['1.1.0', 60],
      ['1.0.0', 120],
    ] as const) {
      from = observed(from, { dev: ready('1.1.0'), staging: ready(revision) }, new Date(at(seconds)));
    }
    expect(decide(from, { seconds: 130 })).toMatchObject({
      promotion: { phase: 'Superseded', message: expect.stringContaining('ran 1.1.0 before and moved on') },
    });
    const reopened = withState(from, 'staging', { promotion: { ...OPEN, updatedAt: at(125) } });
    expect(decide(reopened, { seconds: 130 })).toMatchObject({ kind: 'rest' });
    const atOnce = withState(from, 'staging', { promotion: { ...OPEN, updatedAt: at(120) } });
    expect(decide(atOnce, { seconds: 130 })).toMatchObject({ promotion: { phase: 'Superseded' } });
  });

  test('goes on where one of several targets was there and went back', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'dev' }] },
      { name: 'staging', targets: [{ namespace: 'staging-a' }, { namespace: 'staging-b' }] },
      { name: 'prod', targets: [{ namespace: 'prod' }] },
    ];
    const any = { ...gated({ targets: 'any' }), environments };
    const look = (before: Pipeline, first: string, seconds: number) =>
      observed(
        before,
        { dev: ready('1.2.0'), staging: [ready(first), ready('1.1.0')], prod: ready('1.1.0') },
        new Date(at(seconds)),
      );
    const promotion = { ...OPEN, revision: '1.2.0', pullRequest: { ...PULL, revision: '1.2.0' } };
    let from = withState(look(pipeline(any), '1.1.0', 0), 'staging', { promotion });
    from = look(look(from, '1.2.0', 60), '1.1.0', 120);
    expect(decide(from, { seconds: 130 })).toMatchObject({ kind: 'rest' });
  });
});

describe('a no', () => {
  const rejected = () => decided(opened(), { forge: 'closed' });

  test('is remembered apart from the promotion', () => {
    expect(rejected().status.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'Rejected' },
      rejected: [{ revision: '1.1.0', at: NOW.toISOString(), by: 'pull request #7' }],
    });
  });

  test('is kept when a newer revision is rolled back to the one that was rejected', () => {
    let from = seen(rejected(), { dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' }, 60);
    from = decided(from, { seconds: 60 });
    expect(from.status.environments?.staging?.promotion).toMatchObject({ revision: '1.2.0' });
    from = withState(from, 'staging', {
      promotion: { ...OPEN, revision: '1.2.0', pullRequest: { ...PULL, number: 8, revision: '1.2.0' } },
    });
    from = seen(from, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 120);
    expect(decide(from, { forge: 'open', seconds: 120 })).toMatchObject({
      kind: 'record',
      promotion: {
        revision: '1.1.0',
        phase: 'Rejected',
        message: expect.stringContaining('1.1.0 was rejected for staging at'),
        pullRequest: { number: 8, closing: expect.any(String) },
      },
    });
  });

  test('holds for the environment that it was said for alone', () => {
    const from = seen(rejected(), { dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' }, 60);
    expect(decide(from, { into: 'prod', seconds: 60 })).toMatchObject({ kind: 'promote' });
  });

  test('is to the revision that the pull request brought, not to the newer one that has taken the record', () => {
    const waiting = { revision: '1.2.0', phase: 'WaitingApproval', pullRequest: PULL } as const;
    const from = withState(
      running({ dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' }, gated({}, { manual: true })),
      'staging',
      { promotion: waiting },
    );
    const next = decided(from, { forge: 'closed' });
    expect(next.status.environments?.staging).toMatchObject({
      promotion: { revision: '1.2.0', phase: 'WaitingApproval' },
      rejected: [{ revision: '1.1.0' }],
    });
    expect(next.status.environments?.staging?.promotion?.pullRequest).toBeUndefined();
  });

  test('is none where what the pull request brought was merged before the newer one could take its place', () => {
    const waiting = { revision: '1.2.0', phase: 'WaitingApproval', pullRequest: PULL } as const;
    const from = withState(
      running({ dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' }, gated({}, { manual: true })),
      'staging',
      { promotion: waiting },
    );
    const staging = decided(from, { forge: 'merged' }).status.environments?.staging;
    expect(staging?.promotion).toMatchObject({ revision: '1.2.0', phase: 'WaitingApproval' });
    expect(staging?.promotion?.pullRequest).toBeUndefined();
    expect(staging?.rejected ?? []).toEqual([]);
  });

  test('is none when the base branch was deleted, and the forge closed the pull request for that', () => {
    const next = decide(opened(), { forge: 'lapsed' });
    expect(next).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0', phase: 'Promoting' } });
    expect(next.rejected).toBeUndefined();
  });

  test.each(['merged-elsewhere', 'reverted'] as const)('is a pull request that was %s', (forge) => {
    const from = forge === 'reverted' ? opened({}, { phase: 'Merged' }) : opened();
    expect(decided(from, { forge }).status.environments?.staging).toMatchObject({
      promotion: { phase: 'Rejected', pullRequest: { endedAt: NOW.toISOString() } },
      rejected: [{ revision: '1.1.0' }],
    });
  });

  test('is taken back by opening the pull request again', () => {
    const again = decided(rejected(), { forge: 'open', seconds: 600 });
    expect(again.status.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'PullRequestOpen' },
      rejected: [],
    });
  });

  /** Dev went back from what is open, and it was to be closed. */
  function leaving(found?: 'closed' | 'merged' | 'merged-elsewhere'): Pipeline {
    const before = seen(opened(), { dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' }, 60);
    const from = decided(before, { seconds: 60 });
    const situation = { pipeline: from, pullRequests: {}, requested: false, now: new Date(at(60)) };
    const [group] = tasksFor(situation);
    const [task] = group?.tasks ?? [];
    if (!group || task?.kind !== 'close') throw new Error('there is nothing to close');
    const done = { ...group, task, result: { kind: 'done', ...(found && { found }) } } as const;
    return { ...from, status: foldTask(from.status, done, new Date(at(90))) };
  }

  test('is seen where the forge was away until the previous environment had gone back', () => {
    const from = leaving('closed');
    expect(from.status.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'Rejected', pullRequest: { number: 7 } },
      rejected: [{ revision: '1.1.0', by: 'pull request #7' }],
    });
    const again = seen(from, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 120);
    expect(decide(again, { forge: 'closed', seconds: 120 }).kind).toBe('rest');
    expect(decide(again, { forge: 'open', seconds: 120 })).toMatchObject({
      promotion: { phase: 'PullRequestOpen' },
      rejected: [],
    });
  });

  test('is none where it was Turnpike that closed it', () => {
    const from = leaving();
    expect(from.status.environments?.staging).toMatchObject({
      promotion: { phase: 'Superseded', pullRequest: { endedAt: at(90) } },
    });
    expect(from.status.environments?.staging?.rejected ?? []).toEqual([]);
    const again = seen(from, { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, 120);
    expect(decide(again, { seconds: 120 })).toMatchObject({ kind: 'promote' });
  });

  test('is a merge into another branch, also where it is found when it is to be closed', () => {
    expect(leaving('merged-elsewhere').status.environments?.staging).toMatchObject({
      promotion: {
        phase: 'Rejected',
        message: expect.stringContaining('was merged, but not into'),
        pullRequest: { endedAt: at(90) },
      },
      rejected: [{ revision: '1.1.0' }],
    });
  });

  test('is none where a person had merged it: the status says so, and what to do', () => {
    const from = leaving('merged');
    expect(from.status.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'Merged', message: 'Pull request #7 is merged.' },
    });
    expect(from.status.environments?.staging?.promotion?.pullRequest?.closing).toBeUndefined();
    expect(decide(from, { seconds: 110, forge: 'merged' })).toMatchObject({
      promotion: {
        phase: 'Superseded',
        message: expect.stringContaining('revert the merge to keep it from staging'),
      },
    });
  });

  test('is over once the environment runs the revision, whichever one has the record', () => {
    const rejected = [{ revision: '1.1.0', at: at(0), by: 'pull request #7' }];
    const newer = { revision: '1.2.0', phase: 'Pending', updatedAt: at(0) } as const;
    const before = running({ dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' });
    const from = withState(before, 'staging', { promotion: newer, rejected });
    const there = seen(from, { dev: '1.2.0', staging: '1.1.0', prod: '1.0.0' }, 60);
    expect(there.status.environments?.staging?.rejected).toEqual([]);
  });

  test('is none to what the environment runs', () => {
    const closing = { ...PULL, closing: 'staging already runs 1.1.0.' };
    const from = opened({}, { phase: 'Succeeded', pullRequest: closing });
    const task = { kind: 'close', reason: closing.closing } as const;
    const result = { kind: 'done', found: 'closed' } as const;
    const { environments } = foldTask(
      from.status,
      { environment: 'staging', pullRequest: closing, task, result },
      NOW,
    );
    expect(environments?.staging).toMatchObject({
      promotion: { phase: 'Succeeded', pullRequest: { endedAt: NOW.toISOString() } },
    });
    expect(environments?.staging?.rejected ?? []).toEqual([]);
  });

  test('that an earlier version recorded in the promotion alone is remembered from now on', () => {
    const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion: { ...OPEN, phase: 'Rejected' },
    });
    const folded = seen(from, { dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' });
    expect(folded.status.environments?.staging?.rejected).toMatchObject([{ revision: '1.1.0', at: at(-60) }]);
  });

  test('is one of the newest 50', () => {
    let from = running({ dev: '1.0.0', staging: '0.9.0', prod: '0.9.0' });
    for (let number = 1; number <= 60; number += 1) {
      const promotion = { revision: `1.${number}.0`, phase: 'Rejected', updatedAt: at(number) } as const;
      const state = withPromotion(from.status.environments?.staging ?? {}, promotion);
      from = { ...from, status: withEnvironment(from.status, 'staging', state) };
    }
    const { rejected: all = [] } = from.status.environments?.staging ?? {};
    expect([all.length, all[0]?.revision, all.at(-1)?.revision]).toEqual([50, '1.60.0', '1.11.0']);
  });
});

describe('an approval', () => {
  const targets = [{ namespace: 'dev-a' }, { namespace: 'dev-b' }];
  const environments = [
    { name: 'dev', targets },
    { name: 'staging', targets: [{ namespace: 'staging' }] },
  ];
  const manual = { ...gated({ windows: [{ from: '01:00', to: '02:00' }] }, { manual: true }), environments };

  function approved(): Pipeline {
    const from = decided(
      observed(pipeline(manual), { dev: [ready('1.1.0'), ready('1.1.0')], staging: ready('1.0.0') }),
    );
    const status = approve(from, { environment: 'staging', revision: '1.1.0', by: 'ada' }, NOW);
    if (!status) throw new Error('nothing waits');
    return decided({ ...from, status });
  }

  const CANARY: Observation[] = [ready('1.2.0'), ready('1.1.0')];
  const BACK: Observation[] = [ready('1.1.0'), ready('1.1.0')];
  test.each([
    ['a canary of one target', [CANARY, BACK]],
    ['a target that is not ready for a while', [[unready('1.1.0'), ready('1.1.0')], BACK]],
    [
      'a target that cannot be read for a while',
      [[{ kind: 'unreadable', error: 'away' } as const, ready('1.1.0')], BACK],
    ],
  ])('outlives %s', (_, looks) => {
    let from = approved();
    for (const [index, dev] of looks.entries()) {
      const seconds = 60 * (index + 1);
      from = decided(observed(from, { dev, staging: ready('1.0.0') }, new Date(at(seconds))), { seconds });
    }
    expect(from.status.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      approvedBy: 'ada',
    });
  });

  test('outlives that the one target which has it is not ready for a while (targets: any)', () => {
    const any = gated({ targets: 'any', windows: [{ from: '01:00', to: '02:00' }] }, { manual: true });
    const one = (dev: Observation, seconds: number, before: Pipeline) =>
      observed(before, { dev: [dev, ready('1.1.0')], staging: ready('1.0.0') }, new Date(at(seconds)));
    const first = decided(one(ready('1.2.0'), 0, pipeline({ ...any, environments })));
    const status = approve(first, { environment: 'staging', revision: '1.2.0', by: 'ada' }, NOW);
    if (!status) throw new Error('nothing waits');
    let from: Pipeline = { ...first, status };
    for (const [dev, seconds] of [
      [unready('1.2.0'), 60],
      [ready('1.2.0'), 120],
    ] as const) {
      from = decided(one(dev, seconds, from), { seconds });
      expect(from.status.environments?.staging?.promotion).toMatchObject({
        revision: '1.2.0',
        approvedBy: 'ada',
      });
    }
  });

  test('outlives the event of one target, and a late one', () => {
    const from = approved();
    for (const [revision, seconds] of [
      ['1.2.0', 60],
      ['1.0.5', -300],
    ] as const) {
      const sent = event({ timestamp: at(seconds) }, revision, 'dev-a');
      const { status = from.status } = receiveEvent(from, 'dev', sent, new Date(at(60)));
      expect(status.environments?.staging?.promotion).toMatchObject({ revision: '1.1.0', approvedBy: 'ada' });
    }
  });

  test('outlives an upgrade whose tests fail after the event of its success', () => {
    const single = { ...manual, environments: spec().environments.slice(0, 2) };
    const runs = { dev: ready('1.1.0'), staging: ready('1.0.0') };
    const waiting = decided(observed(pipeline(single), runs));
    const status = approve(waiting, { environment: 'staging', revision: '1.1.0', by: 'ada' }, NOW);
    let from = decided(observed({ ...waiting, status: status ?? {} }, runs));
    const success = receiveEvent(from, 'dev', event({ timestamp: at(60) }, '1.2.0'), new Date(at(60)));
    from = { ...from, status: success.status ?? from.status };
    const testing: Observation = {
      kind: 'application',
      ready: false,
      revision: '1.2.0',
      message: 'Running tests',
    };
    from = decided(observed(from, { ...runs, dev: testing }, new Date(at(61))), { seconds: 61 });
    from = decided(observed(from, runs, new Date(at(90))), { seconds: 90 });
    expect(from.status.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      approvedBy: 'ada',
    });
  });
});

describe('what an environment runs', () => {
  test('is nothing once an application that was seen is gone, whatever events said of it', () => {
    const from = heard(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), '1.1.0', 5);
    const gone = observed(
      from,
      { dev: absent, staging: ready('1.0.0'), prod: ready('1.0.0') },
      new Date(at(86_400)),
    );
    expect(gone.status.environments?.dev?.targets).toMatchObject([
      { ready: false, error: 'There is no HelmRelease.', seen: 'gone' },
    ]);
    expect(gone.status.environments?.dev?.targets?.[0]?.revision).toBeUndefined();
    expect(decide(gone, { seconds: 86_400 }).kind).not.toBe('promote');
  });

  test('is nothing either for an event from before it went, once its cluster cannot be read', () => {
    const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' });
    const gone = observed(from, { dev: absent }, new Date(at(60)));
    expect(observed(gone, { dev: absent }, new Date(at(90))).status).toEqual(gone.status);
    const away = observed(gone, { dev: { kind: 'unreadable', error: 'away' } }, new Date(at(120)));
    const late = heard(away, '1.2.0', 150, { timestamp: at(30) });
    expect(late.status.environments?.dev?.targets?.[0]?.revision).toBeUndefined();
    const anew = heard(away, '1.2.0', 150);
    expect(anew.status.environments?.dev?.targets).toMatchObject([{ revision: '1.2.0', ready: true }]);
  });

  test('is what events say while the application was never seen', () => {
    const from = observed(eventsOnly({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), { dev: absent });
    expect(from.status.environments?.dev?.targets).toMatchObject([{ ready: true, revision: '1.1.0' }]);
  });

  test('is what it ran while its cluster is away, and events count meanwhile', () => {
    const away = { kind: 'unreadable', error: 'away' } as const;
    const from = observed(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), { dev: away });
    expect(from.status.environments?.dev?.targets).toMatchObject([{ revision: '1.1.0', seen: 'before' }]);
    const { status } = receiveEvent(from, 'dev', event({}, '1.2.0'), NOW);
    expect(status?.environments?.dev?.targets).toMatchObject([{ revision: '1.2.0', ready: true }]);
  });

  test('soaks to its end where one target can be read and the other one only sends events', () => {
    const targets = [{ namespace: 'dev' }, { namespace: 'dev-b' }];
    const two = {
      environments: [
        { name: 'dev', targets },
        { name: 'staging', targets: [{ namespace: 'staging' }] },
      ],
    };
    const from = eventsOnly({ dev: '1.1.0', staging: '1.0.0' }, { ...gated({ soak: '1h' }), ...two });
    const looked = (before: Pipeline, seconds: number) =>
      observed(before, { dev: [ready('1.1.0'), absent], staging: ready('1.0.0') }, new Date(at(seconds)));
    let now = looked(from, 0);
    const failed = event({ severity: 'error', reason: 'UpgradeFailed', timestamp: at(60) }, '1.1.0', 'dev');
    now = looked({ ...now, status: receiveEvent(now, 'dev', failed, new Date(at(60))).status ?? {} }, 80);
    const since = entryOf(now.status, '1.1.0', 'dev').deployedAt;
    for (const seconds of [600, 1800, 3000]) {
      now = looked(now, seconds);
      expect(entryOf(now.status, '1.1.0', 'dev').deployedAt).toBe(since);
    }
    expect(decide(looked(now, 3700), { seconds: 3700 })).toMatchObject({ kind: 'promote' });
  });
});

describe('a reconciliation of what runs already', () => {
  const REVISION = `main@sha1:${'a'.repeat(40)}`;
  const APP = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', name: 'app' };

  function kustomization(ready: string, transition: number, change: object = {}): Observation {
    const object = {
      metadata: { generation: 2 },
      status: {
        observedGeneration: 2,
        conditions: [
          {
            type: 'Ready',
            status: ready,
            reason: 'Progressing',
            message: 'Reconciliation in progress',
            lastTransitionTime: at(transition),
          },
        ],
        lastAppliedRevision: REVISION,
        lastAttemptedRevision: REVISION,
        ...change,
      },
    };
    return readObject(APP, object);
  }

  const deployed = (gates: Gates = {}) => {
    const all = {
      dev: kustomization('True', -3600),
      staging: kustomization('True', -7200),
      prod: kustomization('True', -7200),
    };
    return observed(pipeline({ appRef: APP, ...gated(gates) }), all);
  };

  test('is no news: nothing is to be written for it', () => {
    const from = deployed();
    const blip = {
      dev: kustomization('Unknown', 60),
      staging: kustomization('True', 61),
      prod: kustomization('Unknown', 62),
    };
    const after = foldObservations(
      from,
      Object.fromEntries(Object.entries(blip).map(([name, one]) => [name, [one]])),
      new Date(at(63)),
    );
    expect(after).toEqual(from.status);
  });

  test('is reported at each interval and moves no time', () => {
    const from = deployed();
    const sent = event({ reason: 'ReconciliationSucceeded', timestamp: at(600) }, REVISION);
    const about = { ...sent, involvedObject: { ...APP, namespace: 'dev' } };
    const receipt = receiveEvent(from, 'dev', about, new Date(at(600)));
    expect(receipt).toMatchObject({ outcome: 'unchanged' });
    expect(receipt.status).toBeUndefined();
  });

  test('is news when another revision is attempted, and that begins the deployment', () => {
    const attempt = kustomization('Unknown', 60, { lastAttemptedRevision: 'main@sha1:b' });
    const rest = { staging: kustomization('True', -7200), prod: kustomization('True', -7200) };
    const begun = observed(deployed(), { dev: attempt, ...rest }, new Date(at(60)));
    expect(begun.status.environments?.dev).toMatchObject({
      targets: [{ ready: false }],
      deployment: { revision: 'main@sha1:b', phase: 'Progressing', startedAt: at(60), source: 'watch' },
    });
    const done = kustomization('True', 95, {
      lastAppliedRevision: 'main@sha1:b',
      lastAttemptedRevision: 'main@sha1:b',
    });
    const after = observed(begun, { dev: done, ...rest }, new Date(at(95)));
    expect(after.status.environments?.dev?.deployment).toMatchObject({
      revision: 'main@sha1:b',
      phase: 'Succeeded',
      startedAt: at(60),
      observedAt: at(95),
    });
  });

  test('of a Pipeline that is new does not begin the soak anew: its snapshot says since when it is there', () => {
    const history = [
      {
        digest: 'sha256:2',
        firstReconciled: at(-7200),
        lastReconciled: at(-10),
        lastReconciledStatus: 'ReconciliationSucceeded',
      },
      {
        digest: 'sha256:1',
        firstReconciled: at(-90_000),
        lastReconciled: at(-7300),
        lastReconciledStatus: 'ReconciliationSucceeded',
      },
    ];
    expect(kustomization('True', -10, { history })).toMatchObject({ deployedAt: at(-7200) });
  });

  test('of content that was there before counts from when it came back', () => {
    const history = [
      {
        digest: 'sha256:1',
        firstReconciled: at(-90_000),
        lastReconciled: at(-10),
        lastReconciledStatus: 'ReconciliationSucceeded',
      },
      {
        digest: 'sha256:2',
        firstReconciled: at(-7200),
        lastReconciled: at(-300),
        lastReconciledStatus: 'ReconciliationSucceeded',
      },
    ];
    expect(kustomization('True', -10, { history })).toMatchObject({ deployedAt: at(-300) });
  });
});

describe('what is merged', () => {
  const merged = () => opened({}, { phase: 'Merged' });

  test('ends when the environment goes on to something newer', () => {
    const from = seen(merged(), { dev: '1.1.0', staging: '1.3.0', prod: '1.0.0' }, 600);
    expect(decide(from, { seconds: 600 })).toMatchObject({
      kind: 'record',
      promotion: {
        phase: 'Superseded',
        message: expect.stringContaining('staging runs 1.3.0, which is newer than 1.1.0'),
      },
    });
  });

  test('waits while an older one is still being deployed', () => {
    const from = seen(merged(), { dev: '1.1.0', staging: '1.0.5', prod: '1.0.0' }, 600);
    expect(decide(from, { seconds: 600 })).toMatchObject({ promotion: { phase: 'Merged' } });
  });

  test('is not proposed again after its merge was reverted', () => {
    const from = decided(merged(), { forge: 'reverted', seconds: 600 });
    expect(from.status.environments?.staging?.promotion?.message).toContain(
      'is merged, but the base branch does not have the revision any more',
    );
    expect(decide(from, { seconds: 700 })).toEqual({ kind: 'rest' });
  });
});

describe('an open pull request', () => {
  test('is closed when the environment gets there otherwise', () => {
    const from = seen(opened(), { dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' });
    expect(decide(from)).toMatchObject({
      promotion: { phase: 'Succeeded', pullRequest: { closing: 'staging already runs 1.1.0.' } },
    });
  });

  test.each(['conflicting', 'behind', 'moved'] as const)('is brought up to date when it is %s', (forge) => {
    expect(decide(opened(), { forge })).toMatchObject({
      kind: 'promote',
      promotion: { phase: 'PullRequestOpen' },
    });
  });

  test('is brought up to date when a person asks, and left alone while the Pipeline is suspended', () => {
    expect(decide(opened(), { forge: 'open', requested: true })).toMatchObject({
      kind: 'promote',
      promotion: { phase: 'PullRequestOpen', pullRequest: PULL },
    });
    expect(decide(opened({ suspend: true }), { forge: 'conflicting', requested: true }).kind).toBe('rest');
  });

  test('is not rebuilt at every look', () => {
    const times = { pushedAt: at(-3600), rebuiltAt: at(-30) };
    const from = opened({}, { pullRequest: { ...PULL, ...times } });
    expect(decide(from, { forge: 'conflicting' }).kind).toBe('rest');
    expect(decide(from, { forge: 'conflicting', seconds: 300 }).kind).toBe('promote');
  });

  const left: readonly (readonly [string, Partial<PipelineSpec>, string])[] = [
    [
      'whose environment is taken out',
      { environments: spec().environments.filter(({ name }) => name !== 'staging') },
      'staging is no longer in the Pipeline.',
    ],
    [
      'whose strategy is another one',
      { promotion: { strategy: { notification: {} } } },
      'staging is no longer promoted by pull request.',
    ],
    [
      'whose repository is another one',
      moved(),
      'staging is now promoted through another repository: https://git.example.com/acme/other',
    ],
    [
      'whose application, repository and order were changed in one go',
      {
        ...moved(),
        appRef: { ...spec().appRef, name: 'shop' },
        environments: [...spec().environments].reverse(),
      },
      'The application is HelmRelease shop now.',
    ],
  ];
  test.each(left)('%s is to be closed where it is', (_, change, reason) => {
    const repository = { url: 'https://git.example.com/acme/fleet', type: 'gitea', secret: 'forge' } as const;
    const before = opened(
      {},
      { pullRequest: { ...PULL, repository, branch: 'promotion-apps-app-staging', base: 'main' } },
    );
    const after = observed({ ...before, spec: spec(change) }, {});
    expect(after.status.abandoned).toMatchObject([
      { environment: 'staging', pullRequest: { number: 7, repository, closing: reason } },
    ]);
    expect(after.status.environments?.staging?.promotion?.pullRequest).toBeUndefined();
    const situation = { pipeline: after, pullRequests: {}, requested: false, now: NOW };
    expect(tasksFor(situation)).toMatchObject([
      { environment: 'staging', tasks: [{ kind: 'close', reason }] },
    ]);
  });

  test('shows the gates for what it brings, whichever revision holds the record', () => {
    const waiting = {
      revision: '1.2.0',
      phase: 'WaitingApproval',
      pullRequest: { ...PULL, checked: 'success' },
    } as const;
    const change = gated({ windows: [{ from: '01:00', to: '02:00' }] }, { manual: true });
    const from = withState(running({ dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' }, change), 'staging', {
      promotion: waiting,
    });
    const situation = { pipeline: from, pullRequests: {}, requested: false, now: NOW };
    expect(tasksFor(situation)[0]?.tasks).toMatchObject([{ kind: 'check', state: 'pending' }]);
  });

  const auto = gated({}, { merge: 'auto' });
  const CASES: readonly (readonly [string, Pipeline, string[]])[] = [
    ['is merged', opened(auto, {}), ['check', 'merge']],
    [
      'with commits of others is left to people',
      opened(auto, { pullRequest: { ...PULL, others: true } }),
      // That the forge was asked to merge it may not be recorded.
      ['cancel-merge', 'check'],
    ],
    [
      'is not merged while dev is not ready at it',
      observed(opened(auto), { dev: unready('1.1.0') }),
      ['check'],
    ],
    [
      'whose gate closes is taken back from the forge',
      opened(gated({ windows: [{ from: '01:00', to: '02:00' }] }, { merge: 'auto' }), {
        pullRequest: { ...PULL, scheduled: true },
      }),
      ['check', 'cancel-merge'],
    ],
    [
      'that others pushed to is taken back from the forge',
      opened(auto, { pullRequest: { ...PULL, scheduled: true, others: true } }),
      ['check', 'cancel-merge'],
    ],
    [
      'that is not needed is taken back from the forge before it is closed',
      opened(auto, { phase: 'Superseded', pullRequest: { ...PULL, scheduled: true, closing: 'Too old.' } }),
      ['cancel-merge', 'close'],
    ],
  ];
  test.each(CASES)('%s', (_, from, kinds) => {
    const situation = {
      pipeline: from,
      pullRequests: { staging: 'open' as const },
      requested: false,
      now: NOW,
    };
    expect(tasksFor(situation)[0]?.tasks.map(({ kind }) => kind)).toEqual(kinds as never);
  });
});

function moved(): Partial<PipelineSpec> {
  const promotion = structuredClone(spec().promotion);
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const url = 'https://git.example.com/acme/other';
  return {
    promotion: { ...promotion, strategy: { ...promotion.strategy, 'pull-request': { ...settings, url } } },
  };
}
