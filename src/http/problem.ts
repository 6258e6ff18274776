/** Errors as RFC 9457 problem details. The bodies hold nothing that a caller without a key could learn from. */

export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problem({ status, title, detail, headers }: Problem): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, ...(detail && { detail }) }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

export function json(status: number, body: unknown, headers?: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: headers ? { ...JSON_TYPE, ...headers } : JSON_TYPE,
  });
}

const UNAUTHORIZED = JSON.stringify({
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  detail: 'The request is not signed with the right key.',
});
const UNAUTHORIZED_INIT = { status: 401, headers: { 'content-type': 'application/problem+json' } };

/** The same for an unknown pipeline and for no, a wrong or an unsupported signature. */
export function unauthorized(): Response {
  return new Response(UNAUTHORIZED, UNAUTHORIZED_INIT);
}

export function notFound(): Response {
  return problem({ status: 404, title: 'Not Found' });
}

export function methodNotAllowed(allow: string): Response {
  return problem({ status: 405, title: 'Method Not Allowed', headers: { allow } });
}

export function unprocessable(detail: string): Response {
  return problem({ status: 422, title: 'Unprocessable Content', detail });
}

/** Others hold what there is room for, in memory or in requests under way. */
export function noRoom(): Response {
  return problem({
    status: 503,
    title: 'Service Unavailable',
    detail: 'Too many requests are in progress. Send it again.',
    headers: { 'retry-after': '1', connection: 'close' },
  });
}

/** More signatures fit no known key than can be looked into: this one may be right. */
export function busy(): Response {
  return problem({
    status: 503,
    title: 'Service Unavailable',
    detail: 'The signature cannot be checked right now. Send it again.',
    headers: { 'retry-after': '5' },
  });
}

/** The API server is away; the sender is asked to come again, in seconds. */
export function unavailable(retryAfter = 5): Response {
  return problem({
    status: 503,
    title: 'Service Unavailable',
    detail: 'The Kubernetes API server cannot be reached, so nothing was recorded. Send it again.',
    headers: { 'retry-after': String(retryAfter) },
  });
}
