import type { Weekday, Window } from '../../api/pipeline.ts';
import { defined } from '../../lib/defined.ts';
import { isDeny } from '../model/window.ts';
import { DAY, dayOf, instantOf, isTimeZone, localOf } from './clock.ts';

/**
 * Computes when promotions may pass, in the local time of each window. A time that the clocks skip stands for the
 * moment at which they do; a time that comes twice stands for the first of both, and at the end of a Deny window for
 * the second. Instants are in milliseconds.
 */

/** A window that falls into an hour which the clocks skip opens a week later. */
const DAYS_AHEAD = 16;
/** Limit of the window boundaries that are examined, as windows may be written so that they never open. */
const MAX_STEPS = 32;
const WEEKDAYS: readonly Weekday[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * The answer if promotions may pass. Open: `closesAt` is when to check again, because a window ends or begins;
 * undefined: never. Closed: `opensAt` is when they may pass again; undefined: never, or not known. `reason` is that of
 * the open Deny window, else of the Allow window that opens next.
 */
export type Opening =
  | { readonly open: true; readonly closesAt?: number }
  | {
      readonly open: false;
      readonly opensAt?: number;
      readonly isDenied?: true;
      readonly reason?: string;
    };

export function openingOf(windows: readonly Window[], now: number): Opening {
  const all = windows.map((window) => followed(window, now));
  const denied = deniedBy(all, now);
  const opensAt = openFrom(all, now);
  if (opensAt === now) return { open: true, ...closing(all, now) };
  const next = all.find(({ window, spanAt }) => {
    return opensAt !== undefined && !isDeny(window) && isWithin(spanAt(opensAt), opensAt);
  });
  const { reason } = (denied ?? next)?.window ?? {};
  return {
    open: false,
    ...defined({ opensAt, reason }),
    ...(denied && { isDenied: true as const }),
  };
}

/**
 * The sentence for a start and an end that no window can have. Undefined: they are valid, or the schema rejects them.
 */
export function boundsProblem({ start, end, timeZone = 'UTC' }: Window): string | undefined {
  const isReadable = [start, end].every((text) => text === undefined || isMoment(text));
  if (!isReadable || !isTimeZone(timeZone)) return undefined;
  const [opens, closes] = [start, end].map((text, index) => {
    return text === undefined ? undefined : boundOf(text, timeZone, index === 1);
  });
  if (opens === undefined || closes === undefined || opens < closes) return undefined;
  return 'The window ends before it starts: write a later end.';
}

/** A date of the calendar, or a time on one. */
export function isMoment(text: string): boolean {
  const day = text.slice(0, 10);
  const instant = Date.parse(`${day}T00:00:00Z`);
  if (!Number.isFinite(instant) || !new Date(instant).toISOString().startsWith(day)) return false;
  return text === day || (text[10] === 'T' && Number.isFinite(Date.parse(text)));
}

interface Span {
  readonly opens: number;
  readonly closes: number;
}

interface Followed {
  readonly window: Window;
  /** The span that is open at the instant, or the next one. Calls must pass instants in ascending order. */
  readonly spanAt: (instant: number) => Span | undefined;
}

function isWithin(span: Span | undefined, instant: number): boolean {
  return span !== undefined && span.opens <= instant && instant < span.closes;
}

/** The Deny window that is open at the instant; of several the one that ends last. */
function deniedBy(all: readonly Followed[], instant: number): { window: Window; closes: number } | undefined {
  const open = all.flatMap(({ window, spanAt }) => {
    const span = isDeny(window) ? spanAt(instant) : undefined;
    return span && isWithin(span, instant) ? [{ window, closes: span.closes }] : [];
  });
  return open.sort((a, b) => b.closes - a.closes)[0];
}

/** The first instant from `now` on at which promotions may pass. */
function openFrom(all: readonly Followed[], now: number): number | undefined {
  const allows = all.filter(({ window }) => !isDeny(window));
  let instant = now;
  for (let step = 0; step < MAX_STEPS && Number.isFinite(instant); step += 1) {
    const opens = allows.flatMap(({ spanAt }) => spanAt(instant)?.opens ?? []);
    const allowed = allows.length === 0 ? instant : Math.max(instant, Math.min(...opens));
    const next = deniedBy(all, instant)?.closes ?? allowed;
    if (next === instant) return instant;
    instant = next;
  }
  return undefined;
}

/** The time at which one of the open windows ends, or a Deny window begins. */
function closing(all: readonly Followed[], now: number): { closesAt?: number } {
  const changes = all.flatMap(({ window, spanAt }) => {
    const span = spanAt(now);
    if (isDeny(window)) return span?.opens ?? [];
    return span && isWithin(span, now) ? span.closes : [];
  });
  const closesAt = Math.min(...changes);
  return Number.isFinite(closesAt) ? { closesAt } : {};
}

function followed(window: Window, from: number): Followed {
  const { timeZone = 'UTC' } = window;
  const bounds = {
    opens: window.start === undefined ? Number.NEGATIVE_INFINITY : boundOf(window.start, timeZone, false),
    closes: window.end === undefined ? Number.POSITIVE_INFINITY : boundOf(window.end, timeZone, true),
  };
  let known = spanOf(window, bounds, from);
  return {
    window,
    spanAt(instant) {
      if (known && known.closes <= instant) known = spanOf(window, bounds, instant);
      return known;
    },
  };
}

/** A date stands for the first instant of that day, at the end of a window for the first one after it. */
function boundOf(text: string, timeZone: string, isEnd: boolean): number {
  if (text.includes('T')) return Date.parse(text);
  return instantOf(timeZone, Date.parse(`${text}T00:00:00Z`) + (isEnd ? DAY : 0));
}

/** The span in which the window is open at this instant, or opens next. */
function spanOf(window: Window, bounds: Span, instant: number): Span | undefined {
  const { from, days, timeZone = 'UTC' } = window;
  if (from === undefined && days === undefined) return instant < bounds.closes ? bounds : undefined;
  const first = dayOf(localOf(timeZone, Math.max(instant, bounds.opens))) - DAY;
  for (let day = first; day <= first + DAYS_AHEAD * DAY; day += DAY) {
    const weekday = WEEKDAYS[new Date(day).getUTCDay()];
    if (days && (weekday === undefined || !days.includes(weekday))) continue;
    const span = spanOn(window, day);
    if (span.opens >= bounds.closes) return undefined;
    const opens = Math.max(bounds.opens, span.opens);
    const closes = Math.min(bounds.closes, span.closes);
    if (opens < closes && instant < closes) return { opens, closes };
  }
  return undefined;
}

/** The window that belongs to this day. */
function spanOn(window: Window, day: number): Span {
  const { timeZone = 'UTC' } = window;
  const [from, to] = [minutesOf(window.from ?? '00:00'), minutesOf(window.to ?? '24:00')];
  // A day is over when it is first midnight.
  const which = isDeny(window) && to < DAY ? 'last' : 'first';
  const opens = instantOf(timeZone, day + from);
  return { opens, closes: instantOf(timeZone, day + to + (to <= from ? DAY : 0), which) };
}

/** The time of day in milliseconds. */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
