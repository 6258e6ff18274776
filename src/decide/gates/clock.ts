/** The clocks of a time zone. Local times are a day and a time of day as if they were in UTC, in milliseconds. */

export const DAY: number = 24 * 60 * 60_000;

/** True for a name of the IANA time zone database. */
export function isTimeZone(name: string): boolean {
  try {
    zoned(name, 0);
    return true;
  } catch {
    return false;
  }
}

export function localOf(timeZone: string, instant: number): number {
  return instant + zoned(timeZone, instant).offsetNanoseconds / 1e6;
}

/** The beginning of the day, in local time too. */
export function dayOf(local: number): number {
  return Math.floor(local / DAY) * DAY;
}

/**
 * The instant at which the local clocks show `local`: the first or the last one if they show it twice, and the moment
 * of the change if they skip it.
 */
export function instantOf(timeZone: string, local: number, which: 'first' | 'last' = 'first'): number {
  const wanted = zoned('UTC', local).toPlainDateTime();
  const disambiguation = which === 'first' ? 'earlier' : 'later';
  const found = wanted.toZonedDateTime(timeZone, { disambiguation });
  if (found.toPlainDateTime().equals(wanted)) return found.epochMilliseconds;
  // The earlier one of a time that is skipped is before the change.
  const before = wanted.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return (before.getTimeZoneTransition('next') ?? found).epochMilliseconds;
}

function zoned(timeZone: string, instant: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}
