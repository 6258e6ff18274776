import { describe, expect, test } from 'bun:test';
import { startAdmission } from '../../src/cli/admission.ts';
import type { Parts } from '../../src/cli/program.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createFakeLog } from '../fakes/log.ts';

/** What of a program admission uses before it has a certificate; the API server never answers. */
function parts(address: string): Parts {
  const client = {
    request: () => new Promise(() => {}),
    stream: () => new Promise(() => {}),
    config: { server: 'https://10.0.0.1', namespace: 'turnpike-system' },
  };
  const config = {
    'admission-bind-address': address,
    'admission-cert-dir': '',
    'admission-secret': 'turnpike-admission-certificate',
    'admission-webhook-configuration': 'turnpike',
  };
  const { log } = createFakeLog();
  return { config, client, log, metrics: createMetrics(), now: () => new Date() } as unknown as Parts;
}

describe('admission', () => {
  test('holds a new replica back while it asks for its first certificate', async () => {
    const admission = startAdmission(parts('127.0.0.1:0'));
    expect(admission.starting()).toBe(true);
    expect(admission.problems()).toEqual(['The admission webhook has no certificate yet.']);
    await admission.stop(0);
  });

  test('holds nothing back where it is turned off', () => {
    const admission = startAdmission(parts(''));
    expect([admission.starting(), admission.problems()]).toEqual([false, []]);
  });
});
