import { describe, expect, test } from 'bun:test';
import type { Deployment, Failure, PromotionStatus } from '../../../../src/api/pipeline.ts';
import { newFailure } from '../../../../src/decide/report/failure.ts';
import { endedPromotions, transitions } from '../../../../src/decide/report/transitions.ts';
import { at, running, withState } from '../../../fakes/pipeline.ts';

const BEHIND = running({ dev: '1.3.0', staging: '1.2.0', prod: '1.1.0' });
const PULL = { url: 'https://f/12', number: 12 };

function promoting(promotion: Partial<PromotionStatus>, from = BEHIND) {
  const record: PromotionStatus = { revision: '1.3.0', phase: 'Pending', updatedAt: at(1), ...promotion };
  return withState(from, 'staging', { promotion: record });
}

function failure(message: string, retry: Failure['retry'] = 'backoff', since = at(0)) {
  return { message, retry, since };
}

describe('the transitions', () => {
  const TOLD: readonly [Partial<PromotionStatus>, string, string, string][] = [
    [{ phase: 'WaitingApproval' }, 'Normal', 'WaitingApproval', 'waits for an approval.'],
    [{ phase: 'PullRequestOpen', pullRequest: PULL }, 'Normal', 'PullRequestOpen', 'https://f/12'],
    [{ phase: 'Merged', pullRequest: PULL }, 'Normal', 'PullRequestMerged', 'is merged.'],
    [{ phase: 'Succeeded' }, 'Normal', 'PromotionSucceeded', 'Promoted 1.3.0 to staging.'],
    [{ phase: 'Superseded', message: 'rolled back.' }, 'Normal', 'PromotionSuperseded', 'rolled back.'],
    [{ phase: 'Rejected', message: 'It was closed.' }, 'Warning', 'PromotionRejected', 'It was closed.'],
    [{ phase: 'Rejected' }, 'Warning', 'PromotionRejected', '1.3.0 to staging was rejected.'],
    [{ phase: 'Failed', failure: failure('no marker', 'never') }, 'Warning', 'PromotionFailed', 'no marker'],
    [{ phase: 'Pending', failure: failure('502') }, 'Warning', 'PromotionRetrying', 'is retried: 502'],
  ];
  for (const [promotion, type, reason, words] of TOLD) {
    test(`into ${promotion.phase} are reported once, as ${reason}: ${words}`, () => {
      const next = promoting(promotion);
      const reported = transitions(next, BEHIND.status);
      expect(reported).toMatchObject([
        { type, reason, environment: 'staging', version: '1.3.0', from: '1.2.0' },
      ]);
      expect(reported[0]?.message).toEndWith(words);
      expect(reported[0]?.phase).toBe(promotion.phase ?? 'Pending');
      expect(reported[0]?.pullRequest).toBe(promotion.pullRequest?.url);
      expect(transitions(next, next.status)).toEqual([]);
    });
  }

  test('of a pull request that is open though its attempt failed report both', () => {
    const next = promoting({ phase: 'PullRequestOpen', pullRequest: PULL, failure: failure('502') });
    expect(transitions(next, BEHIND.status)).toMatchObject([
      { reason: 'PullRequestOpen', pullRequest: 'https://f/12' },
      { reason: 'PromotionRetrying' },
    ]);
    expect(transitions(next, next.status)).toEqual([]);
  });

  const UNTOLD: readonly Partial<PromotionStatus>[] = [
    { phase: 'Pending', message: 'Waits until dev is ready.', heldBy: 'PreviousEnvironment' },
    { phase: 'Promoting', attempts: 1 },
    { phase: 'Failed', message: 'recorded without a failure' },
  ];
  for (const promotion of UNTOLD) {
    test(`into ${promotion.phase} are not reported`, () => {
      expect(transitions(promoting(promotion), BEHIND.status)).toEqual([]);
    });
  }

  test('of a promotion that succeeded name what the environment ran before', () => {
    const now = running({ dev: '1.3.0', staging: '1.3.0', prod: '1.1.0' });
    const open = promoting({ phase: 'Merged' });
    expect(transitions(promoting({ phase: 'Succeeded' }, now), open.status)).toMatchObject([
      { reason: 'PromotionSucceeded', version: '1.3.0', from: '1.2.0' },
    ]);
  });

  test('name nothing that is not known, such as what an environment without an application runs', () => {
    const empty = withState(BEHIND, 'staging', { targets: [] });
    const [reported] = transitions(promoting({ phase: 'WaitingApproval' }, empty), empty.status);
    expect(Object.keys(reported ?? {}).toSorted()).toEqual(
      ['environment', 'message', 'moment', 'phase', 'reason', 'type', 'version'].toSorted(),
    );
  });

  test('have another moment the second time', () => {
    const moments = [
      promoting({ phase: 'WaitingApproval' }),
      promoting({ phase: 'WaitingApproval', updatedAt: at(900) }),
      promoting({ phase: 'Pending', attempts: 1, failure: failure('a') }),
      promoting({ phase: 'Pending', attempts: 2, failure: failure('a') }),
    ].map((one) => transitions(one, BEHIND.status)[0]?.moment);
    expect(new Set(moments).size).toBe(4);
  });
});

describe('a deployment', () => {
  const deployed = (change: Partial<Deployment> = {}): Deployment => ({
    revision: '1.4.0',
    phase: 'Failed',
    message: 'timed out',
    observedAt: at(0),
    source: 'webhook',
    ...change,
  });

  test('that failed is reported with Flux’s words, by the webhook or by watching', () => {
    const failed = withState(BEHIND, 'dev', { deployment: deployed() });
    expect(transitions(failed, BEHIND.status)).toEqual([
      {
        type: 'Warning',
        reason: 'DeploymentFailed',
        message: 'The deployment of 1.4.0 to dev failed: timed out',
        environment: 'dev',
        version: '1.4.0',
        from: '1.3.0',
        phase: 'Failed',
        moment: at(0),
      },
    ]);
    const later = withState(BEHIND, 'dev', {
      deployment: deployed({ source: 'watch', observedAt: at(9), message: 'upgrade retries exhausted' }),
    });
    expect(transitions(later, failed.status)).toEqual([]);
  });

  test('that succeeded is not', () => {
    const done = withState(BEHIND, 'dev', { deployment: deployed({ phase: 'Succeeded' }) });
    expect(transitions(done, BEHIND.status)).toEqual([]);
  });
});

describe('a failure', () => {
  const before: PromotionStatus = {
    revision: '1.3.0',
    phase: 'Pending',
    startedAt: at(0),
    failure: failure('Gitea answered 502; next attempt in 5 s.'),
  };
  const NEWS: readonly [string, Partial<PromotionStatus>, boolean][] = [
    ['as before', {}, false],
    ['with other numbers', { failure: failure('Gitea answered 502; next attempt in 300 s.') }, false],
    [
      'that says it began later',
      { failure: failure('Gitea answered 502; next attempt in 5 s.', 'backoff', at(900)) },
      false,
    ],
    ['in other words', { failure: failure('The token is refused.') }, true],
    [
      'that a person must mend now',
      { failure: failure('Gitea answered 502; next attempt in 5 s.', 'never') },
      true,
    ],
    ['of another revision', { revision: '1.4.0' }, true],
    ['of the same revision, promoted a second time', { startedAt: at(600) }, true],
    ['during a retry', { phase: 'Promoting' }, false],
  ];
  for (const [what, change, isNews] of NEWS) {
    test(`${what} is ${isNews ? 'news' : 'no news'}`, () => {
      expect(newFailure(before, { ...before, ...change }) !== undefined).toBe(isNews);
    });
  }

  test('is none once it is gone, and news when it comes back', () => {
    const { failure: _, ...open } = { ...before, phase: 'PullRequestOpen' as const };
    expect(newFailure(before, open)).toBeUndefined();
    expect(newFailure(open, before)).toEqual(before.failure);
    expect(newFailure(undefined, before)).toEqual(before.failure);
  });

  test.each([
    ['the id 9C4A:2D5E:11F0 of a request', 'the id 0B1D:77AA:00EE of a request'],
    ['main moved to 4f0c04b70aff', 'main moved to 9a8b7c6d5e4f'],
    ['until 2026-11-21T12:00:00Z', 'until 2026-11-22T08:30:10Z'],
    ['id 9a7c5e0e-0000-4000-8000-00000000000a', 'id 1b7c5e0e-1111-4000-8000-00000000000b'],
  ])('is the same with another number: %s', (one, other) => {
    const next = { ...before, failure: failure(other) };
    expect(newFailure({ ...before, failure: failure(one) }, next)).toBeUndefined();
  });

  test('is reported once through its retries, however often the phase goes back and forth', () => {
    const reported: string[] = [];
    let seen = BEHIND;
    for (let attempts = 1; attempts <= 6; attempts += 1) {
      for (const phase of ['Promoting', 'Failed'] as const) {
        const known = attempts > 1 || phase === 'Failed' ? { failure: failure('no marker', 'never') } : {};
        const next = promoting({ phase, attempts, startedAt: at(0), ...known });
        reported.push(...transitions(next, seen.status).map(({ reason }) => reason));
        reported.push(
          ...endedPromotions(next, seen.status).map(({ promotion }) => `counted ${promotion.phase}`),
        );
        seen = next;
      }
    }
    expect(reported).toEqual(['PromotionFailed', 'counted Failed']);
  });
});

describe('the promotions that ended', () => {
  test('are counted once, from the deployment that they began with', () => {
    const done = promoting({ phase: 'Succeeded', startedAt: at(-30) });
    expect(endedPromotions(done, BEHIND.status)).toMatchObject([
      { environment: 'staging', since: '2026-11-21T11:59:00Z' },
    ]);
    expect(endedPromotions(done, done.status)).toEqual([]);
  });

  test('are counted from the deployment, not from the last reconciliation at that revision', () => {
    const stages = { dev: { deployedAt: at(-86_400) } };
    const execution = {
      revision: '1.3.0',
      startedAt: at(-86_400),
      outcome: 'InProgress',
      environments: stages,
    } as const;
    const known = { ...BEHIND, status: { ...BEHIND.status, executions: [execution] } };
    const done = promoting({ phase: 'Succeeded' }, known);
    expect(endedPromotions(done, known.status)).toMatchObject([{ since: at(-86_400) }]);
  });

  test('are counted from the last look where no execution knows them', () => {
    const { executions: _, ...status } = BEHIND.status;
    const done = promoting({ phase: 'Succeeded' }, { ...BEHIND, status });
    expect(endedPromotions(done, status)).toMatchObject([{ since: at(-60) }]);
  });
});
