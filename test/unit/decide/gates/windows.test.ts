import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Gates, Pipeline, Window } from '../../../../src/api/pipeline.ts';
import { boundsProblem, isMoment, openingOf } from '../../../../src/decide/gates/windows.ts';
import { promotionInto } from '../../../../src/decide/model/route.ts';
import { nextSteps } from '../../../../src/decide/promotion/next.ts';
import { gateWords } from '../../../../src/promote/pull-request/gate-words.ts';
import { at, NOW, observed, pipeline, spec } from '../../../fakes/pipeline.ts';

const time = (text: string) => Date.parse(text);
const deny = (change: Partial<Window>): Window => ({ type: 'Deny', ...change });
const OFFICE: Window = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '09:00', to: '17:00' };
const HOLIDAYS = deny({
  start: '2026-12-24',
  end: '2027-01-03',
  timeZone: 'Europe/Berlin',
  reason: 'freeze over the holidays',
});

describe('a Deny window', () => {
  const rows: [why: string, windows: Window[], now: string, opensAt: string | 'open' | 'never'][] = [
    ['leaves the rest open', [HOLIDAYS], '2026-12-23T22:59:59Z', 'open'],
    [
      'begins with its first day, in its time zone',
      [HOLIDAYS],
      '2026-12-23T23:00:00Z',
      '2027-01-03T23:00:00Z',
    ],
    ['holds for the whole of its last day', [HOLIDAYS], '2027-01-03T22:59:59Z', '2027-01-03T23:00:00Z'],
    ['is over after its last day', [HOLIDAYS], '2027-01-03T23:00:00Z', 'open'],
    [
      'may be of one day',
      [deny({ start: '2026-12-24', end: '2026-12-24' })],
      '2026-12-24T00:00:00Z',
      '2026-12-25T00:00:00Z',
    ],
    [
      'may begin and end at a time',
      [deny({ start: '2026-12-24T14:00:00+01:00', end: '2026-12-24T16:30:00.5Z', timeZone: 'Asia/Tokyo' })],
      '2026-12-24T13:00:00Z',
      '2026-12-24T16:30:00.500Z',
    ],
    ['may have a beginning alone', [deny({ start: '2026-12-24' })], '2026-12-24T00:00:00Z', 'never'],
    ['may have an end alone', [deny({ end: '2026-12-24' })], '2026-01-01T00:00:00Z', '2026-12-25T00:00:00Z'],
    ['wins over an Allow window', [OFFICE, HOLIDAYS], '2026-12-28T12:00:00Z', '2027-01-04T09:00:00Z'],
    ['wins in any order', [HOLIDAYS, OFFICE], '2026-12-28T12:00:00Z', '2027-01-04T09:00:00Z'],
    ['is of whole days', [deny({ days: ['Sat', 'Sun'] })], '2026-11-21T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['has hours', [deny({ from: '22:00', to: '06:00' })], '2026-11-21T23:00:00Z', '2026-11-22T06:00:00Z'],
    [
      'has hours between its dates alone',
      [deny({ from: '22:00', to: '06:00', start: '2026-11-21', end: '2026-11-22' })],
      '2026-11-22T22:00:00Z',
      '2026-11-23T00:00:00Z',
    ],
    [
      'that never ends for an Allow window keeps it closed',
      [OFFICE, deny({ days: OFFICE.days })],
      at(0),
      'never',
    ],
    [
      'goes on into another one',
      [deny({ from: '10:00', to: '13:00' }), deny({ from: '12:30', to: '14:00' })],
      '2026-11-21T12:00:00Z',
      '2026-11-21T14:00:00Z',
    ],
    [
      'lasts for both of two hours where the clocks go back',
      [deny({ from: '01:00', to: '02:30', timeZone: 'Europe/Berlin' })],
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
    ],
    [
      'of a day ends with it, where midnight comes twice',
      [deny({ start: '2026-10-31', end: '2026-10-31', timeZone: 'America/Havana' })],
      '2026-11-01T03:59:59Z',
      '2026-11-01T04:00:00Z',
    ],
    [
      'of a day of the week ends at the first midnight of two',
      [deny({ days: ['Sat'], timeZone: 'America/Havana' })],
      '2026-11-01T03:59:59Z',
      '2026-11-01T04:00:00Z',
    ],
    [
      'of a day lasts for the hour before midnight that comes twice',
      [deny({ days: ['Sat'], timeZone: 'America/Nuuk' })],
      '2026-10-25T00:30:00Z',
      '2026-10-25T02:00:00Z',
    ],
    [
      'begins on a day that the clocks begin late',
      [deny({ start: '2026-03-08', end: '2026-03-08', timeZone: 'America/Havana' })],
      '2026-03-08T05:00:00Z',
      '2026-03-09T04:00:00Z',
    ],
  ];
  test.each(rows)('%s', (_, windows, now, opensAt) => {
    const opening = openingOf(windows, time(now));
    const { open, ...rest } = opening;
    const shown = 'opensAt' in rest && rest.opensAt !== undefined ? rest.opensAt : 'never';
    expect(open ? 'open' : shown).toBe(/^\d/.test(opensAt) ? time(opensAt) : opensAt);
  });

  test('closes what is open when it begins', () => {
    expect(openingOf([HOLIDAYS], time('2026-12-01T00:00:00Z'))).toEqual({
      open: true,
      closesAt: time('2026-12-23T23:00:00Z'),
    });
    expect(openingOf([HOLIDAYS], time('2027-02-01T00:00:00Z'))).toEqual({ open: true });
    const lunch = deny({ from: '12:00', to: '13:00' });
    expect(openingOf([OFFICE, lunch], time('2026-11-23T09:00:00Z'))).toEqual({
      open: true,
      closesAt: time('2026-11-23T12:00:00Z'),
    });
  });

  test('is looked at in little time, however it is written', () => {
    const often = ['Africa/Casablanca', 'America/Nuuk', 'Australia/Lord_Howe', 'Asia/Tokyo'].flatMap(
      (timeZone) => [
        { from: '00:00', to: '12:00', timeZone },
        deny({ from: '00:00', to: '24:00', timeZone }),
        deny({ from: '12:00', to: '11:59', timeZone }),
      ],
    );
    const began = performance.now();
    expect(openingOf(often, NOW.getTime())).toMatchObject({ open: false, isDenied: true });
    expect(performance.now() - began).toBeLessThan(200);
  });
});

describe('an Allow window with dates', () => {
  const sprint: Window = { ...OFFICE, start: '2026-11-23', end: '2026-11-24' };
  const rows: [why: string, now: string, opensAt: string | 'open' | 'never'][] = [
    ['is closed before the first one', '2026-11-20T12:00:00Z', '2026-11-23T09:00:00Z'],
    ['is open in its hours', '2026-11-24T16:59:59Z', 'open'],
    ['never opens after the last one', '2026-11-24T17:00:00Z', 'never'],
  ];
  test.each(rows)('%s', (_, now, opensAt) => {
    const opening = openingOf([sprint], time(now));
    const closed = opensAt === 'never' ? { open: false } : { open: false, opensAt: time(opensAt) };
    if (opensAt === 'open') expect(opening).toMatchObject({ open: true });
    else expect(opening).toEqual(closed);
  });

  test('may lie far ahead', () => {
    const opening = openingOf([{ ...OFFICE, start: '2030-01-01' }], NOW.getTime());
    expect(opening).toEqual({ open: false, opensAt: time('2030-01-01T09:00:00Z') });
  });
});

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'];
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** Not in the hours that the clocks skip or show twice, which have rules of their own above. */
const HOURS = ['00:00', '00:30', '06:15', '09:00', '12:00', '17:00', '22:00', '23:30'];

const windowOf = fc
  .record({
    type: fc.constantFrom('Allow' as const, 'Deny' as const),
    timeZone: fc.constantFrom(...ZONES),
    days: fc.option(fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }), { nil: undefined }),
    hours: fc.option(fc.tuple(fc.constantFrom(...HOURS), fc.constantFrom(...HOURS, '24:00')), {
      nil: undefined,
    }),
    start: fc.option(fc.constantFrom('2026-10-22', '2026-10-25', '2026-10-24T12:00:00Z'), { nil: undefined }),
    end: fc.option(fc.constantFrom('2026-10-26', '2026-10-28', '2026-10-27T07:30:00+01:00'), {
      nil: undefined,
    }),
  })
  .map(({ hours, ...window }): Window => {
    const [from, to] = hours ?? (window.type === 'Allow' ? ['09:00', '17:00'] : []);
    return { ...window, ...(from !== to && { from, to }) };
  })
  .filter(({ type, from }) => type === 'Deny' || from !== undefined);

const clocks = new Map(
  ZONES.map((timeZone) => {
    const field = '2-digit' as const;
    const date = { weekday: 'short', year: 'numeric', month: field, day: field } as const;
    const clock = { hourCycle: 'h23', hour: field, minute: field } as const;
    return [timeZone, new Intl.DateTimeFormat('en-CA', { timeZone, ...date, ...clock })];
  }),
);

function wall(timeZone: string, instant: number) {
  const parts = clocks.get(timeZone)?.formatToParts(instant) ?? [];
  const read = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  const date = `${read('year')}-${read('month')}-${read('day')}`;
  return { date, day: read('weekday').slice(0, 3), clock: `${read('hour')}:${read('minute')}` };
}

/** By the calendar and the clock on the wall. */
function isIn(
  { timeZone = 'UTC', days, from = '00:00', to = '24:00', start, end }: Window,
  now: number,
): boolean {
  const { date, day, clock } = wall(timeZone, now);
  const week: readonly string[] = DAYS;
  const before = week[(week.indexOf(day) + 6) % 7];
  const opensOn = (one: string | undefined) => !days || days.some((listed) => listed === one);
  const isOver = to <= from;
  const inHours = isOver
    ? (opensOn(day) && clock >= from) || (opensOn(before) && clock < to)
    : opensOn(day) && clock >= from && clock < to;
  const isAfter = (text: string) => (text.includes('T') ? now >= time(text) : date >= text);
  const isBefore = (text: string) => (text.includes('T') ? now < time(text) : date <= text);
  return inHours && (!start || isAfter(start)) && (!end || isBefore(end));
}

function mayPass(windows: readonly Window[], now: number): boolean {
  const allows = windows.filter(({ type }) => type !== 'Deny');
  const denies = windows.filter(({ type }) => type === 'Deny');
  return (
    (allows.length === 0 || allows.some((one) => isIn(one, now))) && !denies.some((one) => isIn(one, now))
  );
}

describe('windows of both kinds', () => {
  // The clocks go back in Europe on the 25th.
  const QUARTER = 15 * 60_000;
  const start = time('2026-10-21T00:00:00Z');
  const instants = fc.integer({ min: 0, max: 9 * 96 }).map((quarter) => start + quarter * QUARTER);

  test('agree with the calendar and the clock on the wall', () => {
    fc.assert(
      fc.property(fc.array(windowOf, { minLength: 1, maxLength: 4 }), instants, (windows, now) => {
        const opening = openingOf(windows, now);
        expect(opening.open).toBe(mayPass(windows, now));
        const change = opening.open ? opening.closesAt : opening.opensAt;
        // Nothing changes before the instant that is named, and a closed one opens then.
        for (let later = now + QUARTER; later < now + 3 * 96 * QUARTER; later += QUARTER) {
          if (change !== undefined && later >= change) break;
          expect(mayPass(windows, later)).toBe(opening.open);
        }
        if (!opening.open && change !== undefined) expect(mayPass(windows, change)).toBe(true);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('may be in any order', () => {
    fc.assert(
      fc.property(fc.array(windowOf, { maxLength: 4 }), instants, (windows, now) => {
        const { reason: _, ...opening } = { reason: '', ...openingOf(windows, now) };
        const { reason: __, ...turned } = { reason: '', ...openingOf(windows.toReversed(), now) };
        expect(turned).toEqual(opening);
      }),
    );
  });
});

describe('what a window says', () => {
  function messageAt(gates: Gates, now: string): string | undefined {
    const { promotion } = spec();
    const from = pipeline({ ...(promotion && { promotion: { ...promotion, gates } }) });
    const app = (revision: string) =>
      ({ kind: 'application', ready: true, revision, deployedAt: at(0) }) as const;
    const seen: Pipeline = observed(
      from,
      { dev: app('1.1.0'), staging: app('1.0.0'), prod: app('1.0.0') },
      new Date(now),
    );
    const step = nextSteps({
      pipeline: seen,
      pullRequests: {},
      requested: false,
      now: new Date(now),
    }).staging;
    return step?.kind === 'record' ? step.promotion.message : step?.kind;
  }

  test.each([
    [
      [HOLIDAYS],
      'Waits until 2027-01-03T23:00:00Z, when promotions into staging may pass again (freeze over the holidays).',
    ],
    [
      [deny({ start: '2026-12-01', reason: 'audit' })],
      'Waits until a window that keeps promotions from staging ends (audit).',
    ],
    [
      [{ ...OFFICE, reason: 'somebody is here' }],
      'Waits until 2026-12-28T09:00:00Z, when the next window of staging opens (somebody is here).',
    ],
    [[deny({ end: '2026-12-24' })], 'promote'],
    [
      [deny({ end: '2026-12-28', reason: 'audit' }), { ...HOLIDAYS }],
      'Waits until 2027-01-03T23:00:00Z, when promotions into staging may pass again (freeze over the holidays).',
    ],
  ])('%j', (windows, message) => {
    expect(messageAt({ windows }, '2026-12-28T03:00:00Z')).toBe(message);
  });

  test('has no characters that a terminal acts on', () => {
    const windows = [deny({ start: '2026-12-01', reason: 'a\u202eb' })];
    expect(messageAt({ windows }, '2026-12-28T03:00:00Z')).toEndWith('(a\\u202eb).');
  });

  test('is in the pull request', () => {
    const windows = [{ ...OFFICE, days: ['Mon' as const], timeZone: 'Europe/Berlin' }, HOLIDAYS];
    expect(gateWords({ windows })).toBe(
      'window `Mon 09:00–17:00 Europe/Berlin`, closed `from 2026-12-24 until 2027-01-03 Europe/Berlin (freeze over the holidays)`',
    );
  });
});

describe('Deny windows of the Pipeline', () => {
  const own: Window = { from: '10:00', to: '11:00' };
  test.each([
    ['count with those of an environment', [own], [own, HOLIDAYS]],
    ['count where an environment takes its windows off', [], [HOLIDAYS]],
    ['count where an environment has none', undefined, [OFFICE, HOLIDAYS]],
  ])('%s', (_, windows, expected) => {
    const { promotion } = spec();
    const environment = { name: 'staging', targets: [], gates: { ...(windows && { windows }) } };
    const below = promotion && { ...promotion, gates: { windows: [OFFICE, HOLIDAYS] } };
    expect(promotionInto(spec({ promotion: below }), environment)?.gates?.windows).toEqual(expected);
  });
});

describe('the bounds of a window', () => {
  test.each([
    ['2026-02-28', true],
    ['2028-02-29', true],
    ['2026-02-29', false],
    ['2026-04-31', false],
    ['2026-04-31T10:00:00Z', false],
    ['2026-04-30T10:00:00+02:00', true],
    ['2026-04-30 10:00', false],
    ['2026-04-30T', false],
    ['soon', false],
  ])('have days that there are: %s', (text, expected) => {
    expect(isMoment(text)).toBe(expected);
  });

  test.each([
    [{ start: '2026-12-24', end: '2026-12-24' }, true],
    [{ start: '2026-12-24', end: '2026-12-23' }, false],
    [{ start: '2026-12-24T10:00:00Z', end: '2026-12-24T10:00:00Z' }, false],
    [{ start: '2026-12-24T10:00:00Z', end: '2026-12-24T12:00:00+01:00' }, true],
    [{ start: '2026-12-24T23:30:00Z', end: '2026-12-24', timeZone: 'Europe/Berlin' }, false],
    [{ start: '2026-12-24' }, true],
    [{}, true],
    [{ start: 'soon', end: '2026-12-24' }, true],
    [{ start: '2026-12-24', end: '2026-12-23', timeZone: 'Mars/Olympus' }, true],
  ])('are in order: %j', (window, expected) => {
    expect(boundsProblem(window) === undefined).toBe(expected);
  });
});
