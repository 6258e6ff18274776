/** The longest that a sender is let wait, in seconds: notification-controller hangs up long before. */
export const MAX_WAIT_SECONDS = 25;

/** Seconds of `Prefer: wait=N` (RFC 7240), 0 without one. */
export function preferredWait(header: string | null): number {
  const found = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])/i.exec(header ?? '');
  return found ? Math.min(Number(found[1]), MAX_WAIT_SECONDS) : 0;
}
