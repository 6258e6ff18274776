/**
 * The error of a target that is suspended in Flux: by itself, or followed by what its spec says that does not run yet.
 */
export const SUSPENDED = 'It is suspended: resume it to have it deployed and promoted.';

/** True for the error of a suspended target. */
export function saysSuspended(error: string | undefined): boolean {
  return error?.startsWith(SUSPENDED) === true;
}
