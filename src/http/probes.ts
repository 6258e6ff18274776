import { Hono } from 'hono';
import type { Logger } from '../lib/logger.ts';
import { createFaultAnswer } from './fault.ts';
import { type AuthorizeReader, readersOnly } from './metrics-access.ts';
import { notFound } from './problem.ts';

/**
 * `/healthz`: the process works. `/readyz`: it can record events; the sentences say what it waits for.
 * `/readyz/admission`: it can answer the API server. A Pod has one readiness for all its Services, and events
 * must not be lost because a certificate cannot be had.
 */
export interface ProbeDeps {
  /** Names what is not ready, a sentence each; empty when all is. */
  readonly unready: () => readonly string[];
  readonly admission: () => readonly string[];
  readonly log: Logger;
}

export function createProbes({ unready, admission, log }: ProbeDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', () => readiness(unready()));
  app.get('/readyz/admission', () => readiness(admission()));
  app.notFound(notFound);
  app.onError(createFaultAnswer('probes', log));
  return app;
}

function readiness(reasons: readonly string[]): Response {
  const ready = reasons.length === 0;
  const headers = { 'content-type': 'text/plain; charset=UTF-8' };
  return new Response(ready ? 'ok' : `${reasons.join('\n')}\n`, { status: ready ? 200 : 503, headers });
}

export interface MetricsText {
  readonly contentType: string;
  /** The text in pieces: that of many Pipelines is large, and is never in memory as a whole. */
  pieces(): AsyncGenerator<string, void, void>;
}

/** `/metrics` in Prometheus' text format; with `authorize` for those alone whom it allows. */
export function createMetricsApp(
  { contentType, pieces }: MetricsText,
  log: Logger,
  authorize?: AuthorizeReader,
): Hono {
  const app = new Hono();
  const fault = createFaultAnswer('metrics', log);
  if (authorize) app.use('/metrics', readersOnly(authorize));
  app.get('/metrics', (c) => c.body(streamOf(pieces(), fault), 200, { 'content-type': contentType }));
  app.notFound(notFound);
  app.onError(fault);
  return app;
}

/** A stream that fails goes to standard error past the log. This is no metric, so that nobody takes half for all. */
const BROKEN_OFF = '\nbroken off: the log says why\n';

/** Written as fast as it is read, and no further once nobody reads it. What fails ends it, and goes to the log. */
function streamOf(
  pieces: AsyncGenerator<string, void, void>,
  fault: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        fault(error);
        controller.enqueue(encoder.encode(BROKEN_OFF));
        controller.close();
      }
    },
    async cancel() {
      await pieces.return();
    },
  });
}
