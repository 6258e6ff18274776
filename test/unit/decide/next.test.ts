import { describe, expect, test } from 'bun:test';
import type { Pipeline, PromotionStatus } from '../../../src/api/pipeline.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { nextSteps, type PullRequestState, type Step } from '../../../src/decide/promotion/next.ts';
import { foldResult } from '../../../src/decide/promotion/result.ts';
import { jitterFor } from '../../../src/lib/text/jitter.ts';
import {
  absent,
  at,
  event,
  NOW,
  observed,
  pipeline,
  ready,
  running,
  type spec,
  unready,
  withState,
} from '../../fakes/pipeline.ts';

interface Options {
  requested?: boolean;
  now?: Date;
  pullRequests?: Record<string, PullRequestState>;
}

function step(from: Pipeline, environment = 'staging', options: Options = {}): Step | undefined {
  return nextSteps({ pipeline: from, requested: false, now: NOW, pullRequests: {}, ...options })[environment];
}

const BEHIND = { dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' };

function behind(promotion?: Partial<PromotionStatus>, change: Parameters<typeof spec>[0] = {}): Pipeline {
  const from = running(BEHIND, change);
  if (!promotion) return from;
  return withState(from, 'staging', { promotion: { revision: '1.1.0', phase: 'Pending', ...promotion } });
}

describe('the next step', () => {
  test('promotes what all targets of the previous environment run and are ready at', () => {
    expect(step(behind())).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0', attempts: 1 } });
    expect(step(behind(), 'prod')).toEqual({ kind: 'rest' });
  });

  test('promotes nothing when all environments run the same', () => {
    const same = running({ dev: '1.1.0', staging: '1.1.0', prod: '1.1.0' });
    expect(step(same)).toEqual({ kind: 'rest' });
  });

  test('promotes nothing while the next environment is on its way to the revision', () => {
    const under = observed(pipeline(), {
      dev: ready('1.1.0'),
      staging: unready('1.1.0'),
      prod: ready('1.0.0'),
    });
    expect(step(under)).toEqual({ kind: 'rest' });
  });

  test('promotes into an environment whose application does not exist yet', () => {
    const first = observed(pipeline(), { dev: ready('1.1.0'), staging: absent, prod: absent });
    expect(step(first)).toMatchObject({ kind: 'promote' });
  });

  test('waits while a target of the previous environment is behind', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'a' }, { namespace: 'b' }] },
      { name: 'staging', targets: [{ namespace: 's' }] },
    ];
    const two = observed(pipeline({ environments }), {
      dev: [ready('1.1.0'), ready('1.0.0')],
      staging: ready('1.0.0'),
    });
    expect(step(two)).toEqual({ kind: 'rest' });
    const recorded = withState(two, 'staging', { promotion: { revision: '1.1.0', phase: 'Pending' } });
    expect(step(recorded)).toMatchObject({
      kind: 'record',
      promotion: { phase: 'Pending', message: expect.stringContaining('different revisions') },
    });
  });

  test('waits until the application of an event is ready', () => {
    const receipt = receiveEvent(running(BEHIND), 'dev', event({}, '1.2.0'), NOW);
    const from = { ...pipeline(), status: receipt.status ?? {} };
    const rest = { staging: ready('1.0.0'), prod: ready('1.0.0') };
    expect(step(observed(from, { dev: unready('1.1.0'), ...rest }))).toEqual({ kind: 'rest' });
    expect(step(observed(from, { dev: ready('1.2.0'), ...rest }))).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.2.0' },
    });
  });

  test('of an event that was believed waits while the application does not bear it out', () => {
    const receipt = receiveEvent(pipeline(), 'dev', event({}, '9.9.9'), NOW);
    const from = { ...pipeline(), status: receipt.status ?? {} };
    const seen = { dev: ready('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') };
    expect(step(observed(from, seen))).toMatchObject({
      kind: 'record',
      promotion: { revision: '9.9.9', heldBy: 'PreviousEnvironment' },
      wakeAfter: 15,
    });
    const later = new Date(at(20));
    const overruled = step(observed(from, seen, later), 'staging', { now: later });
    expect(overruled).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });

  test('believes the event where the application cannot be read', () => {
    const unreadable = { kind: 'unreadable', error: 'away' } as const;
    const reported = receiveEvent(pipeline(), 'dev', event(), NOW);
    const from = { ...pipeline(), status: reported.status ?? {} };
    const seen = observed(from, { dev: unreadable, staging: unreadable, prod: unreadable });
    expect(step(seen)).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });

  test('does not downgrade by itself, and says so', () => {
    const from = running({ dev: '1.0.0', staging: '1.1.0', prod: '1.0.0' });
    expect(step(from)).toMatchObject({
      kind: 'record',
      promotion: { phase: 'Superseded', message: expect.stringContaining('newer than 1.0.0') },
    });
  });

  test('waits for an approval, and goes on once it is given', () => {
    const manual = { promotion: { manual: true, strategy: { notification: {} } } };
    expect(step(behind(undefined, manual))).toMatchObject({
      kind: 'record',
      promotion: { phase: 'WaitingApproval', revision: '1.1.0' },
    });
    expect(step(behind({ approvedBy: 'someone' }, manual))).toMatchObject({ kind: 'promote' });
  });

  test('goes on with what the predecessor left waiting for approval', () => {
    const from = withState(
      running(BEHIND, { promotion: { manual: true, strategy: { notification: {} } } }),
      'staging',
      {
        waitingApproval: { revision: '1.1.0' },
      },
    );
    expect(step(from)).toMatchObject({ kind: 'record', promotion: { phase: 'WaitingApproval' } });
  });

  test('holds everything while the pipeline is suspended', () => {
    expect(step(behind(undefined, { suspend: true }))).toMatchObject({
      kind: 'record',
      promotion: {
        phase: 'Pending',
        heldBy: 'Suspended',
        message: 'Waits until the Pipeline is no longer suspended.',
      },
    });
  });

  test('waits for the next attempt unless somebody asks for it', () => {
    const retried = behind({ nextAttemptAt: at(8), attempts: 2, message: 'refused' });
    expect(step(retried)).toEqual({ kind: 'rest', wakeAfter: 8 });
    expect(step(retried, 'staging', { requested: true })).toMatchObject({
      kind: 'promote',
      promotion: { attempts: 3 },
    });
  });

  test('takes up what was begun by a process that died', () => {
    expect(step(behind({ phase: 'Promoting', attempts: 1 }))).toMatchObject({ kind: 'promote' });
  });

  test('raises a notification once', () => {
    const notify = { promotion: { strategy: { notification: {} } } };
    expect(step(behind(undefined, notify))).toMatchObject({
      kind: 'promote',
      promotion: { phase: 'Pending' },
    });
    expect(step(behind({ phase: 'Promoting' }, notify))).toEqual({ kind: 'rest' });
    const flapping = observed(behind({ phase: 'Promoting' }, notify), {
      dev: unready('1.1.0'),
      staging: ready('1.0.0'),
      prod: ready('1.0.0'),
    });
    expect(step(flapping)).toEqual({ kind: 'rest' });
  });

  const pullRequest = { url: 'https://f/1', number: 1 };
  const open = { phase: 'PullRequestOpen', pullRequest } as const;

  test.each([
    ['merged', 'Merged'],
    ['closed', 'Rejected'],
  ] as const)('notices that the pull request was %s', (state, phase) => {
    const options = { pullRequests: { staging: state } };
    expect(step(behind(open), 'staging', options)).toMatchObject({ kind: 'record', promotion: { phase } });
  });

  test('tries again when the forge does not know the pull request, and forgets it not', () => {
    const options = { pullRequests: { staging: 'missing' } } as const;
    expect(step(behind(open), 'staging', options)).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.1.0', pullRequest },
    });
  });

  test('takes it for a no when that attempt finds it closed', () => {
    const attempt = { environment: 'staging', revision: '1.1.0', result: { kind: 'closed' } } as const;
    const policy = { delaySeconds: 1, maxDelaySeconds: 1, threshold: 3, resyncSeconds: 600 };
    const { status } = behind({ ...open, phase: 'Promoting' });
    expect(foldResult(status, attempt, policy, NOW).environments?.staging?.promotion).toMatchObject({
      phase: 'Rejected',
      message: expect.stringContaining('was closed without merging: 1.1.0 is not promoted to staging again'),
    });
  });

  test('leaves an open pull request alone and looks again', () => {
    const options = { pullRequests: { staging: 'open' } } as const;
    const opened = behind({ ...open, updatedAt: at(-1000) });
    expect(step(opened, 'staging', options)).toEqual({
      kind: 'rest',
      wakeAfter: 100 * jitterFor('apps/app/staging'),
    });
  });

  test('never reopens what a person closed', () => {
    expect(step(behind({ phase: 'Rejected' }))).toEqual({ kind: 'rest' });
  });

  test('supersedes the open pull request of an older revision in place', () => {
    const from = behind({ ...open, revision: '1.0.5' });
    expect(step(from)).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.1.0', pullRequest, attempts: 1 },
    });
  });

  test('succeeds when the environment is ready at the revision', () => {
    const there = withState(running({ dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' }), 'staging', {
      promotion: { revision: '1.1.0', ...open },
    });
    expect(step(there)).toMatchObject({ kind: 'record', promotion: { phase: 'Succeeded' } });
    expect(step(there, 'prod')).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });

  test('looks again at once when a promotion has ended, for the next one may wait already', () => {
    const ahead = withState(running({ dev: '1.2.0', staging: '1.1.0', prod: '1.1.0' }), 'staging', {
      promotion: { revision: '1.1.0', ...open },
    });
    const ended = step(ahead);
    expect(ended).toMatchObject({ kind: 'record', promotion: { phase: 'Succeeded' }, wakeAfter: 0 });
    const promotion = ended?.kind === 'record' ? ended.promotion : undefined;
    expect(step(withState(ahead, 'staging', promotion ? { promotion } : {}))).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.2.0' },
    });
  });

  test('leaves a rollback of the next environment alone', () => {
    const rolledBack = withState(running(BEHIND), 'staging', {
      promotion: { revision: '1.1.0', phase: 'Succeeded' },
    });
    expect(step(rolledBack)).toEqual({ kind: 'rest' });
  });

  test('tries again what was stopped once its time has come', () => {
    const failed = { phase: 'Failed', attempts: 1, message: 'no marker' } as const;
    expect(step(behind({ ...failed, nextAttemptAt: at(600) }))).toEqual({ kind: 'rest', wakeAfter: 600 });
    expect(step(behind({ ...failed, nextAttemptAt: at(-1) }))).toMatchObject({ kind: 'promote' });
  });
});

describe('the result of an attempt', () => {
  const policy = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };
  const promoting = behind({ phase: 'Promoting', attempts: 3 }).status;
  const fold = (result: Parameters<typeof foldResult>[1]['result'], revision = '1.1.0') =>
    foldResult(promoting, { environment: 'staging', revision, result }, policy, NOW).environments?.staging
      ?.promotion;

  test('is the open pull request', () => {
    const pullRequest = { url: 'https://f/7', number: 7 };
    expect(fold({ kind: 'pull-request', pullRequest })).toMatchObject({
      phase: 'PullRequestOpen',
      pullRequest,
    });
  });

  test('is a retry with a growing delay, in the words of the other side', () => {
    const error = { kind: 'error', message: '502 Bad Gateway', retry: 'backoff' } as const;
    expect(fold(error)).toMatchObject({ phase: 'Pending', message: '502 Bad Gateway', nextAttemptAt: at(8) });
  });

  test('is a retry when the other side wants it', () => {
    const error = { kind: 'error', message: 'slow down', retry: { afterSeconds: 90 } } as const;
    expect(fold(error)).toMatchObject({ phase: 'Pending', nextAttemptAt: at(90) });
  });

  test('is a stop when only a person can help', () => {
    const error = { kind: 'error', message: 'no marker', retry: 'never' } as const;
    expect(fold(error)).toMatchObject({ phase: 'Failed', message: 'no marker', nextAttemptAt: at(600) });
  });

  test('leaves its pull request to the newer revision that came meanwhile', () => {
    const pullRequest = { url: 'https://f/7', number: 7 };
    const opened = { ...pullRequest, commit: 'c0ffee', revision: '1.0.9' };
    const promotion = fold({ kind: 'pull-request', pullRequest: opened }, '1.0.9');
    expect(promotion).toMatchObject({ revision: '1.1.0', phase: 'Promoting' });
    // It brings the older one: to close it is a no to that.
    expect(promotion?.pullRequest).toMatchObject(opened);
  });

  test('keeps its fault in mind until an attempt passes', () => {
    const first = fold({ kind: 'error', message: '502', retry: 'backoff' });
    expect(first?.failure).toEqual({ message: '502', since: NOW.toISOString(), retry: 'backoff' });
    const tried = step(behind({ ...first, nextAttemptAt: at(-1) }));
    expect(tried).toMatchObject({
      kind: 'promote',
      promotion: { phase: 'Promoting', failure: { message: '502' } },
    });
    const again = foldResult(
      behind({ phase: 'Promoting', failure: { message: '502', since: at(-90), retry: 'backoff' } }).status,
      {
        environment: 'staging',
        revision: '1.1.0',
        result: { kind: 'error', message: 'no marker', retry: 'never' },
      },
      policy,
      NOW,
    );
    expect(again.environments?.staging?.promotion?.failure).toEqual({
      message: 'no marker',
      since: at(-90),
      retry: 'never',
    });
    const pullRequest = { url: 'https://f/7', number: 7 };
    expect(fold({ kind: 'pull-request', pullRequest })?.failure).toBeUndefined();
  });

  test('of bringing an open pull request up to date leaves it open while that may pass by itself', () => {
    const { status } = behind({ phase: 'PullRequestOpen', pullRequest: { url: 'https://f/7', number: 7 } });
    const result = { kind: 'error', message: '502', retry: 'backoff' } as const;
    const folded = foldResult(status, { environment: 'staging', revision: '1.1.0', result }, policy, NOW);
    expect(folded.environments?.staging?.promotion).toMatchObject({
      phase: 'PullRequestOpen',
      nextAttemptAt: at(2),
    });
  });
});
