import * as v from 'valibot';
import { type ErrorCode, TurnpikeError } from '../../errors.ts';
import { FIRST_FAULT } from '../../first-fault.ts';
import { cut, MAX_QUOTED, oneLine } from '../../text/index.ts';

/** Kubernetes' `metav1.Status`: what the API server answers when it does not do what it was asked for. */
const StatusBody = v.object({
  message: v.optional(v.string(), ''),
  reason: v.optional(v.string(), ''),
  details: v.nullish(v.object({ name: v.optional(v.string(), '') })),
});

/** An answer of the API server that is no success; the `cause` of the `TurnpikeError` made from it. */
export interface ApiStatus {
  readonly kind: 'ApiStatus';
  readonly httpStatus: number;
  /** Kubernetes' word, such as AlreadyExists; empty when the answer was no Status. */
  readonly reason: string;
  readonly message: string;
  /** Name of the object that it speaks of; empty when the path itself is unknown. */
  readonly objectName: string;
  readonly retryAfterSeconds?: number;
}

const DEFAULT_RETRY_AFTER_SECONDS = 1;
const MAX_RETRY_AFTER_SECONDS = 300;

/** Reads a failed answer: a `Status` in JSON, or whatever text stands in its place. */
export function parseStatus(httpStatus: number, text: string, retryAfter: string | null): ApiStatus {
  const body = parseBody(text);
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  return {
    kind: 'ApiStatus',
    httpStatus,
    reason: /^[A-Za-z]{1,64}$/.test(body?.reason ?? '') ? (body?.reason ?? '') : '',
    message: cut(oneLine(body?.message || text), MAX_QUOTED) || `HTTP ${httpStatus}`,
    objectName: body?.details?.name ?? '',
    ...(seconds >= 0 && { retryAfterSeconds: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) }),
  };
}

function parseBody(text: string): v.InferOutput<typeof StatusBody> | undefined {
  try {
    const parsed = v.safeParse(StatusBody, JSON.parse(text), FIRST_FAULT);
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** The words of `metav1.Status` that say no more than its HTTP status does. */
const REASONS: readonly string[] = [
  ...['Unauthorized', 'Forbidden', 'NotFound', 'AlreadyExists', 'Conflict', 'Gone', 'Invalid', 'Expired'],
  ...['ServerTimeout', 'Timeout', 'TooManyRequests', 'BadRequest', 'MethodNotAllowed', 'NotAcceptable'],
  ...['RequestEntityTooLarge', 'UnsupportedMediaType', 'InternalError', 'ServiceUnavailable'],
];

/** The same without a word of the server's own: for one whose words may be anything that is not for everybody. */
export function unquoted(status: ApiStatus): ApiStatus {
  const reason = REASONS.includes(status.reason) ? status.reason : '';
  return { ...status, reason, message: `HTTP ${status.httpStatus}` };
}

/** The error for an answer; `what` is the request in words, such as `GET /api/v1/namespaces`. */
export function statusError(status: ApiStatus, what: string): TurnpikeError {
  const code = codeOf(status);
  const retry = status.httpStatus === 429 && {
    retry: { afterSeconds: status.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS },
  };
  return new TurnpikeError(code, sentence(code, status, what), { ...retry, cause: status });
}

function codeOf({ httpStatus }: ApiStatus): ErrorCode {
  if (httpStatus === 404) return 'ApiNotFound';
  if (httpStatus === 403) return 'ApiForbidden';
  if (httpStatus === 409) return 'ApiConflict';
  if (httpStatus === 410) return 'ApiGone';
  if (httpStatus === 401 || httpStatus === 408 || httpStatus === 429 || httpStatus >= 500) {
    return 'ApiUnavailable';
  }
  return 'ApiRefused';
}

function sentence(code: ErrorCode, status: ApiStatus, what: string): string {
  const said = `${what}: ${status.message}`;
  if (status.httpStatus === 401) {
    return `The API server does not accept the credentials at ${said}. Check the token or client certificate.`;
  }
  if (code === 'ApiNotFound') return `The API server does not find it: ${said}`;
  if (code === 'ApiForbidden') return `The API server forbids it, until an RBAC rule allows it: ${said}`;
  if (code === 'ApiConflict') return `The object was changed meanwhile: ${said}`;
  if (code === 'ApiGone') return `The API server no longer keeps that version: ${said}`;
  if (code === 'ApiRefused') return `The API server refuses it: ${said}`;
  return `The API server could not serve it (HTTP ${status.httpStatus}): ${said}`;
}

/** The answer behind an error, when it came from the API server. */
export function apiStatus(error: unknown): ApiStatus | undefined {
  if (!(error instanceof TurnpikeError)) return undefined;
  return isApiStatus(error.cause) ? error.cause : undefined;
}

function isApiStatus(value: unknown): value is ApiStatus {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'ApiStatus';
}
