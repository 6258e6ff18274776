import { describe, expect, test } from 'bun:test';
import { soakSeconds } from '../../../../src/api/gates.ts';
import type { Gates, Pipeline, PipelineSpec, PromotionStatus, Window } from '../../../../src/api/pipeline.ts';
import { isTimeZone } from '../../../../src/decide/gates/clock.ts';
import { openingOf } from '../../../../src/decide/gates/windows.ts';
import { withEnvironment, withPromotion } from '../../../../src/decide/model/state.ts';
import { approve } from '../../../../src/decide/observation/approve.ts';
import { receiveEvent } from '../../../../src/decide/observation/receive.ts';
import { nextSteps, type Step } from '../../../../src/decide/promotion/next.ts';
import { tasksFor } from '../../../../src/decide/promotion/tasks.ts';
import { conditionsOf } from '../../../../src/decide/report/conditions.ts';
import { summarize } from '../../../../src/decide/report/summary.ts';
import { gateWords } from '../../../../src/promote/pull-request/gate-words.ts';
import { at, event, NOW, observed, pipeline, spec, withState } from '../../../fakes/pipeline.ts';

const HOUR = 3600;
const time = (text: string) => Date.parse(text);

function gated(gates: Gates, change: Partial<PipelineSpec['promotion']> = {}): Pipeline {
  const { promotion } = spec();
  return pipeline({ ...(promotion && { promotion: { ...promotion, ...change, gates } }) });
}

/** What each environment runs, deployed so many hours from NOW. */
type Runs = Readonly<Record<string, readonly [revision: string, hours: number]>>;

function look(from: Pipeline, runs: Runs, hours: number): Pipeline {
  const seen = Object.entries(runs).map(([name, [revision, since]]) => {
    return [name, { kind: 'application', ready: true, revision, deployedAt: at(since * HOUR) }] as const;
  });
  return observed(from, Object.fromEntries(seen), new Date(at(hours * HOUR)));
}

function stepAt(from: Pipeline, hours: number, environment = 'staging'): Step {
  const now = new Date(at(hours * HOUR));
  return (
    nextSteps({ pipeline: from, pullRequests: {}, requested: false, now })[environment] ?? { kind: 'rest' }
  );
}

/** Looks and writes down what is decided, as the reconciler does. */
function pass(from: Pipeline, runs: Runs, hours: number): Pipeline {
  const seen = look(from, runs, hours);
  const step = stepAt(seen, hours);
  if (step.kind === 'rest') return seen;
  return record(seen, step.promotion);
}

function record(from: Pipeline, promotion: PromotionStatus): Pipeline {
  const state = withPromotion(from.status.environments?.staging ?? {}, promotion);
  return { ...from, status: withEnvironment(from.status, 'staging', state) };
}

const OLD = { staging: ['1.0.0', -100], prod: ['1.0.0', -100] } as const;

describe('a soak', () => {
  test.each([
    ['90s', 90],
    ['1h30m', 5400],
    ['720h', 2_592_000],
    ['30d', undefined],
    ['', undefined],
    ['1.5h', 5400],
    ['30m1h', 5400],
    ['0.1s', 0.1],
    ['1500ms', 1.5],
    ['0.333333h', 1200 - 0.001],
    ['0s', 0],
    ['1.h', undefined],
    ['-1h', undefined],
    ['1h 30m', undefined],
    ['1h30', undefined],
    ['99999999h', undefined],
  ])('%p is %p seconds', (text, seconds) => {
    expect(soakSeconds(text)).toBe(seconds);
  });

  const soaking = gated({ soak: '24h' });

  test('holds until the revision has been healthy for long enough, and says until when', () => {
    const seen = look(soaking, { dev: ['1.1.0', -22], ...OLD }, 0);
    expect(stepAt(seen, 0)).toMatchObject({
      kind: 'record',
      promotion: {
        phase: 'Pending',
        heldBy: 'Soak',
        message: 'Waits until 2026-11-21T14:00:00Z, when 1.1.0 has been healthy in dev for 24h.',
      },
      wakeAfter: 2 * HOUR,
    });
    expect(stepAt(pass(soaking, { dev: ['1.1.0', -22], ...OLD }, 0), 2)).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.1.0' },
    });
  });

  test('counts from the deployment, also where that was before we looked', () => {
    expect(stepAt(look(soaking, { dev: ['1.1.0', -25], ...OLD }, 0), 0)).toMatchObject({ kind: 'promote' });
  });

  test('does not count from the deployment of another revision', () => {
    const seen = look(soaking, { dev: ['1.1.0', 0], ...OLD }, 0);
    const dev = {
      ...seen.status.environments?.dev,
      deployment: {
        revision: '1.0.0',
        phase: 'Succeeded',
        observedAt: at(-100 * HOUR),
        source: 'webhook',
      } as const,
    };
    const from = { ...seen, status: { ...withEnvironment(seen.status, 'dev', dev), executions: [] } };
    expect(stepAt(from, 0)).toMatchObject({ promotion: { heldBy: 'Soak' }, wakeAfter: 24 * HOUR });
  });

  test('begins anew for a newer revision that came before it was over', () => {
    const first = pass(soaking, { dev: ['1.1.0', 0], ...OLD }, 0);
    const second = look(first, { dev: ['1.2.0', 20], ...OLD }, 20);
    expect(stepAt(second, 20)).toMatchObject({
      promotion: { revision: '1.2.0', heldBy: 'Soak' },
      wakeAfter: 24 * HOUR,
    });
  });

  test('is not lost to newer revisions once it is over', () => {
    let from = gated({ soak: '24h' }, { manual: true });
    from = pass(from, { dev: ['1.1.0', 0], ...OLD }, 0);
    from = pass(from, { dev: ['1.1.0', 0], ...OLD }, 24);
    for (const hours of [30, 40, 50]) {
      from = pass(from, { dev: [`1.1.${hours}`, hours], ...OLD }, hours);
      expect(from.status.environments?.staging?.promotion).toMatchObject({
        revision: '1.1.0',
        phase: 'WaitingApproval',
        message: 'Waits for an approval of 1.1.0.',
      });
    }
    expect(stepAt(from, 60)).toEqual({ kind: 'rest', wakeAfter: 14 * HOUR });
    expect(stepAt(from, 74)).toMatchObject({ promotion: { revision: '1.1.50', phase: 'WaitingApproval' } });
  });

  test('is not lost to an event of a newer revision either', () => {
    const from = pass(gated({ soak: '24h' }, { manual: true }), { dev: ['1.1.0', -30], ...OLD }, 0);
    const receipt = receiveEvent(from, 'dev', event({ timestamp: at(1) }, '1.2.0'), new Date(at(1)));
    expect(receipt).toMatchObject({ outcome: 'accepted', environment: 'staging' });
    expect(receipt.status?.environments?.staging?.promotion).toMatchObject({ revision: '1.1.0' });
    expect(receipt.status?.environments?.dev?.deployment).toMatchObject({ revision: '1.2.0' });
  });

  test('is remembered of a revision that was replaced while nobody looked', () => {
    const first = pass(soaking, { dev: ['1.1.0', 0], ...OLD }, 0);
    const later = look(first, { dev: ['1.2.0', 25], ...OLD }, 26);
    expect(stepAt(later, 26)).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });

  test('is worth nothing once the environment went back from the revision', () => {
    const before = pass(soaking, { dev: ['1.0.0', -50], ...OLD }, -50);
    const waiting = pass(before, { dev: ['1.1.0', -30], ...OLD }, -30);
    const back = look(waiting, { dev: ['1.0.0', 0], ...OLD }, 0);
    expect(stepAt(back, 0)).toMatchObject({
      promotion: { phase: 'Superseded', message: '1.1.0 was rolled back in dev: it is not promoted.' },
    });
  });

  test('begins anew after a failure', () => {
    const first = pass(soaking, { dev: ['1.1.0', 0], ...OLD }, 0);
    const failed = { kind: 'application', ready: false, revision: '1.1.0', failed: '1.1.0' } as const;
    const broken = observed(first, { dev: failed }, new Date(at(10 * HOUR)));
    const healthy = look(broken, { dev: ['1.1.0', 12], ...OLD }, 12);
    expect(stepAt(healthy, 12)).toMatchObject({ wakeAfter: 24 * HOUR });
  });

  test('is not over for a kind that does not say when it was deployed', () => {
    const first = look(soaking, { dev: ['main@sha1:a', -50], ...OLD }, 0);
    const second = look(first, { dev: ['main@sha1:b', -50], ...OLD }, 1);
    expect(stepAt(second, 1)).toMatchObject({ wakeAfter: 24 * HOUR });
  });

  test('goes on through an environment that is not ready for a moment', () => {
    const first = pass(soaking, { dev: ['1.1.0', 0], ...OLD }, 0);
    const moment = { kind: 'application', ready: false, revision: '1.1.0' } as const;
    const busy = observed(first, { dev: moment }, new Date(at(10 * HOUR)));
    expect(stepAt(look(busy, { dev: ['1.1.0', 0], ...OLD }, 12), 12)).toMatchObject({ wakeAfter: 12 * HOUR });
  });
});

describe('the versions that may pass', () => {
  test.each([
    ['~1.1', '1.1.5', 'promote'],
    ['~1.1', 'v1.1.5', 'promote'],
    ['~1.1', '1.1.5+4f0c04b', 'promote'],
    ['>=1.0.0 <2', '1.9.0', 'promote'],
    ['>=1.0.0, <2.0.0', '1.9.0', 'promote'],
    ['>=1.0.0 <2', '2.0.0', 'Waits for another revision: 2.0.0 is not in >=1.0.0 <2, which may pass.'],
    ['~1.1', '1.1.6-rc.1', 'Waits for another revision: 1.1.6-rc.1 is not in ~1.1, which may pass.'],
    [
      '~1.1',
      'main@sha1:a',
      'Waits for another revision: main@sha1:a is not a semantic version, and only ~1.1 may pass.',
    ],
  ])('%s decide on %s: %s', (versions, revision, expected) => {
    const step = stepAt(look(gated({ versions }), { dev: [revision, -1], ...OLD }, 0), 0);
    if (expected === 'promote') expect(step.kind).toBe('promote');
    else
      expect(step).toMatchObject({ promotion: { phase: 'Pending', heldBy: 'Versions', message: expected } });
  });

  test('keep what may not pass from the place of what may', () => {
    const open = { phase: 'PullRequestOpen', pullRequest: { url: 'https://f/1', number: 1 } } as const;
    const first = pass(gated({ versions: '~1.1' }), { dev: ['1.1.0', -1], ...OLD }, 0);
    const from = record(first, { revision: '1.1.0', ...open, updatedAt: at(0) });
    expect(stepAt(look(from, { dev: ['2.0.0', 1], ...OLD }, 1), 1).kind).toBe('rest');
  });

  test('are not asked of a person', () => {
    const from = gated({ versions: '~1.1' }, { manual: true });
    const receipt = receiveEvent(from, 'dev', event({}, '2.0.0'), NOW);
    expect(receipt).toMatchObject({ outcome: 'accepted' });
    expect(receipt.status?.environments?.staging?.promotion).toMatchObject({ phase: 'Pending' });
    expect(stepAt(look(from, { dev: ['2.0.0', -1], ...OLD }, 0), 0)).toMatchObject({
      promotion: { phase: 'Pending', heldBy: 'Versions' },
    });
  });
});

describe('a canary that goes back during the soak', () => {
  test('leaves the time of the revision that all the others run', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'eu' }, { namespace: 'us' }] },
      { name: 'staging', targets: [{ namespace: 'staging' }] },
    ];
    const from = pipeline({ ...gated({ soak: '1h', targets: 'any' }).spec, environments });
    const one = (eu: string, seconds: number, before: Pipeline) =>
      observed(
        before,
        {
          dev: [eu, '1.1.0'].map((revision) => ({
            kind: 'application',
            ready: true,
            revision,
            deployedAt: at(0),
          })),
          staging: { kind: 'application', ready: true, revision: '1.0.0', deployedAt: at(0) },
        },
        new Date(at(seconds)),
      );
    const back = one('1.1.0', 1200, one('1.2.0', 600, one('1.1.0', 0, from)));
    const steps = nextSteps({
      pipeline: back,
      pullRequests: {},
      requested: false,
      now: new Date(at(2 * HOUR)),
    });
    expect(steps.staging).toMatchObject({ kind: 'promote', promotion: { revision: '1.1.0' } });
  });
});

describe('a revision that left before its soak was over', () => {
  test('waits for another one, which its open pull request says', () => {
    const soaking = gated({ soak: '24h' });
    const first = pass(soaking, { dev: ['1.1.0', -3], ...OLD }, 0);
    const from = pass(first, { dev: ['1.2.0', 2], ...OLD }, 2);
    const pullRequest = { url: 'https://f/pulls/7', number: 7, commit: 'c0ffee', revision: '1.1.0' };
    const promotion = { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest, updatedAt: at(0) } as const;
    const opened = withState(from, 'staging', { promotion });
    const now = new Date(at(48 * HOUR));
    const [group] = tasksFor({ pipeline: opened, pullRequests: { staging: 'open' }, requested: false, now });
    expect(group?.tasks).toMatchObject([
      {
        kind: 'check',
        state: 'pending',
        description: 'Waits for another revision: 1.1.0 left dev before it had been healthy there for 24h.',
      },
    ]);
  });
});

describe('a window', () => {
  const office: Window = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '09:00', to: '17:00' };
  const berlin = { ...office, timeZone: 'Europe/Berlin' };
  const night: Window = { days: ['Fri'], from: '22:00', to: '02:00', timeZone: 'Europe/Berlin' };
  const daily = (from: string, to: string, timeZone = 'Europe/Berlin'): Window => ({ from, to, timeZone });

  const rows: [why: string, window: Window, now: string, opensAt: string | 'open'][] = [
    ['is open from its first moment', office, '2026-11-23T09:00:00Z', 'open'],
    ['is open until its last moment', office, '2026-11-23T16:59:59Z', 'open'],
    ['is closed from its end on', office, '2026-11-23T17:00:00Z', '2026-11-24T09:00:00Z'],
    ['is closed on other days', office, '2026-11-21T12:00:00Z', '2026-11-23T09:00:00Z'],
    ['is in its own time zone, in winter', berlin, '2026-11-23T07:59:00Z', '2026-11-23T08:00:00Z'],
    ['is in its own time zone, in summer', berlin, '2026-07-06T06:59:00Z', '2026-07-06T07:00:00Z'],
    ['goes over midnight', night, '2026-11-21T00:30:00Z', 'open'],
    ['belongs to the day on which it opens', night, '2026-11-20T00:30:00Z', '2026-11-20T21:00:00Z'],
    ['ends after midnight', night, '2026-11-21T01:00:00Z', '2026-11-27T21:00:00Z'],
    [
      'goes over midnight far in the west',
      { ...night, to: '06:00', timeZone: 'Pacific/Honolulu' },
      '2026-11-21T15:59:59Z',
      'open',
    ],
    ['lasts a whole day', daily('00:00', '24:00'), '2026-11-21T23:30:00Z', 'open'],
    [
      'may be of one day',
      { ...daily('00:00', '24:00'), days: ['Sun'] },
      '2026-11-21T22:59:00Z',
      '2026-11-21T23:00:00Z',
    ],
    [
      'is shorter where the clocks go forward',
      daily('01:00', '04:00'),
      '2026-03-29T02:00:00Z',
      '2026-03-29T23:00:00Z',
    ],
    ['is longer where the clocks go back', daily('01:00', '04:00'), '2026-10-25T02:59:00Z', 'open'],
    [
      'opens when the clocks skip its beginning',
      daily('02:30', '05:00'),
      '2026-03-29T00:59:59Z',
      '2026-03-29T01:00:00Z',
    ],
    [
      'closes when the clocks skip its end',
      daily('01:00', '02:30'),
      '2026-03-29T01:00:00Z',
      '2026-03-29T23:00:00Z',
    ],
    [
      'leaves out a day that skips all of it',
      daily('02:10', '02:50'),
      '2026-03-29T00:30:00Z',
      '2026-03-30T00:10:00Z',
    ],
    [
      'of a week leaves out the week that skips it',
      { ...daily('02:10', '02:50'), days: ['Sun'] },
      '2026-03-28T12:00:00Z',
      '2026-04-05T00:10:00Z',
    ],
    [
      'opens at the first of two beginnings',
      daily('02:30', '05:00'),
      '2026-10-25T00:29:00Z',
      '2026-10-25T00:30:00Z',
    ],
    [
      'closes at the first of two ends',
      daily('01:00', '02:30'),
      '2026-10-25T00:30:00Z',
      '2026-10-26T00:00:00Z',
    ],
    [
      'knows half an hour of daylight saving',
      daily('02:15', '03:00', 'Australia/Lord_Howe'),
      '2026-10-03T15:29:00Z',
      '2026-10-03T15:30:00Z',
    ],
    [
      'knows zones beyond the date line',
      daily('09:00', '10:00', 'Pacific/Kiritimati'),
      '2026-11-21T19:00:00Z',
      'open',
    ],
    ['is in UTC without a time zone', { from: '12:00', to: '12:01' }, '2026-11-21T12:00:30Z', 'open'],
  ];
  test.each(rows)('%s', (_, window, now, opensAt) => {
    const opening = openingOf([window], time(now));
    if (opensAt === 'open') expect(opening).toMatchObject({ open: true });
    else expect(opening).toEqual({ open: false, opensAt: time(opensAt) });
  });

  test('is one of several', () => {
    const both = [office, { from: '18:00', to: '19:00' }];
    expect(openingOf(both, time('2026-11-21T12:00:00Z'))).toEqual({
      open: false,
      opensAt: time('2026-11-21T18:00:00Z'),
    });
    const closesAt = time('2026-11-21T19:00:00Z');
    expect(openingOf(both, time('2026-11-21T18:30:00Z'))).toEqual({ open: true, closesAt });
  });

  // The hours that are skipped and that come twice lie in the middle of the window.
  test.each(['2026-03-06', '2026-10-30'])('agrees with the clock in the days after %s', (day) => {
    const timeZone = 'America/New_York';
    const field = '2-digit' as const;
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: field, minute: field });
    let next: number | undefined;
    for (let quarter = 0; quarter < 4 * 96; quarter += 1) {
      const now = time(`${day}T00:00:00Z`) + quarter * 15 * 60_000;
      const shown = clock.format(now);
      const opening = openingOf([daily('00:30', '05:45', timeZone)], now);
      expect(`${shown} ${opening.open}`).toBe(`${shown} ${shown >= '00:30' && shown < '05:45'}`);
      if (opening.open && next !== undefined) expect(now).toBe(next);
      next = opening.open ? undefined : opening.opensAt;
    }
  });

  test('holds the promotion, says when the next one opens, and wakes then', () => {
    const from = look(gated({ windows: [office] }), { dev: ['1.1.0', -1], ...OLD }, 0);
    expect(stepAt(from, 0)).toMatchObject({
      kind: 'record',
      promotion: {
        phase: 'Pending',
        heldBy: 'Window',
        message: 'Waits until 2026-11-23T09:00:00Z, when the next window of staging opens.',
      },
      wakeAfter: 45 * HOUR,
    });
    expect(stepAt(from, 45).kind).toBe('promote');
  });

  test('is looked at when it ends, where a pull request is open that may not be merged then', () => {
    const from = look(
      gated({ windows: [{ from: '11:00', to: '12:01' }] }),
      { dev: ['1.1.0', -1], ...OLD },
      0,
    );
    const pullRequest = { url: 'https://f/pulls/7', number: 7, revision: '1.1.0' };
    const updatedAt = at(-86_400);
    const opened = withState(from, 'staging', {
      promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest, updatedAt },
    });
    const step = stepAt(opened, 0);
    expect(step).toMatchObject({ kind: 'rest', wakeAfter: 60 });
  });

  test('needs a zone that there is', () => {
    expect(['UTC', 'Europe/Berlin', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'].every(isTimeZone)).toBe(
      true,
    );
    expect(['Europe/Berln', 'CEST+1', '', '../../etc'].some(isTimeZone)).toBe(false);
  });
});

describe('a gate that is taken off', () => {
  const rows: [string, Gates][] = [
    ['a soak of 0s', { soak: '0s' }],
    ['an empty list of windows', { windows: [] }],
    ['an empty list of versions of artifacts', { artifactVersions: [] }],
  ];
  test.each(rows)('holds nothing: %s', (_, gates) => {
    expect(stepAt(look(gated(gates), { dev: ['1.1.0', 0], ...OLD }, 0), 0).kind).toBe('promote');
    expect(gateWords(gates)).toBe('');
  });
});

describe('gates of an environment', () => {
  test("hold its promotion in place of the Pipeline's", () => {
    const below = gated({ soak: '24h' });
    const environments = below.spec.environments.map((one) => {
      return one.name === 'staging' ? { ...one, gates: { soak: '1h' } } : one;
    });
    const from = { ...below, spec: { ...below.spec, environments } };
    const seen = look(from, { dev: ['1.1.0', 0], staging: ['1.0.5', 0], prod: ['1.0.0', -100] }, 0);
    expect(stepAt(seen, 0)).toMatchObject({ wakeAfter: HOUR });
    expect(stepAt(seen, 0, 'prod')).toMatchObject({ wakeAfter: 24 * HOUR });
  });
});

describe('an approval and gates together', () => {
  const from = gated({ soak: '24h' }, { manual: true });
  const waiting = pass(from, { dev: ['1.1.0', -22], ...OLD }, 0);

  test('are asked at once, and who decides sees what else holds', () => {
    expect(waiting.status.environments?.staging).toMatchObject({
      waitingApproval: { revision: '1.1.0' },
      promotion: {
        phase: 'WaitingApproval',
        heldBy: 'Soak',
        message:
          'Waits for an approval of 1.1.0, and until 2026-11-21T14:00:00Z, when 1.1.0 has been healthy in dev for 24h.',
      },
    });
  });

  test('keep the approval while a gate holds', () => {
    const status = approve(waiting, { environment: 'staging', revision: '1.1.0', by: 'jane' }, NOW);
    const approved = { ...waiting, status: status ?? {} };
    const held = stepAt(approved, 0);
    expect(held).toMatchObject({
      promotion: { phase: 'Pending', heldBy: 'Soak', approvedBy: 'jane' },
      wakeAfter: 2 * HOUR,
    });
    expect(stepAt(approved, 2)).toMatchObject({ kind: 'promote', promotion: { approvedBy: 'jane' } });
  });

  test('hold what is asked for by hand, but for its age and its version', () => {
    const hand = gated({ soak: '24h', versions: '~2.0' });
    const asked = (one: Pipeline) =>
      record(look(one, { dev: ['1.1.0', 0], ...OLD }, 0), {
        revision: '0.9.0',
        phase: 'Pending',
        requestedBy: 'jane',
      });
    expect(stepAt(asked(hand), 0)).toMatchObject({ kind: 'promote', promotion: { requestedBy: 'jane' } });
    const frozen = gated({ windows: [{ days: ['Mon'], from: '09:00', to: '17:00' }] });
    expect(stepAt(asked(frozen), 0)).toMatchObject({ promotion: { heldBy: 'Window', revision: '0.9.0' } });
    expect(stepAt(asked({ ...hand, spec: { ...hand.spec, suspend: true } }), 0)).toMatchObject({
      promotion: { heldBy: 'Suspended' },
    });
  });
});

describe('what a gate holds', () => {
  const promotion = { revision: '1.1.0', phase: 'Pending', message: 'Waits.' } as const;
  test.each([
    ['Suspended', '1.1.0 suspended', 'Suspended'],
    ['Soak', '1.1.0 soaks', 'GateClosed'],
    ['Window', '1.1.0 waits for a window', 'GateClosed'],
    ['Versions', '1.1.0 may not pass', 'GateClosed'],
    ['PreviousEnvironment', '1.1.0 pending', 'EnvironmentNotReady'],
  ] as const)('shows in the summary and the conditions: %s', (heldBy, note, reason) => {
    const from = record(look(pipeline(), { dev: ['1.1.0', 0], ...OLD }, 0), { ...promotion, heldBy });
    expect(summarize(from)).toContain(`staging 1.0.0 (${note})`);
    expect(conditionsOf(from, { threshold: 3, now: NOW }, { secrets: [], warnings: [] })).toContainEqual({
      type: 'PromotionPending',
      status: 'True',
      reason,
      message: 'staging: Waits.',
    });
  });
});
