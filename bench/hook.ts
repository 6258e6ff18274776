import { createHmac } from 'node:crypto';
import type { Lab } from '../test/lab/lab.ts';
import { createScenario } from '../test/lab/scenario.ts';
import type { Turnpike } from '../test/lab/turnpike.ts';
import { load } from './load.ts';
import type { Figure } from './table.ts';

const SECONDS = 8;

/** Measures the webhook's answers per second: to events signed with another key, and to an event known already. */
export async function benchHook(lab: Lab, turnpike: Turnpike): Promise<Figure[]> {
  const app = await createScenario(lab, 'bench-hook', { promotion: { manual: true } });
  await app.deploy('dev', '1.1.0');
  const body = JSON.stringify({
    involvedObject: {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      namespace: app.namespaceOf('dev'),
      name: 'app',
    },
    severity: 'info',
    timestamp: new Date().toISOString(),
    message: `Helm upgrade succeeded for release ${app.namespaceOf('dev')}/app.v2 with chart app@1.1.0`,
    reason: 'UpgradeSucceeded',
    metadata: { revision: '1.1.0' },
    reportingController: 'helm-controller',
  });
  const sign = (key: string) => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
  const url = `${turnpike.hook}/promotion/${app.name}/app/dev`;
  const post = (to: string, key: string) =>
    load({
      url: to,
      body,
      headers: { 'content-type': 'application/json', 'x-signature': sign(key) },
      seconds: SECONDS,
      directory: lab.directory,
    });
  await fetch(url, { method: 'POST', body, headers: { 'x-signature': sign(app.key) } });
  const wrong = await post(url, 'another key');
  const unknown = await post(`${turnpike.hook}/promotion/${app.name}/nobody/dev`, 'another key');
  const valid = await post(url, app.key);
  if (wrong.refused !== wrong.total || valid.refused > 0)
    throw new Error('the webhook answered otherwise than it must');
  return [
    {
      name: 'wrong signature',
      value: wrong.requestsPerSecond,
      unit: '/s',
      goal: 'at least 40,000/s (predecessor: 31,700/s)',
      met: wrong.requestsPerSecond >= 40_000,
    },
    { name: 'wrong signature, p99', value: wrong.p99, unit: 'ms', goal: '(predecessor: 6.1 ms)' },
    {
      name: 'unknown pipeline',
      value: unknown.requestsPerSecond,
      unit: '/s',
      goal: '(predecessor: 41,700/s)',
    },
    {
      name: 'valid event, manual, same revision',
      value: valid.requestsPerSecond,
      unit: '/s',
      goal: '(predecessor: 23.6/s)',
    },
    { name: 'valid event, p99', value: valid.p99, unit: 'ms' },
  ];
}
