import { describe, expect, test } from 'bun:test';
import type { Pipeline, PromotionStatus, PullRequestRef } from '../../../src/api/pipeline.ts';
import { nextSteps } from '../../../src/decide/promotion/next.ts';
import { foldResult, type Result } from '../../../src/decide/promotion/result.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { tasksFor } from '../../../src/decide/promotion/tasks.ts';
import { conditionsOf } from '../../../src/decide/report/conditions.ts';
import { summarize } from '../../../src/decide/report/summary.ts';
import { at, NOW, running, withState } from '../../fakes/pipeline.ts';

const POLICY = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };
const PULL: PullRequestRef = {
  url: 'https://f/pulls/7',
  number: 7,
  commit: 'c0ffee',
  revision: '1.0.5',
  pushedAt: at(-60),
  rebuiltAt: at(-30),
  checked: 'success',
};

/** 1.1.0 is on its way into staging, and has taken over the pull request of the revision before. */
function promoting(change: Partial<PromotionStatus> = {}): Pipeline {
  const promotion = { revision: '1.1.0', phase: 'Promoting', pullRequest: PULL, ...change } as const;
  return withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', { promotion });
}

function after(result: Result, from = promoting()): Pipeline {
  const attempt = { environment: 'staging', revision: '1.1.0', result };
  return { ...from, status: foldResult(from.status, attempt, POLICY, NOW) };
}

function promotionOf({ status }: Pipeline): PromotionStatus | undefined {
  return status.environments?.staging?.promotion;
}

describe('a revision that brings nothing', () => {
  const message = 'main@1234567 has nothing new.';
  const waiting = after({ kind: 'needless', message }, promoting({ attempts: 9 }));

  test('is no failure, waits for another one, and is looked at again at the next resync', () => {
    const promotion = promotionOf(waiting);
    expect(promotion).toMatchObject({
      phase: 'Pending',
      heldBy: 'NothingNew',
      message,
      nextAttemptAt: at(600),
    });
    expect(promotion).not.toHaveProperty('failure');
    const step = (seconds: number) => {
      const now = new Date(at(seconds));
      return nextSteps({ pipeline: waiting, pullRequests: {}, requested: false, now }).staging;
    };
    expect(step(1)).toEqual({ kind: 'rest', wakeAfter: 599 });
    expect(step(600)).toMatchObject({ kind: 'promote' });
  });

  test('leaves the Pipeline Ready, with a word in its summary', () => {
    const conditions = conditionsOf(
      waiting,
      { threshold: 3, now: new Date(at(3600)) },
      { secrets: [], warnings: [] },
    );
    expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual(['Ready=True']);
    expect(summarize(waiting)).toContain('(1.1.0 nothing new)');
  });
});

describe('a change that the base branch has already', () => {
  const message = 'Branch main has 1.1.0 already.';

  test.each(['already-there', 'pushed'] as const)('ends the pull request that is open (%s)', (kind) => {
    const merged = after({ kind, message });
    expect(promotionOf(merged)).toMatchObject({
      phase: 'Merged',
      message,
      pullRequest: { closing: message },
    });
    const [group] = tasksFor({ pipeline: merged, pullRequests: {}, requested: false, now: NOW });
    expect(group).toMatchObject({ environment: 'staging', tasks: [{ kind: 'close', reason: message }] });
  });

  test('is not said to be a merge of that pull request once it is closed', () => {
    const merged = after({ kind: 'already-there', message });
    const pullRequest = promotionOf(merged)?.pullRequest ?? PULL;
    const task = { kind: 'close', reason: message } as const;
    const done = { environment: 'staging', pullRequest, task, result: { kind: 'done' } } as const;
    const closed = { ...merged, status: foldTask(merged.status, done, NOW) };
    expect(promotionOf(closed)?.pullRequest).toMatchObject({ number: 7, endedAt: at(0) });
    expect(says(closed)).toBe('The change is merged; waits until staging is ready at 1.1.0.');
  });

  test.each<[string, Partial<PullRequestRef>, string]>([
    ['by the pull request', {}, 'Pull request #7'],
    ['otherwise, where that is still to be closed', { closing: message }, 'The change'],
    ['otherwise, where that is over', { endedAt: at(-5) }, 'The change'],
  ])('is said to be merged %s', (_, change, what) => {
    const from = promoting({ phase: 'Merged', pullRequest: { ...PULL, ...change } });
    expect(says(from)).toBe(`${what} is merged; waits until staging is ready at 1.1.0.`);
  });
});

function says(pipeline: Pipeline): string | undefined {
  const { staging } = nextSteps({ pipeline, pullRequests: {}, requested: false, now: NOW });
  return staging?.kind === 'record' ? staging.promotion.message : undefined;
}

describe('a no that an attempt finds on its way', () => {
  const opened: PullRequestRef = { url: 'https://f/pulls/8', number: 8, commit: 'decaf', revision: '1.1.0' };
  const result = { kind: 'pull-request', pullRequest: opened, rejected: '1.0.5' } as const;

  test('is remembered with the pull request that was closed, while another one is open', () => {
    expect(after(result).status.environments?.staging).toMatchObject({
      promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest: { number: 8 } },
      rejected: [{ revision: '1.0.5', at: at(0), by: 'pull request #7' }],
    });
  });

  test('is remembered also where a newer revision has the record by then', () => {
    const state = after(result, promoting({ revision: '1.2.0' })).status.environments?.staging;
    expect(state).toMatchObject({ promotion: { revision: '1.2.0' }, rejected: [{ revision: '1.0.5' }] });
  });
});

describe('what a pull request shows', () => {
  const reported = (change: Partial<PullRequestRef>) => {
    const { checked: _, pushedAt: __, rebuiltAt: ___, ...found } = PULL;
    const result = { kind: 'pull-request', pullRequest: { ...found, ...change } } as const;
    const { checked, pushedAt, rebuiltAt } = promotionOf(after(result))?.pullRequest ?? {};
    return { checked, pushedAt, rebuiltAt };
  };

  test('stays recorded while its commit is the same', () => {
    expect(reported({ revision: '1.1.0' })).toEqual({
      checked: 'success',
      pushedAt: at(-60),
      rebuiltAt: at(-30),
    });
  });

  test.each<[string, Partial<PullRequestRef>]>([
    ['another commit', { commit: 'decaf' }],
    ['the commit of another pull request', { number: 8, url: 'https://f/pulls/8' }],
  ])('does not show %s yet', (_, change) => {
    expect(reported(change)).toEqual({ checked: undefined, pushedAt: at(0), rebuiltAt: at(0) });
  });
});

describe('a change that names no digest', () => {
  const FULL = `1.1.0@sha256:${'a'.repeat(64)}`;
  const record = (result: Result, revision = FULL) => {
    const from = promoting({ revision });
    return foldResult(from.status, { environment: 'staging', revision, result }, POLICY, NOW).environments
      ?.staging?.promotion;
  };
  const message = 'Commit c0ffee on main has it.';

  test('is remembered, so that the version is what it has arrived by', () => {
    expect(record({ kind: 'pushed', message, byVersion: ['revision'] })).toMatchObject({
      byVersion: ['revision'],
    });
    expect(record({ kind: 'already-there', message, byVersion: ['revision'] })).toMatchObject({
      byVersion: ['revision'],
    });
    expect(record({ kind: 'pull-request', pullRequest: PULL, byVersion: ['revision'] })).toMatchObject({
      byVersion: ['revision'],
    });
    expect(record({ kind: 'notified' })).toMatchObject({ byVersion: ['revision'] });
  });

  test('is forgotten once a change names one, and says nothing of a plain version', () => {
    const from = promoting({ revision: FULL, byVersion: ['revision'] });
    const result: Result = { kind: 'pushed', message };
    const attempt = { environment: 'staging', revision: FULL, result };
    const { environments } = foldResult(from.status, attempt, POLICY, NOW);
    expect(environments?.staging?.promotion).not.toHaveProperty('byVersion');
    expect(record({ kind: 'notified' }, '1.1.0')).not.toHaveProperty('byVersion');
  });
});
