import { TESTS_AWAITED } from './helm-tests.ts';

/** The reason for which an application is not ready, by its Ready condition. */

export interface Words {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** Flux's own words, unless they do not name what is waited for. */
export function readyWords({ reason, message }: Words): string {
  switch (reason) {
    case 'AwaitingTests':
      return TESTS_AWAITED;
    case 'DependencyNotReady':
      return `Waits for its dependencies: ${message || 'Flux does not say which object.'}`;
    default:
      return message || reason || 'It is not ready.';
  }
}
