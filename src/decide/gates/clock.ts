/** The clocks of a time zone. Local times are a day and a time of day as if they were in UTC, in milliseconds. */
export interface Clock {
  readonly format: Intl.DateTimeFormat;
  /** What is known of the offsets at the beginning of days in UTC, by the day: asking takes most of the time. */
  readonly offsets: Map<number, number>;
}

const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** @throws RangeError when there is no such zone */
export function clockOf(timeZone: string): Clock {
  const field = 'numeric' as const;
  const date = { year: field, month: field, day: field };
  const format = new Intl.DateTimeFormat('en-US', {
    ...date,
    timeZone,
    hourCycle: 'h23',
    hour: field,
    minute: field,
    second: field,
  });
  return { format, offsets: new Map() };
}

export function localOf(clock: Clock, instant: number): number {
  return instant + offsetAt(clock, instant);
}

/** The beginning of the day, in local time too. */
export function dayOf(local: number): number {
  return Math.floor(local / DAY) * DAY;
}

/**
 * The instant at which the clocks there show `local`: the first or the last one, where they show it twice, and the
 * moment of the change where they skip it.
 */
export function instantOf(clock: Clock, local: number, which: 'first' | 'last' = 'first'): number {
  const before = offsetAt(clock, local - DAY);
  const after = offsetAt(clock, local + DAY);
  for (const offset of which === 'first' ? [before, after] : [after, before]) {
    if (offsetAt(clock, local - offset) === offset) return local - offset;
  }
  let instant = local - after;
  // In an hour that is skipped the clocks have not changed yet then.
  while (offsetAt(clock, instant) !== after && instant < local - before) instant += MINUTE;
  return instant;
}

/** What the clocks there are ahead of UTC. No zone changes them twice within a day. */
function offsetAt(clock: Clock, instant: number): number {
  const day = Math.floor(instant / DAY);
  const offset = offsetOn(clock, day);
  return offset === offsetOn(clock, day + 1) ? offset : asked(clock, instant);
}

function offsetOn(clock: Clock, day: number): number {
  const offset = clock.offsets.get(day) ?? asked(clock, day * DAY);
  clock.offsets.set(day, offset);
  return offset;
}

function asked({ format }: Clock, instant: number): number {
  const parts = format.formatToParts(instant);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const date = [read('year'), read('month') - 1, read('day')] as const;
  const local = Date.UTC(...date, read('hour'), read('minute'), read('second'));
  return local - Math.floor(instant / 1000) * 1000;
}
