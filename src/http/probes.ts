import { Hono } from 'hono';
import { problem } from './problem.ts';

/** `/healthz`: the process works. `/readyz`: it can do its job; the sentences say what it waits for. */
export interface ProbeDeps {
  /** What is not ready, a sentence each; empty when all is. */
  readonly unready: () => readonly string[];
}

export function createProbes({ unready }: ProbeDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', (c) => {
    const reasons = unready();
    return reasons.length === 0 ? c.text('ok') : c.text(`${reasons.join('\n')}\n`, 503);
  });
  app.notFound(() => problem({ status: 404, title: 'Not Found' }));
  return app;
}

/** `/metrics` in Prometheus' text format. */
export function createMetricsApp(registry: { contentType: string; metrics(): Promise<string> }): Hono {
  const app = new Hono();
  app.get('/metrics', async (c) => {
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType });
  });
  app.notFound(() => problem({ status: 404, title: 'Not Found' }));
  return app;
}
