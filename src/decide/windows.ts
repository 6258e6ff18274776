import type { Weekday, Window } from '../api/pipeline.ts';

/**
 * When promotions may pass, in the local time of each window. A time that the clocks skip stands for the
 * moment at which they do; one that comes twice stands for the first of both. Instants are in milliseconds.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A window that falls into an hour which the clocks skip opens a week later. */
const DAYS_AHEAD = 15;
const WEEKDAYS: readonly Weekday[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Whether one of the windows is open, and when one of them ends; else when the first one opens; undefined: never. */
export type Opening =
  | { readonly open: true; readonly closesAt: number }
  | { readonly open: false; readonly opensAt?: number };

export function openingOf(windows: readonly Window[], now: number): Opening {
  const spans = windows.flatMap((window) => spanOf(window, now) ?? []);
  const open = spans.filter(({ opens }) => opens <= now);
  if (open.length > 0) return { open: true, closesAt: Math.min(...open.map(({ closes }) => closes)) };
  const opensAt = Math.min(...spans.map(({ opens }) => opens));
  return Number.isFinite(opensAt) ? { open: false, opensAt } : { open: false };
}

/** The zone is one that `Intl` knows. */
export function isTimeZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

interface Span {
  readonly opens: number;
  readonly closes: number;
}

/** The window as it is open now, or opens next. */
function spanOf(window: Window, now: number): Span | undefined {
  const clock = clockOf(window.timeZone ?? 'UTC');
  const today = Math.floor((now + offsetAt(clock, now)) / DAY) * DAY;
  const from = minutesOf(window.from) * MINUTE;
  const to = minutesOf(window.to) * MINUTE;
  for (let day = today - DAY; day <= today + DAYS_AHEAD * DAY; day += DAY) {
    const weekday = WEEKDAYS[new Date(day).getUTCDay()];
    if (window.days && (weekday === undefined || !window.days.includes(weekday))) continue;
    const opens = instantOf(clock, day + from);
    const closes = instantOf(clock, day + to + (to <= from ? DAY : 0));
    if (opens < closes && now < closes) return { opens, closes };
  }
  return undefined;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** @throws RangeError when there is no such zone */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const field = 'numeric' as const;
  const date = { year: field, month: field, day: field };
  return new Intl.DateTimeFormat('en-US', {
    ...date,
    timeZone,
    hourCycle: 'h23',
    hour: field,
    minute: field,
    second: field,
  });
}

/** What the clocks there are ahead of UTC. */
function offsetAt(clock: Intl.DateTimeFormat, instant: number): number {
  const parts = clock.formatToParts(instant);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const date = [read('year'), read('month') - 1, read('day')] as const;
  const local = Date.UTC(...date, read('hour'), read('minute'), read('second'));
  return local - Math.floor(instant / 1000) * 1000;
}

/** The instant at which the clocks there show `local`, a time of day as if it were in UTC. */
function instantOf(clock: Intl.DateTimeFormat, local: number): number {
  const before = offsetAt(clock, local - DAY);
  const after = offsetAt(clock, local + DAY);
  if (offsetAt(clock, local - before) === before) return local - before;
  let instant = local - after;
  // In an hour that is skipped the clocks have not changed yet then.
  while (offsetAt(clock, instant) !== after && instant < local - before) instant += MINUTE;
  return instant;
}
