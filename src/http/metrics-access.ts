import type { MiddlewareHandler } from 'hono';
import { problem } from './problem.ts';

/** Looks up whether the bearer of a token may read; rejects when the API server does not say. */
export type AuthorizeReader = (token: string) => Promise<'allowed' | 'unauthenticated' | 'forbidden'>;

/** RFC 6750. An API server takes no longer tokens than these either. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,16384}=*)$/i;
const RETRY_SECONDS = 5;

/** Lets those through whom `authorize` allows. */
export function readersOnly(authorize: AuthorizeReader): MiddlewareHandler {
  return async (c, next) => {
    const refusal = await refusalOf(authorize, c.req.header('authorization'));
    return refusal ?? next();
  };
}

/** Fails closed: without an answer of the API server nothing is read. */
async function refusalOf(
  authorize: AuthorizeReader,
  header: string | undefined,
): Promise<Response | undefined> {
  const token = BEARER.exec(header ?? '')?.[1];
  if (token === undefined) return unauthorized();
  const access = await authorize(token).catch(() => 'unknown' as const);
  switch (access) {
    case 'allowed':
      return undefined;
    case 'unauthenticated':
      return unauthorized();
    case 'forbidden':
      return problem({ status: 403, title: 'Forbidden', detail: 'This account may not get /metrics.' });
    case 'unknown':
      return problem({
        status: 503,
        title: 'Service Unavailable',
        detail: 'The Kubernetes API server cannot be asked whose token this is right now. Send it again.',
        headers: { 'retry-after': String(RETRY_SECONDS) },
      });
  }
}

function unauthorized(): Response {
  return problem({
    status: 401,
    title: 'Unauthorized',
    detail: 'Send a token of the cluster: Authorization: Bearer TOKEN.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
