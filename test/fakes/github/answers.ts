const DOCS = 'https://docs.github.com/rest';

/** GitHub's form of a refusal that names fields. */
export function invalid(error: Record<string, string>): Response {
  return answer(422, {
    message: 'Validation Failed',
    errors: [error],
    documentation_url: DOCS,
    status: '422',
  });
}

export function problem(status: number, message: string): Response {
  return answer(status, { message, documentation_url: DOCS, status: String(status) });
}

export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const limits = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' };
  const type = 'application/json; charset=utf-8';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { 'content-type': type, ...limits, ...headers } });
}
