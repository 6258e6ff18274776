/**
 * The error of a target that is suspended in Flux: alone, or followed by the revision in its spec that does not run
 * yet.
 */
export const SUSPENDED = 'It is suspended: resume it to have it deployed and promoted.';

/** True for the error of a suspended target. */
export function saysSuspended(error: string | undefined): boolean {
  return error?.startsWith(SUSPENDED) === true;
}
