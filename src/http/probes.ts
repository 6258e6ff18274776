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
