import { Hono } from 'hono';
import { problem } from './problem.ts';

/**
 * `/healthz`: the process works. `/readyz`: it can record events; the sentences say what it waits for.
 * `/readyz/admission`: it can answer the API server. A Pod has one readiness for all its Services, and events
 * must not be lost because a certificate cannot be had.
 */
export interface ProbeDeps {
  /** What is not ready, a sentence each; empty when all is. */
  readonly unready: () => readonly string[];
  readonly admission: () => readonly string[];
}

export function createProbes({ unready, admission }: ProbeDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  for (const [path, reasons] of [
    ['/readyz', unready],
    ['/readyz/admission', admission],
  ] as const) {
    app.get(path, (c) => {
      const sentences = reasons();
      return sentences.length === 0 ? c.text('ok') : c.text(`${sentences.join('\n')}\n`, 503);
    });
  }
  app.notFound(() => problem({ status: 404, title: 'Not Found' }));
  return app;
}

export interface MetricsText {
  readonly contentType: string;
  /** The text in pieces: that of many Pipelines is large, and is never in memory as a whole. */
  pieces(): AsyncGenerator<string, void, void>;
}

/** `/metrics` in Prometheus' text format. */
export function createMetricsApp({ contentType, pieces }: MetricsText): Hono {
  const app = new Hono();
  app.get('/metrics', (c) => c.body(streamOf(pieces()), 200, { 'content-type': contentType }));
  app.notFound(() => problem({ status: 404, title: 'Not Found' }));
  return app;
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
