import { describe, expect, test } from 'bun:test';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { statusLabel } from '../../../src/telemetry/status-label.ts';

const HOUR = 60 * 60_000;

function setUp() {
  let passed = 0;
  const metrics = createMetrics({ now: () => new Date(passed) });
  const series = async (name: string) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return {
    metrics,
    after: (ms: number) => {
      passed += ms;
    },
    requests: () => series('rest_client_requests_total'),
    budgets: () => series('turnpike_forge_rate_limit_remaining'),
  };
}

const request = (host: string, code = '200') => ({ method: 'GET', host, code });
const forge = (host: string) => ({ provider: 'gitea', host, budget: 'rest' });

describe('series by hosts that tenants name', () => {
  test('are of a hundred hosts at most; the others are counted together', async () => {
    const { metrics, requests, budgets } = setUp();
    metrics.countKubeRequest(request('kubernetes.default.svc'));
    for (let index = 0; index < 500; index += 1) {
      metrics.countKubeRequest(request(`leaf-${index}.example`, index % 2 === 0 ? '200' : '404'));
      metrics.setForgeBudget(forge(`git-${index}.example`), index);
    }
    metrics.countKubeRequest(request('kubernetes.default.svc'));
    const counted = await requests();
    expect(counted).toHaveLength(102);
    expect(counted).toContain(
      'rest_client_requests_total{method="GET",host="kubernetes.default.svc",code="200"} 2',
    );
    expect(counted).toContain('rest_client_requests_total{method="GET",host="other",code="2xx"} 200');
    expect(counted).toContain('rest_client_requests_total{method="GET",host="other",code="4xx"} 201');
    expect(await budgets()).toHaveLength(100);
  });

  test('go an hour after the last request, and make room', async () => {
    const { metrics, after, requests, budgets } = setUp();
    for (let index = 0; index < 100; index += 1) {
      metrics.countKubeRequest(request(`leaf-${index}.example`));
      metrics.setForgeBudget(forge(`git-${index}.example`), index);
    }
    after(HOUR - 1);
    metrics.countKubeRequest(request('leaf-7.example'));
    expect(await requests()).toHaveLength(100);
    after(1);
    // Without a scrape in between.
    metrics.countKubeRequest(request('new.example'));
    expect(await requests()).toEqual([
      'rest_client_requests_total{method="GET",host="leaf-7.example",code="200"} 2',
      'rest_client_requests_total{method="GET",host="new.example",code="200"} 1',
    ]);
    expect(await budgets()).toEqual([]);
  });

  test('are few for a host that answers with each status there is', async () => {
    const { metrics, requests } = setUp();
    for (let code = 100; code < 1000; code += 1) {
      for (const method of ['GET', 'PATCH']) {
        metrics.countKubeRequest({ method, host: 'evil.example', code: String(code) });
      }
    }
    expect((await requests()).filter((line) => line.includes('evil.example'))).toHaveLength(50);
    expect((await requests()).length).toBeLessThan(70);
  });
});

test.each([
  ['200', '200'],
  ['429', '429'],
  ['418', '4xx'],
  ['599', '5xx'],
  ['999', 'other'],
  ['error', 'error'],
  ['<error>', '<error>'],
])('the status %s is the label %s', (code, label) => {
  expect(statusLabel(code)).toBe(label);
});
