import { Hono } from 'hono';
import { problem } from './problem.ts';

export interface MetricsText {
  readonly contentType: string;
  /** The text in pieces: that of many Pipelines is large, and is never in memory as a whole. */
  pieces(): AsyncGenerator<string, void, void>;
}

/** Whether the bearer of a token may read; rejects when that cannot be found out. */
export type JudgeReader = (token: string) => Promise<'allowed' | 'unauthenticated' | 'forbidden'>;

/** RFC 6750. An API server takes no longer tokens than these either. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,16384}=*)$/i;
const RETRY_SECONDS = 5;

/** `/metrics` in Prometheus' text format; with `judge` for those alone whom it allows. */
export function createMetricsApp({ contentType, pieces }: MetricsText, judge?: JudgeReader): Hono {
  const app = new Hono();
  app.get('/metrics', async (c) => {
    const refusal = judge && (await refusalOf(judge, c.req.header('authorization')));
    return refusal ?? c.body(streamOf(pieces()), 200, { 'content-type': contentType });
  });
  app.notFound(() => problem({ status: 404, title: 'Not Found' }));
  return app;
}

/** Fails closed: whoever cannot be looked up reads nothing. */
async function refusalOf(judge: JudgeReader, header: string | undefined): Promise<Response | undefined> {
  const token = BEARER.exec(header ?? '')?.[1];
  if (token === undefined) return unauthorized();
  const verdict = await judge(token).catch(() => 'unknown' as const);
  switch (verdict) {
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
        detail: 'The Kubernetes API server does not say who this is.',
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

/** Written as fast as it is read, and no further once nobody reads it. */
function streamOf(pieces: AsyncGenerator<string, void, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return();
    },
  });
}
