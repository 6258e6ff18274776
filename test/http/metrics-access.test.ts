import { describe, expect, test } from 'bun:test';
import type { AuthorizeReader } from '../../src/http/metrics-access.ts';
import { createMetricsApp } from '../../src/http/probes.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeLog } from '../fakes/log.ts';

const authorize: AuthorizeReader = async (token) => {
  if (token === 'reader') return 'allowed';
  if (token === 'tenant') return 'forbidden';
  if (token === 'away') throw new Error('The API server is away.');
  return 'unauthenticated';
};

describe('/metrics for those who may get it', () => {
  const app = createMetricsApp(createMetrics().registry, createFakeLog().log, authorize);
  test.each([
    [undefined, 401],
    ['', 401],
    ['Basic cmVhZGVyOg==', 401],
    ['Bearer', 401],
    ['Bearer reader tenant', 401],
    [`Bearer ${'a'.repeat(16_385)}`, 401],
    ['Bearer invented', 401],
    ['Bearer tenant', 403],
    ['Bearer away', 503],
    ['Bearer reader', 200],
    ['bearer  reader', 200],
  ])('answers to %j: %d', async (authorization, status) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const answer = await app.request('/metrics', { headers });
    expect(answer.status).toBe(status);
    expect((await answer.text()).includes('turnpike_')).toBe(status === 200);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    expect(answer.headers.has('retry-after')).toBe(status === 503);
  });

  test('is open where nobody is asked for', async () => {
    const open = createMetricsApp(createMetrics().registry, createFakeLog().log);
    expect((await open.request('/metrics')).status).toBe(200);
  });
});
