const MAX_AGE_SECONDS = 300;

/** Unix seconds or RFC 3339, at most five minutes from now in either direction. */
export function isFresh(timestamp: string, now: Date): boolean {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Date.parse(timestamp) / 1000;
  return Math.abs(now.getTime() / 1000 - seconds) <= MAX_AGE_SECONDS;
}
