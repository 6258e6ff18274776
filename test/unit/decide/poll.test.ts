import { describe, expect, test } from 'bun:test';
import type { PromotionStatus } from '../../../src/api/pipeline.ts';
import { contextOf, nextSteps } from '../../../src/decide/promotion/next.ts';
import { pollDue } from '../../../src/decide/promotion/poll.ts';
import { jitterFor } from '../../../src/lib/text/jitter.ts';
import { at, NOW, running, withState } from '../../fakes/pipeline.ts';

interface Options {
  readonly name?: string;
  /** Seconds since the pull request was opened. */
  readonly age: number;
  /** Seconds since its forge told of it. */
  readonly reported?: number;
}

/** Seconds until an open pull request is looked at again. */
function pollAfter({ name = 'app', age, reported }: Options): number {
  const pullRequest = {
    url: 'https://f/pulls/7',
    number: 7,
    ...(reported !== undefined && { changedAt: at(-reported) }),
  };
  const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
    promotion: { revision: '1.1.0', phase: 'PullRequestOpen', updatedAt: at(-age), pullRequest },
  });
  const pipeline = { ...from, metadata: { ...from.metadata, name } };
  const step = nextSteps({ pipeline, pullRequests: { staging: 'open' }, requested: false, now: NOW }).staging;
  if (step?.kind !== 'rest' || step.wakeAfter === undefined) throw new Error('it is not looked at again');
  return step.wakeAfter;
}

const NAMES = Array.from({ length: 10_000 }, (_, index) => `app-${index}`);

describe('an open pull request', () => {
  const ages: [age: number, seconds: number][] = [
    [0, 10],
    [100, 10],
    [600, 60],
    [1200, 100],
    [1_000_000, 100],
  ];
  test.each(ages)('that was opened %i seconds ago is looked at again in about %i', (age, seconds) => {
    for (const name of NAMES.slice(0, 100)) {
      const wait = pollAfter({ name, age });
      expect(wait).toBeGreaterThanOrEqual(0.8 * seconds);
      expect(wait).toBeLessThan(1.2 * seconds);
      expect(pollAfter({ name, age })).toBe(wait);
    }
  });

  test('is looked at soon again when its forge reported it, for the API may be behind', () => {
    const fresh = pollAfter({ age: 0 });
    expect(pollAfter({ age: 86_400, reported: 0 })).toBe(fresh);
    expect(pollAfter({ age: 86_400, reported: 600 })).toBeCloseTo(6 * fresh, 9);
    expect(pollAfter({ age: 0, reported: 600 })).toBe(fresh);
  });
});

describe('the forge', () => {
  const DAY = 86_400;
  const pullRequest = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee' };

  /** Seconds until it is asked about the promotion of 1.1.0; `available`: what dev runs by now. */
  function due(
    promotion: Partial<PromotionStatus>,
    { asked, available = '1.1.0' }: { asked?: number; available?: string },
  ) {
    const runs = running({ dev: available, staging: '1.0.0', prod: '1.0.0' });
    const record = { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest, ...promotion } as const;
    const from = withState(runs, 'staging', { promotion: record });
    const [previous, environment] = from.spec.environments;
    if (!previous || !environment) throw new Error('the test needs two environments');
    const situation = { pipeline: from, pullRequests: {}, requested: false, now: NOW };
    const last =
      asked === undefined ? undefined : { at: Date.parse(at(asked)), isHeld: false, changedAt: undefined };
    return pollDue(contextOf(situation, previous, environment), last, available);
  }

  test('is asked for a week whether a closed pull request is open again', () => {
    const closed = (age: number) => due({ phase: 'Rejected', updatedAt: at(-age) }, { asked: -7200 });
    expect(closed(7 * DAY - 1)).toBe(0);
    expect(closed(7 * DAY)).toBeUndefined();
  });

  test('is not asked at once about a merge that nothing replaces', () => {
    expect(due({ phase: 'Merged', updatedAt: at(-60) }, {})).toBeGreaterThan(60);
  });

  test('is asked no sooner about a promotion by hand when a newer revision comes: that waits', () => {
    const open = { updatedAt: at(-DAY) };
    expect(due(open, { asked: -6, available: '1.2.0' })).toBe(0);
    expect(due({ ...open, requestedBy: 'ada' }, { asked: -6, available: '1.2.0' })).toBeGreaterThan(0);
  });
});

describe('the looks at many things that began at once', () => {
  test.each([
    ['by the name of the Pipeline', (name: string) => `apps/${name}/staging`],
    ['by the namespace', (name: string) => `${name}/app/staging`],
    ['by the environment', (name: string) => `apps/app/${name}`],
  ])('are spread evenly %s', (_, nameOf) => {
    const tenths = new Array<number>(10).fill(0);
    for (const name of NAMES) {
      const tenth = Math.floor(((jitterFor(nameOf(name)) - 0.8) / 0.4) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1150);
    }
  });
});
