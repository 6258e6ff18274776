import { describe, expect, test } from 'bun:test';
import type { Gates, Pipeline, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import { nextSteps, type PullRequestState, type Situation } from '../../../src/decide/promotion/next.ts';
import type { PullRequestTask, TaskResult } from '../../../src/decide/promotion/task.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { tasksFor } from '../../../src/decide/promotion/tasks.ts';
import { NOW, running, spec, withState } from '../../fakes/pipeline.ts';

const PULL_REQUEST: PullRequestRef = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee' };
const ENDED = { ...PULL_REQUEST, endedAt: NOW.toISOString() };
const OPEN: PromotionStatus = { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest: PULL_REQUEST };

interface Setting {
  readonly pullRequest?: Partial<PullRequestRef>;
  readonly gates?: Gates;
  readonly merge?: 'auto';
  readonly mergeMethod?: 'squash';
  readonly suspend?: boolean;
  readonly says?: PullRequestState;
}

function opened({ pullRequest, gates, merge, mergeMethod, suspend }: Setting = {}): Pipeline {
  const { promotion } = spec();
  const settings = promotion?.strategy['pull-request'];
  if (!promotion || !settings) throw new Error('the test needs a strategy');
  const strategy = {
    ...promotion.strategy,
    'pull-request': { ...settings, ...(merge && { merge }), ...(mergeMethod && { mergeMethod }) },
  };
  const change = { promotion: { strategy, ...(gates && { gates }) }, ...(suspend && { suspend }) };
  const from = running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }, change);
  return withState(from, 'staging', {
    promotion: { ...OPEN, pullRequest: { ...PULL_REQUEST, ...pullRequest } },
  });
}

function tasksInto(situation: Situation, environment = 'staging'): readonly PullRequestTask[] {
  return tasksFor(situation).find((one) => one.environment === environment)?.tasks ?? [];
}

function tasksOf(setting: Setting): readonly PullRequestTask[] {
  const { says = 'open' } = setting;
  const situation = {
    pipeline: opened(setting),
    pullRequests: { staging: says },
    requested: false,
    now: NOW,
  };
  return tasksInto(situation);
}

const CLOSED_WINDOW = { windows: [{ from: '01:00', to: '02:00', timeZone: 'UTC' }] };
const OPEN_WINDOW = { windows: [{ from: '00:00', to: '24:00', timeZone: 'UTC' }] };
const SUCCESS: PullRequestTask = { kind: 'check', state: 'success', description: 'The gates are open.' };

describe('a pull request that is open', () => {
  const CASES: readonly (readonly [string, Setting, readonly unknown[]])[] = [
    ['shows that its gates are open', {}, [SUCCESS]],
    ['shows so once', { pullRequest: { checked: 'success' } }, []],
    [
      'shows when a window closes again',
      { pullRequest: { checked: 'success' }, gates: CLOSED_WINDOW },
      [
        {
          kind: 'check',
          state: 'pending',
          description: expect.stringContaining('Waits until 2026-11-22T01:00:00Z'),
        },
      ],
    ],
    [
      'shows that the Pipeline is suspended',
      { suspend: true },
      [{ kind: 'check', state: 'pending', description: 'Waits until the Pipeline is no longer suspended.' }],
    ],
    [
      'of an older version, whose commit is not known, shows nothing',
      { pullRequest: { commit: undefined } },
      [],
    ],
    [
      'is merged where that is asked for',
      { merge: 'auto', pullRequest: { checked: 'success' } },
      [{ kind: 'merge', mayWait: true }],
    ],
    [
      'is merged by the method that was chosen',
      { merge: 'auto', mergeMethod: 'squash', pullRequest: { checked: 'success' } },
      [{ kind: 'merge', mayWait: true, method: 'squash' }],
    ],
    ['shows it before it is merged', { merge: 'auto' }, [SUCCESS, { kind: 'merge', mayWait: true }]],
    [
      'is not left to the forge to merge when there are windows',
      { merge: 'auto', gates: OPEN_WINDOW },
      [SUCCESS, { kind: 'merge', mayWait: false }],
    ],
    [
      'is not merged while a gate is closed',
      { merge: 'auto', gates: CLOSED_WINDOW },
      [
        // That the forge was asked to merge it may not be recorded.
        { kind: 'cancel-merge' },
        { kind: 'check', state: 'pending', description: expect.any(String) },
      ],
    ],
    [
      'is not left to the forge to merge once others have pushed',
      { merge: 'auto', says: 'moved', pullRequest: { checked: 'success', scheduled: true } },
      [{ kind: 'cancel-merge' }],
    ],
    [
      'is not merged when it is merged already',
      { merge: 'auto', says: 'merged', pullRequest: { checked: 'success' } },
      [],
    ],
    [
      'is closed when nobody needs it, and nothing else',
      { merge: 'auto', pullRequest: { closing: 'Too old.' } },
      [{ kind: 'close', reason: 'Too old.' }],
    ],
  ];
  for (const [name, setting, wanted] of CASES) {
    test(name, () => expect(tasksOf(setting)).toEqual(wanted as PullRequestTask[]));
  }
});

describe('a pull request that is not needed any more', () => {
  test('is to be closed, with the reason', () => {
    const newer = withState(opened(), 'staging', {
      targets:
        running({ dev: '1.1.0', staging: '1.2.0', prod: '1.0.0' }).status.environments?.staging?.targets ??
        [],
    });
    const steps = nextSteps({
      pipeline: newer,
      pullRequests: { staging: 'open' },
      requested: false,
      now: NOW,
    });
    expect(steps.staging).toMatchObject({
      kind: 'record',
      promotion: {
        phase: 'Superseded',
        message: expect.stringContaining('Pull request #7 is closed.'),
        pullRequest: { number: 7, closing: expect.stringContaining('newer than 1.1.0') },
      },
    });
  });

  test('is closed in what has become the first environment as well', () => {
    const [dev, staging, prod] = spec().environments;
    if (!dev || !staging || !prod) throw new Error('the test needs three environments');
    const { spec: before, ...rest } = opened({ merge: 'auto' });
    const pipeline = { ...rest, spec: { ...before, environments: [staging, dev, prod] } };
    const situation = { pipeline, pullRequests: {}, requested: false, now: NOW };
    const step = nextSteps(situation).staging;
    expect(step).toMatchObject({ kind: 'record', promotion: { phase: 'Superseded' } });
    if (step?.kind !== 'record') throw new Error('nothing is recorded');
    expect(tasksInto(situation)).toEqual([]);

    const ended = withState(pipeline, 'staging', { promotion: step.promotion });
    expect(tasksInto({ ...situation, pipeline: ended })).toEqual([
      { kind: 'close', reason: 'staging is the first environment now: nothing is promoted into it.' },
    ]);
  });

  test('is taken over by a revision that comes before it is closed', () => {
    const superseded = withState(running({ dev: '1.2.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion: { ...OPEN, phase: 'Superseded', pullRequest: { ...PULL_REQUEST, closing: 'Rolled back.' } },
    });
    const steps = nextSteps({ pipeline: superseded, pullRequests: {}, requested: false, now: NOW });
    expect(steps.staging).toMatchObject({ kind: 'promote', promotion: { revision: '1.2.0' } });
    expect((steps.staging as { promotion: PromotionStatus }).promotion.pullRequest).toEqual(PULL_REQUEST);
  });
});

describe('what has become of it', () => {
  function folded(task: PullRequestTask, result: TaskResult, record: Partial<PromotionStatus> = {}) {
    const from = withState(opened(), 'staging', { promotion: { ...OPEN, ...record } });
    const done = { environment: 'staging', pullRequest: PULL_REQUEST, task, result };
    const status = foldTask(from.status, done, NOW);
    return { promotion: status.environments?.staging?.promotion, isSame: status === from.status, status };
  }
  const CLOSE: PullRequestTask = { kind: 'close', reason: 'Too old.' };
  const MERGE: PullRequestTask = { kind: 'merge', mayWait: true };
  const DENIED = { kind: 'error', message: 'The token may not.', retry: 'never' } as const;
  const AWAY = { kind: 'error', message: 'It is away.', retry: 'backoff' } as const;
  const closing = {
    phase: 'Superseded',
    message: 'Too old.',
    pullRequest: { ...PULL_REQUEST, closing: 'Too old.' },
  } as const;

  test('is recorded, so that it is not done again', () => {
    expect(folded(SUCCESS, { kind: 'done' }).promotion?.pullRequest).toEqual({
      ...PULL_REQUEST,
      checked: 'success',
    });
    expect(folded(CLOSE, { kind: 'done' }, closing).promotion?.pullRequest).toEqual(ENDED);
  });

  test('is tried again when the forge was away', () => {
    expect(folded(SUCCESS, AWAY).promotion?.pullRequest).toEqual(PULL_REQUEST);
    expect(folded(CLOSE, AWAY, closing).promotion?.pullRequest?.closing).toBe('Too old.');
  });

  test('is said when only a person can help, and is none', () => {
    for (const [task, what] of [
      [SUCCESS, 'The commit status cannot be set'],
      [{ kind: 'cancel-merge' } as const, 'The auto-merge cannot be taken back'],
    ] as const) {
      const scheduled = { pullRequest: { ...PULL_REQUEST, scheduled: true as const } };
      const { promotion } = folded(task, DENIED, scheduled);
      expect(promotion).toMatchObject({
        message: `Waits until pull request #7 is merged. ${what}: The token may not.`,
        pullRequest: { scheduled: true },
      });
      const mended = folded(task, { kind: 'done' }, { ...scheduled, message: promotion?.message ?? '' });
      expect(mended.promotion?.message).toBe('Waits until pull request #7 is merged.');
      const waiting = folded(task, DENIED, { ...scheduled, phase: 'WaitingApproval', message: 'Waits.' });
      expect(waiting.promotion?.message).toBe('Waits.');
      expect(promotion?.pullRequest?.checked).toBeUndefined();
    }
    const { promotion, status } = folded(CLOSE, DENIED, closing);
    expect(promotion?.pullRequest).toBeUndefined();
    expect(status.abandoned).toEqual([
      {
        environment: 'staging',
        pullRequest: closing.pullRequest,
        problem: 'The token may not.',
        final: true,
      },
    ]);
  });

  test('says why it is not merged yet', () => {
    expect(folded(MERGE, { kind: 'waits', reason: 'A check is pending.' }).promotion?.message).toBe(
      'Waits until pull request #7 is merged. It is not merged yet: A check is pending.',
    );
  });

  test('of a merge that is done is left to the next look at the pull request', () => {
    expect(folded(MERGE, { kind: 'done' }).isSame).toBe(true);
  });

  test('of a merge counts for nothing once the pull request is over', () => {
    expect(folded(MERGE, { kind: 'scheduled' }, { phase: 'Rejected', pullRequest: ENDED }).isSame).toBe(true);
  });

  test('says each thing for itself, and takes back what is not so any more', () => {
    const opened = 'Waits until pull request #7 is merged. The forge did not take the labels x.';
    const after = (message: string, task: PullRequestTask, result: TaskResult) =>
      folded(task, result, { message }).promotion?.message ?? '';
    const untold = after(opened, SUCCESS, DENIED);
    const both = after(untold, MERGE, { kind: 'waits', reason: 'Checks fail.' });
    const words = 'The commit status cannot be set: The token may not.';
    expect(both).toBe(`${opened} ${words} It is not merged yet: Checks fail.`);
    expect(after(both, SUCCESS, DENIED)).toBe(both);
    expect(after(both, MERGE, { kind: 'waits', reason: 'It is a draft.' })).toBe(
      `${opened} ${words} It is not merged yet: It is a draft.`,
    );
    const later = after(both, MERGE, { kind: 'scheduled' });
    expect(later).toBe(`${opened} ${words} The forge merges it when its checks have passed.`);
    const mended = after(later, SUCCESS, { kind: 'done' });
    expect(mended).toBe(`${opened} The forge merges it when its checks have passed.`);
    expect(after(mended, { kind: 'cancel-merge' }, { kind: 'done' })).toBe(opened);
  });

  test('of another pull request, or of a commit before this one, counts for nothing', () => {
    const other = { pullRequest: { ...PULL_REQUEST, number: 8 } };
    expect(folded(SUCCESS, { kind: 'done' }, other).isSame).toBe(true);
    const pushed = { pullRequest: { ...PULL_REQUEST, commit: 'beef' } };
    const { promotion, isSame } = folded(SUCCESS, { kind: 'done' }, pushed);
    expect(promotion?.pullRequest).toEqual(pushed.pullRequest);
    expect(isSame).toBe(true);
  });
});
