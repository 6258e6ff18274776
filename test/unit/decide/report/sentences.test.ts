import { describe, expect, test } from 'bun:test';
import type { PromotionStatus } from '../../../../src/api/pipeline.ts';
import { isOlder, shortRevision } from '../../../../src/decide/model/revision.ts';
import { conditionsOf, type Warnings } from '../../../../src/decide/report/conditions.ts';
import { summarize } from '../../../../src/decide/report/summary.ts';
import { at, NOW, observed, pipeline, ready, running, withState } from '../../../fakes/pipeline.ts';

const BEHIND = running({ dev: '1.3.0', staging: '1.2.0', prod: '1.1.0' });

function promoting(promotion: Omit<PromotionStatus, 'revision'>) {
  return withState(BEHIND, 'staging', { promotion: { revision: '1.3.0', ...promotion } });
}

describe('the summary', () => {
  test.each([
    [
      { phase: 'PullRequestOpen', pullRequest: { url: 'https://f/12', number: 12 } },
      'staging 1.2.0 (PR #12)',
    ],
    [{ phase: 'WaitingApproval' }, 'staging 1.2.0 (1.3.0 waits for approval)'],
    [{ phase: 'Pending' }, 'staging 1.2.0 (1.3.0 pending)'],
    [{ phase: 'Pending', nextAttemptAt: at(5) }, 'staging 1.2.0 (1.3.0 is retried)'],
    [{ phase: 'Promoting' }, 'staging 1.2.0 (1.3.0 on its way)'],
    [{ phase: 'Merged' }, 'staging 1.2.0 (1.3.0 merged)'],
    [{ phase: 'Failed' }, 'staging 1.2.0 (1.3.0 failed)'],
    [{ phase: 'Rejected' }, 'staging 1.2.0 (1.3.0 rejected)'],
    [{ phase: 'Succeeded' }, 'staging 1.2.0'],
    [{ phase: 'Superseded' }, 'staging 1.2.0'],
  ] as const)('shows %p as "%s"', (promotion, shown) => {
    expect(summarize(promoting(promotion))).toBe(`dev 1.3.0 → ${shown} → prod 1.1.0`);
  });

  test('shows what is not known, what differs, and commits in short', () => {
    const targets = [{ namespace: 'a' }, { namespace: 'b' }];
    const two = pipeline({
      environments: [
        { name: 'dev', targets },
        { name: 'prod', targets: [{ namespace: 'p' }] },
      ],
    });
    const seen = observed(two, { dev: [ready('main@sha1:4f0c04b70aff4f0c'), ready('1.0.0')] });
    expect(summarize(seen)).toBe('dev main@4f0c04b/1.0.0 → prod –');
  });
});

function failure(retry: 'never' | 'backoff', seconds: number) {
  return { message: '502', since: at(seconds), retry };
}

const NONE: Warnings = { secrets: [], warnings: [] };

describe('the conditions', () => {
  const shown = (from: typeof BEHIND, warned: Warnings = NONE) =>
    conditionsOf(from, { threshold: 3, now: NOW }, warned).map(
      ({ type, status, reason }) => `${type} ${status} ${reason}`,
    );

  test.each([
    [{ phase: 'PullRequestOpen' }, ['Ready True ReconciliationSucceeded']],
    [{ phase: 'Rejected' }, ['Ready True ReconciliationSucceeded']],
    [
      { phase: 'WaitingApproval' },
      ['Ready True ReconciliationSucceeded', 'PromotionPending True WaitingApproval'],
    ],
    [
      { phase: 'Pending', message: 'Waits until dev is ready.' },
      ['Ready True ReconciliationSucceeded', 'PromotionPending True EnvironmentNotReady'],
    ],
    [
      { phase: 'Pending', attempts: 1, nextAttemptAt: at(2), message: '502' },
      ['Ready True ReconciliationSucceeded', 'Reconciling True PromotionRetrying'],
    ],
    [
      { phase: 'Pending', attempts: 3, nextAttemptAt: at(2), failure: failure('backoff', -5) },
      ['Ready True ReconciliationSucceeded', 'Reconciling True PromotionRetrying'],
    ],
    [
      { phase: 'Pending', attempts: 2, nextAttemptAt: at(2), failure: failure('backoff', -301) },
      ['Ready True ReconciliationSucceeded', 'Reconciling True PromotionRetrying'],
    ],
    [
      { phase: 'Pending', attempts: 3, nextAttemptAt: at(2), failure: failure('backoff', -301) },
      ['Ready False PromotionRetrying', 'Reconciling True PromotionRetrying'],
    ],
    [
      { phase: 'Promoting', attempts: 4, failure: failure('backoff', -301) },
      ['Ready False PromotionRetrying', 'Reconciling True PromotionRetrying'],
    ],
    [
      { phase: 'Failed', message: 'no marker' },
      ['Ready False PromotionFailed', 'Stalled True PromotionFailed'],
    ],
    [
      { phase: 'Promoting', attempts: 2, failure: failure('never', -1) },
      ['Ready False PromotionFailed', 'Stalled True PromotionFailed'],
    ],
  ] as const)('for %p are %p', (promotion, wanted) => {
    expect(shown(promoting(promotion))).toEqual([...wanted]);
  });

  test('say what was left open and could not be closed', () => {
    const { status, ...rest } = promoting({ phase: 'PullRequestOpen' });
    const pullRequest = { url: 'https://f/9', number: 9, closing: 'qa is gone.' };
    const left = { environment: 'qa', pullRequest, problem: 'The token may not.', final: true as const };
    const from = { ...rest, status: { ...status, abandoned: [left] } };
    expect(shown(from)).toEqual(['Ready True ReconciliationSucceeded', 'Warning True SuspiciousSpec']);
    expect(conditionsOf(from, { threshold: 3, now: NOW }, NONE)[1]?.message).toBe(
      'qa: pull request https://f/9 is left open; close it by hand. The token may not.',
    );
  });

  test('say what the rules say of the Secrets and what they warn of', () => {
    const warned = { secrets: ['no key', 'no token'], warnings: ['odd'] };
    const ended = promoting({ phase: 'PullRequestOpen' });
    expect(shown(ended, warned)).toEqual(['Ready False SecretNotUsable', 'Warning True SuspiciousSpec']);
    expect(conditionsOf(ended, { threshold: 3, now: NOW }, warned)[0]?.message).toBe('no key\nno token');
    const failed = promoting({ phase: 'Failed', message: 'no marker' });
    expect(shown(failed, warned)[0]).toBe('Ready False PromotionFailed');
  });
});

describe('revisions', () => {
  test.each([
    ['1.2.0', '1.10.0', true],
    ['v1.2.0', '1.3.0', true],
    ['1.3.0-rc.1', '1.3.0', true],
    ['1.3.0', '1.3.0', false],
    ['1.3.0+b', '1.3.0+a', false],
    ['2.0.0', '1.9.9', false],
    ['main@sha1:abc', '1.0.0', false],
    ['1.0', '2.0', false],
  ])('%s is older than %s: %p', (a, b, older) => {
    expect(isOlder(a, b)).toBe(older);
  });

  test('are shown in short where they are digests', () => {
    expect(shortRevision('main@sha1:4f0c04b70aff4f0c04b70aff')).toBe('main@4f0c04b');
    expect(shortRevision('1.2.3')).toBe('1.2.3');
  });
});
