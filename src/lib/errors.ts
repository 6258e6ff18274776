/**
 * What to do after an error: nothing until a person changes something (`never`), try again with growing
 * delays (`backoff`), or try again after exactly what the other side asked for (`afterSeconds`).
 */
export type Retry = 'never' | 'backoff' | { readonly afterSeconds: number };

/** Stable names of what can go wrong; they appear in logs, conditions and metrics. */
export type ErrorCode =
  | 'ApiBusy'
  | 'ApiConflict'
  | 'ApiForbidden'
  | 'ApiGone'
  | 'ApiNotFound'
  | 'ApiRefused'
  | 'ApiUnavailable'
  | 'ConfigInvalid'
  | 'ForgeNotFound'
  | 'ForgeRateLimited'
  | 'ForgeRefused'
  | 'ForgeUnauthorized'
  | 'ForgeUnavailable'
  | 'GitBranchNotFound'
  | 'GitRejected'
  | 'GitRepositoryNotFound'
  | 'GitTooLarge'
  | 'GitUnauthorized'
  | 'GitUnavailable'
  | 'HostNotAllowed'
  | 'MarkerNotFound'
  | 'NotLeading'
  | 'NothingNew'
  | 'NotificationFailed'
  | 'SecretInvalid'
  | 'SecretNotFound'
  | 'SpecInvalid';

export interface TurnpikeErrorOptions {
  readonly retry?: Retry;
  readonly cause?: unknown;
}

/**
 * The one error class. `message` is a sentence for the user: what is wrong, where, and what to do. It
 * must never hold a secret.
 */
export class TurnpikeError extends Error {
  override readonly name = 'TurnpikeError';
  readonly code: ErrorCode;
  readonly retry: Retry;

  constructor(code: ErrorCode, message: string, options: TurnpikeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? 'backoff';
  }
}

/** The sentence of any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True for a `TurnpikeError` with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is TurnpikeError {
  return error instanceof TurnpikeError && codes.includes(error.code);
}
