import { describe, expect, test } from 'bun:test';
import type { Pipeline, PipelineSpec, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import { soakEnd } from '../../../src/decide/gates/candidate.ts';
import { withEnvironment, withPromotion } from '../../../src/decide/model/state.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { withAbandoned } from '../../../src/decide/promotion/abandon.ts';
import { contextOf, nextSteps, type PullRequestState } from '../../../src/decide/promotion/next.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { closingDue, tasksFor } from '../../../src/decide/promotion/tasks.ts';
import {
  at,
  event,
  eventsOnly,
  observed,
  pipeline,
  ready,
  running,
  spec,
  withState,
} from '../../fakes/pipeline.ts';

/** Orders of events and looks that broke a promise once. */

const PULL: PullRequestRef = {
  url: 'https://f/pulls/7',
  number: 7,
  commit: 'c0ffee',
  revision: '1.1.0',
  checked: 'success',
};
const OPEN: PromotionStatus = {
  revision: '1.1.0',
  phase: 'PullRequestOpen',
  pullRequest: PULL,
  startedAt: at(-600),
  updatedAt: at(-600),
};

type Change = Omit<NonNullable<PipelineSpec['promotion']>, 'strategy'> & { readonly merge?: 'auto' };

function promoting({ merge, ...change }: Change): Partial<PipelineSpec> {
  const promotion = structuredClone(spec().promotion);
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const strategy = { 'pull-request': { ...settings, ...(merge && { merge }) } };
  return { promotion: { ...promotion, ...change, strategy } };
}

function hear(from: Pipeline, revision: string, seconds: number, change: object = {}): Pipeline {
  const now = new Date(at(seconds));
  const sent = event({ timestamp: at(seconds), ...change }, revision);
  return { ...from, status: receiveEvent(from, 'dev', sent, now).status ?? from.status };
}

/** What is decided into staging is recorded. */
function look(from: Pipeline, seconds: number, forge?: PullRequestState): Pipeline {
  const pullRequests = forge ? { staging: forge } : {};
  const step = nextSteps({
    pipeline: from,
    pullRequests,
    requested: false,
    now: new Date(at(seconds)),
  }).staging;
  const before = from.status.environments?.staging ?? {};
  const state = step?.rejected ? { ...before, rejected: [...step.rejected] } : before;
  const next = step && step.kind !== 'rest' ? withPromotion(state, step.promotion) : state;
  return { ...from, status: withEnvironment(from.status, 'staging', next) };
}

const staging = ({ status }: Pipeline) => status.environments?.staging?.promotion;

describe('a revision that soaks', () => {
  const FAILED = { severity: 'error', reason: 'UpgradeFailed', message: 'pods crash' };
  const soaking = (soak: string) =>
    withState(
      eventsOnly(
        { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' },
        promoting({ gates: { soak }, merge: 'auto' }),
      ),
      'staging',
      { promotion: OPEN },
    );

  test('has not soaked while the one after it ran, whatever became of that', () => {
    let from = hear(hear(soaking('1m'), '1.1.0', -20, FAILED), '1.1.0', 0);
    from = hear(hear(from, '1.2.0', 20), '1.1.1', 65);
    const now = new Date(at(70));
    from = observed(from, {}, now);
    const [dev, next] = from.spec.environments;
    if (!dev || !next) throw new Error('the test needs two environments');
    const situation = { pipeline: from, pullRequests: { staging: 'open' as const }, requested: false, now };
    expect(soakEnd(contextOf(situation, dev, next), '1.1.0')).toBe(Number.POSITIVE_INFINITY);
    expect(tasksFor(situation).flatMap(({ tasks }) => tasks.map(({ kind }) => kind))).not.toContain('merge');
  });

  test('goes on where dev went back to it', () => {
    let from = hear(hear(soaking('1m'), '1.1.0', 0), '1.2.0', 20);
    from = observed(hear(from, '1.1.0', 40), {}, new Date(at(41)));
    const [dev, next] = from.spec.environments;
    if (!dev || !next) throw new Error('the test needs two environments');
    const situation = { pipeline: from, pullRequests: {}, requested: false, now: new Date(at(200)) };
    expect(soakEnd(contextOf(situation, dev, next), '1.1.0')).toBeUndefined();
  });
});

describe('an approval', () => {
  const failure = { message: 'It answered 502.', since: at(0), retry: 'backoff' } as const;
  const TRIED: readonly (readonly [string, Partial<PromotionStatus>])[] = [
    ['failed', { phase: 'Pending', nextAttemptAt: at(900), failure }],
    [
      'waits for a person',
      { phase: 'Failed', nextAttemptAt: at(900), failure: { ...failure, retry: 'never' } },
    ],
    ['waits for a window', { phase: 'Pending', heldBy: 'Window' }],
    [
      'could not be rebuilt',
      { phase: 'PullRequestOpen', pullRequest: PULL, nextAttemptAt: at(900), failure },
    ],
  ];
  const PUSH = { push: { url: 'https://f/fleet', branch: 'main', secretRef: { name: 'forge' } } };
  const { promotion } = promoting({ manual: true });
  const STRATEGIES = { 'pull-request': promotion, push: { manual: true, strategy: PUSH } };

  for (const [name, strategy] of Object.entries(STRATEGIES)) {
    test.each(TRIED)(`of what %s falls when dev goes back from it and comes again (${name})`, (_, change) => {
      const from = eventsOnly({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, {
        promotion: strategy,
      } as Partial<PipelineSpec>);
      const tried = { ...OPEN, attempts: 1, approvedBy: 'ada', pullRequest: undefined, ...change };
      const { pullRequest, ...rest } = tried;
      const recorded = { ...rest, ...(pullRequest && { pullRequest }) } as PromotionStatus;
      const back = hear(withState(from, 'staging', { promotion: recorded }), '1.0.0', 100);
      const again = look(observed(hear(back, '1.1.0', 110), {}, new Date(at(111))), 111, 'open');
      expect(staging(again)).toMatchObject({ revision: '1.1.0', phase: 'WaitingApproval' });
      expect(staging(again)?.approvedBy).toBeUndefined();
    });
  }
});

describe('an approval of a notification', () => {
  test('that failed and is held by a window falls when dev goes back and comes again', () => {
    const from = eventsOnly({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, {
      promotion: { manual: true, strategy: { notification: {} } },
    } as Partial<PipelineSpec>);
    const { pullRequest: _, ...rest } = OPEN;
    const held = { ...rest, phase: 'Pending', attempts: 1, heldBy: 'Window', approvedBy: 'ada' } as const;
    const back = hear(withState(from, 'staging', { promotion: held }), '1.0.0', 100);
    const again = look(observed(hear(back, '1.1.0', 110), {}, new Date(at(111))), 111);
    expect(staging(again)).toMatchObject({ revision: '1.1.0', phase: 'WaitingApproval' });
    expect(staging(again)?.approvedBy).toBeUndefined();
  });
});

describe('an environment one of whose targets went back', () => {
  test('does not get again what it had as a whole', () => {
    const { promotion } = promoting({ gates: { targets: 'any' } });
    const environments = [
      { name: 'dev', targets: [{ namespace: 'dev' }] },
      { name: 'staging', targets: [{ namespace: 'eu' }, { namespace: 'us' }] },
      { name: 'prod', targets: [{ namespace: 'prod' }], promotion },
    ];
    let from = pipeline({ environments } as Partial<PipelineSpec>);
    const see = (
      seconds: number,
      [dev, eu, us]: readonly [string, string, string],
      forge?: PullRequestState,
    ) => {
      const seen = { dev: ready(dev), staging: [ready(eu), ready(us)], prod: ready('1.0.0') };
      from = look(observed(from, seen as never, new Date(at(seconds))), seconds, forge);
    };
    const open = (revision: string) => {
      from = withState(from, 'staging', {
        promotion: { ...OPEN, revision, pullRequest: { ...PULL, revision } },
      });
    };
    see(0, ['1.1.0', '1.1.0', '1.1.0']);
    see(100, ['1.2.0', '1.1.0', '1.1.0']);
    open('1.2.0');
    see(200, ['1.2.0', '1.1.0', '1.1.0'], 'merged');
    see(300, ['1.2.0', '1.2.0', '1.2.0']);
    expect(staging(from)?.phase).toBe('Succeeded');
    see(400, ['1.2.0', '1.2.0', '1.1.0']);
    see(500, ['1.3.0', '1.2.0', '1.1.0']);
    open('1.3.0');
    see(600, ['1.3.0', '1.2.0', '1.1.0'], 'closed');
    see(700, ['1.2.0', '1.2.0', '1.1.0']);
    expect(staging(from)).toMatchObject({ revision: '1.2.0', phase: 'Superseded' });
  });
});

describe('a pull request that was left behind', () => {
  const left = { ...PULL, url: 'https://old/pulls/3', number: 3, closing: 'It moved.' };
  const CLOSE = { kind: 'close', reason: 'It moved.' } as const;
  const closed = (change: object = {}) => {
    const open = { ...OPEN, pullRequest: { ...PULL, number: 9 } };
    const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion: open,
    });
    const one = { environment: 'staging', pullRequest: left, ...change };
    const done = {
      environment: 'staging',
      pullRequest: left,
      task: CLOSE,
      result: { kind: 'done', found: 'closed' },
    };
    return foldTask(
      { ...from.status, abandoned: [one] },
      done as Parameters<typeof foldTask>[1],
      new Date(at(10)),
    );
  };

  test('rejects nothing when a person closes it because we could not', () => {
    const { abandoned, environments } = closed({ problem: 'The forge refuses it (403).', final: true });
    expect(abandoned).toEqual([]);
    expect(environments?.staging?.rejected).toBeUndefined();
    expect(environments?.staging?.promotion).toMatchObject({
      phase: 'PullRequestOpen',
      pullRequest: { number: 9 },
    });
  });

  const BEFORE: readonly (readonly [string, object])[] = [
    ['', {}],
    [', and the forge was away in between', { problem: 'It answered 502.', nextAttemptAt: at(0) }],
  ];
  test.each(BEFORE)(
    'rejects its revision when a person had closed it before, with what brings it by now%s',
    (_, change) => {
      const { environments } = closed(change);
      expect(environments?.staging?.rejected).toMatchObject([{ revision: '1.1.0', by: 'pull request #3' }]);
      expect(environments?.staging?.promotion).toMatchObject({
        phase: 'Rejected',
        pullRequest: { number: 9, closing: expect.stringContaining('pull request #3') },
      });
    },
  );
});

describe('a pull request that was to be closed and is merged', () => {
  test('is known to be in the base branch that has it', () => {
    const reason = '1.1.0 was rolled back in dev: it is not promoted.';
    const pullRequest = { ...PULL, base: 'main', closing: reason };
    const promotion = { ...OPEN, phase: 'Superseded' as const, pullRequest };
    const from = withState(running({ dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion,
    });
    const task = { kind: 'close', reason } as const;
    const result = { kind: 'done', found: 'merged', base: 'release' } as const;
    const done = { environment: 'staging', pullRequest, task, result };
    expect(foldTask(from.status, done, new Date(at(0))).environments?.staging?.promotion).toMatchObject({
      phase: 'Merged',
      pullRequest: { number: 7, base: 'release' },
    });
  });
});

describe('a pull request that was left behind and cannot be closed now', () => {
  test.each([
    ['backoff', 60],
    [{ afterSeconds: 5 }, 5],
  ] as const)('is closed again later (%j)', (retry, seconds) => {
    const from = running({ dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' });
    const pullRequest = { ...PULL, closing: 'It moved.' };
    const task = { kind: 'close', reason: 'It moved.' } as const;
    const result = { kind: 'error', message: 'It answered 502.', retry } as const;
    const left = { ...from.status, abandoned: [{ environment: 'staging', pullRequest }] };
    const status = foldTask(left, { environment: 'staging', pullRequest, task, result }, new Date(at(0)));
    expect(closingDue(status, new Date(at(0)))).toBe(seconds);
    const groups = (when: number) =>
      tasksFor({
        pipeline: { ...from, status },
        pullRequests: {},
        requested: false,
        now: new Date(at(when)),
      });
    expect(groups(seconds - 1)).toEqual([]);
    expect(groups(seconds)).toMatchObject([{ tasks: [task] }]);
    expect(closingDue(from.status, new Date(at(0)))).toBeUndefined();
    // A promotion has it open again.
    const { closing: _, ...open } = pullRequest;
    const promotion = { ...OPEN, phase: 'WaitingApproval' as const, pullRequest: open };
    const needed = withState({ ...from, status }, 'staging', { promotion });
    expect(closingDue(needed.status, new Date(at(600)))).toBeUndefined();
    expect(withAbandoned(needed, new Date(at(600))).abandoned).toEqual([]);
  });
});

describe('an auto-merge that may not be recorded', () => {
  test.each([
    ['others have pushed', PULL, 'moved', ['cancel-merge']],
    [
      'the commit of others is known',
      { ...PULL, others: true, checked: undefined },
      'open',
      ['cancel-merge', 'check'],
    ],
  ] as const)('is taken back when %s', (_, { checked, ...pullRequest }, says, kinds) => {
    const known = { ...pullRequest, ...(checked && { checked }) } as PullRequestRef;
    const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, promoting({ merge: 'auto' }));
    const open = withState(from, 'staging', { promotion: { ...OPEN, pullRequest: known } });
    const situation = {
      pipeline: open,
      pullRequests: { staging: says },
      requested: false,
      now: new Date(at(0)),
    };
    expect(tasksFor(situation).flatMap(({ tasks }) => tasks.map(({ kind }) => kind))).toEqual([...kinds]);
  });
});
