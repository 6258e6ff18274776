/** Seconds until an instant in milliseconds; 0 once it is there. */
export function secondsTo(instant: number, { now }: { readonly now: Date }): number {
  return Math.max(0, (instant - now.getTime()) / 1000);
}
