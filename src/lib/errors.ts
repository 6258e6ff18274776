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

/**
 * What to do after an error where the throw does not say otherwise. `never` is for what a person has to change: a setting,
 * a Secret, a right, what is in a repository.
 */
export const DEFAULT_RETRY: Readonly<Record<ErrorCode, Retry>> = {
  ApiBusy: 'backoff',
  ApiConflict: 'backoff',
  ApiForbidden: 'backoff',
  ApiGone: 'backoff',
  ApiNotFound: 'backoff',
  ApiRefused: 'never',
  ApiUnavailable: 'backoff',
  ConfigInvalid: 'never',
  ForgeNotFound: 'never',
  ForgeRateLimited: 'backoff',
  ForgeRefused: 'never',
  ForgeUnauthorized: 'never',
  ForgeUnavailable: 'backoff',
  GitBranchNotFound: 'never',
  GitRejected: 'never',
  GitRepositoryNotFound: 'never',
  GitTooLarge: 'never',
  GitUnauthorized: 'never',
  GitUnavailable: 'backoff',
  HostNotAllowed: 'never',
  MarkerNotFound: 'never',
  NotLeading: 'backoff',
  NothingNew: 'never',
  NotificationFailed: 'backoff',
  SecretInvalid: 'never',
  SecretNotFound: 'never',
  SpecInvalid: 'never',
};

export interface TurnpikeErrorOptions {
  /** Only where it differs from what `DEFAULT_RETRY` says of the code. */
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
    this.retry = options.retry ?? DEFAULT_RETRY[code];
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

/** The error itself where it is a `TurnpikeError`, else what `otherwise` makes of it. */
export function asTurnpikeError(error: unknown, otherwise: (cause: unknown) => TurnpikeError): TurnpikeError {
  return error instanceof TurnpikeError ? error : otherwise(error);
}
