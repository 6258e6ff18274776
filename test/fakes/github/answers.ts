const DOCS = 'https://docs.github.com/rest/pulls/pulls';

/** An answer, or one in place of the real one. */
export interface Fault {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

export interface Budget {
  remaining: number;
}

export function invalid(error: Record<string, string>): Fault {
  const body = { message: 'Validation Failed', errors: [error], documentation_url: DOCS, status: '422' };
  return answer(422, body);
}

export function problem(status: number, message: string): Fault {
  return answer(status, { message, documentation_url: DOCS, status: String(status) });
}

export function answer(status: number, body: unknown): Fault {
  return { status, body };
}

export function responseOf(answered: Fault, budget: Budget): Response {
  const { status, body } = answered;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(text, { status, headers: headersOf(answered, budget) });
}

/** Answers a conditional request when nothing has changed. */
export function unchanged(answered: Fault, budget: Budget): Response {
  return new Response(null, { status: 304, headers: headersOf(answered, budget) });
}

function headersOf(answered: Fault, { remaining }: Budget): Record<string, string> {
  const tag = tagOf(answered);
  return {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 1800),
    ...(tag !== undefined && { etag: tag }),
    ...answered.headers,
  };
}

/**
 * An answer has an entity tag that changes with it, but for facts that follow from other branches: a pull
 * request may come into conflict without a new one.
 */
export function tagOf({ status, body }: Fault): string | undefined {
  const derived = ['mergeable', 'mergeable_state', 'rebaseable'];
  const text = JSON.stringify(body, (key, value) => (derived.includes(key) ? undefined : value));
  return status === 200 ? `W/"${Bun.hash(text).toString(16)}"` : undefined;
}
