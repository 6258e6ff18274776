import { describe, expect, test } from 'bun:test';
import type { Window } from '../../../../src/api/pipeline.ts';
import { openingOf } from '../../../../src/decide/gates/windows.ts';

type Row = readonly [why: string, window: Window, now: string, opening: string];

function openingAt(window: Window, now: string): string {
  const opening = openingOf([window], Date.parse(now));
  const change = opening.open ? opening.closesAt : opening.opensAt;
  return `${opening.open ? 'open' : 'closed'} until ${change === undefined ? 'ever' : new Date(change).toISOString()}`;
}

/** The 28th of March 2027 in Berlin has no hour from two o'clock; the clocks change at 01:00 UTC. */
const BERLIN = { timeZone: 'Europe/Berlin' };
const HAVANA = { timeZone: 'America/Havana' };
const LORD_HOWE = { timeZone: 'Australia/Lord_Howe' };

describe('in an hour that the clocks skip a window', () => {
  const rows: readonly Row[] = [
    [
      'opens when they change',
      { from: '02:30', to: '04:00', ...BERLIN },
      '2027-03-28T00:00:00Z',
      'closed until 2027-03-28T01:00:00.000Z',
    ],
    [
      'is open from then on',
      { from: '02:30', to: '04:00', ...BERLIN },
      '2027-03-28T01:00:00Z',
      'open until 2027-03-28T02:00:00.000Z',
    ],
    [
      'closes when they change',
      { from: '01:00', to: '02:30', ...BERLIN },
      '2027-03-28T00:30:00Z',
      'open until 2027-03-28T01:00:00.000Z',
    ],
    [
      'is closed from then on',
      { from: '01:00', to: '02:30', ...BERLIN },
      '2027-03-28T01:00:00Z',
      'closed until 2027-03-28T23:00:00.000Z',
    ],
    [
      'opens a day later where all of it is there',
      { from: '02:10', to: '02:50', ...BERLIN },
      '2027-03-28T00:00:00Z',
      'closed until 2027-03-29T00:10:00.000Z',
    ],
    [
      'opens a week later where all of its day is there',
      { days: ['Sun'], from: '02:10', to: '02:50', ...BERLIN },
      '2027-03-28T00:00:00Z',
      'closed until 2027-04-04T00:10:00.000Z',
    ],
    [
      'that goes across it is an hour shorter',
      { from: '01:30', to: '03:30', ...BERLIN },
      '2027-03-28T00:45:00Z',
      'open until 2027-03-28T01:30:00.000Z',
    ],
    [
      'opens when they change west of Greenwich',
      { from: '02:30', to: '04:00', timeZone: 'America/New_York' },
      '2027-03-14T06:00:00Z',
      'closed until 2027-03-14T07:00:00.000Z',
    ],
    [
      'opens when they change by half an hour',
      { from: '02:10', to: '04:00', ...LORD_HOWE },
      '2026-10-03T15:00:00Z',
      'closed until 2026-10-03T15:30:00.000Z',
    ],
    [
      'of Deny ends when they change',
      { type: 'Deny', from: '01:00', to: '02:30', ...BERLIN },
      '2027-03-28T00:30:00Z',
      'closed until 2027-03-28T01:00:00.000Z',
    ],
    [
      'opens when they change at midnight',
      { days: ['Sun'], from: '00:00', to: '06:00', ...HAVANA },
      '2026-03-08T04:00:00Z',
      'closed until 2026-03-08T05:00:00.000Z',
    ],
    [
      'closes at the end of its day when they change then',
      { days: ['Sat'], from: '20:00', to: '24:00', ...HAVANA },
      '2026-03-08T04:00:00Z',
      'open until 2026-03-08T05:00:00.000Z',
    ],
  ];
  test.each(rows)('%s', (_, window, now, opening) => {
    expect(openingAt(window, now)).toBe(opening);
  });
});

describe('in an hour that the clocks show twice a window', () => {
  const rows: readonly Row[] = [
    [
      'opens the first time',
      { from: '02:30', to: '04:00', ...BERLIN },
      '2026-10-25T00:00:00Z',
      'closed until 2026-10-25T00:30:00.000Z',
    ],
    [
      'stays open the second time',
      { from: '02:30', to: '04:00', ...BERLIN },
      '2026-10-25T01:15:00Z',
      'open until 2026-10-25T03:00:00.000Z',
    ],
    [
      'closes the first time',
      { from: '01:00', to: '02:30', ...BERLIN },
      '2026-10-25T00:00:00Z',
      'open until 2026-10-25T00:30:00.000Z',
    ],
    [
      'stays closed the second time',
      { from: '01:00', to: '02:30', ...BERLIN },
      '2026-10-25T01:15:00Z',
      'closed until 2026-10-26T00:00:00.000Z',
    ],
    [
      'that is all in it opens the first time',
      { from: '02:10', to: '02:50', ...BERLIN },
      '2026-10-25T00:00:00Z',
      'closed until 2026-10-25T00:10:00.000Z',
    ],
    [
      'that is all in it does not open the second time',
      { from: '02:10', to: '02:50', ...BERLIN },
      '2026-10-25T01:20:00Z',
      'closed until 2026-10-26T01:10:00.000Z',
    ],
    [
      'of Deny lasts from the first time',
      { type: 'Deny', from: '02:10', to: '02:50', ...BERLIN },
      '2026-10-25T00:10:00Z',
      'closed until 2026-10-25T01:50:00.000Z',
    ],
    [
      'of Deny lasts until the second time',
      { type: 'Deny', from: '02:10', to: '02:50', ...BERLIN },
      '2026-10-25T01:20:00Z',
      'closed until 2026-10-25T01:50:00.000Z',
    ],
    [
      'opens the first time where it is half an hour',
      { from: '01:40', to: '03:00', ...LORD_HOWE },
      '2027-04-03T14:30:00Z',
      'closed until 2027-04-03T14:40:00.000Z',
    ],
    [
      'closes at the first midnight of two',
      { days: ['Sat'], from: '20:00', to: '24:00', ...HAVANA },
      '2026-11-01T03:30:00Z',
      'open until 2026-11-01T04:00:00.000Z',
    ],
    [
      'opens at the first midnight of two',
      { days: ['Sun'], from: '00:00', to: '06:00', ...HAVANA },
      '2026-11-01T03:30:00Z',
      'closed until 2026-11-01T04:00:00.000Z',
    ],
    [
      'of a date lasts for 25 hours',
      { type: 'Deny', start: '2026-10-25', end: '2026-10-25', ...BERLIN },
      '2026-10-25T00:00:00Z',
      'closed until 2026-10-25T23:00:00.000Z',
    ],
  ];
  test.each(rows)('%s', (_, window, now, opening) => {
    expect(openingAt(window, now)).toBe(opening);
  });
});
