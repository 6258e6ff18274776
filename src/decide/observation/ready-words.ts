import { TESTS_AWAITED } from './helm-tests.ts';

/** Why an application is not ready, by its Ready condition. */

/** Without anything behind it, or with what a spec says that does not run yet. */
export const SUSPENDED = 'It is suspended: resume it to have it deployed and promoted.';

/** Whether this is why a target is not ready. */
export function saysSuspended(error: string | undefined): boolean {
  return error?.startsWith(SUSPENDED) === true;
}

export interface Words {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** Flux's own words, but where they do not say what is waited for. */
export function readyWords({ reason, message }: Words): string {
  switch (reason) {
    case 'AwaitingTests':
      return TESTS_AWAITED;
    case 'DependencyNotReady':
      return `Waits for what it depends on: ${message || 'Flux does not say which object.'}`;
    default:
      return message || reason || 'It is not ready.';
  }
}
