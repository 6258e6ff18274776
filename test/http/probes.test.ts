import { describe, expect, test } from 'bun:test';
import { createProbes } from '../../src/http/probes.ts';
import { createFakeLog } from '../fakes/log.ts';

const { log } = createFakeLog();

describe('the probes', () => {
  const cluster = 'The API server https://10.0.0.1 does not answer.';
  const certificate = 'The admission webhook has no certificate yet.';
  test.each([
    ['/healthz', [cluster], [certificate], 200, 'ok'],
    ['/readyz', [], [], 200, 'ok'],
    ['/readyz', [cluster], [], 503, `${cluster}\n`],
    ['/readyz', [], [certificate], 200, 'ok'],
    ['/readyz/admission', [], [certificate], 503, `${certificate}\n`],
    ['/readyz/admission', [cluster], [], 200, 'ok'],
  ])('answer %s, with %j and for admission %j: %d', async (path, unready, admission, status, text) => {
    const probes = createProbes({ unready: () => unready, admission: () => admission, log });
    const answer = await probes.request(path);
    expect([answer.status, await answer.text()]).toEqual([status, text]);
  });

  test('know no other path', async () => {
    const probes = createProbes({ unready: () => [], admission: () => [], log });
    expect((await probes.request('/readyz/other')).status).toBe(404);
  });
});
