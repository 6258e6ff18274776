import { afterAll, describe, expect, spyOn, test } from 'bun:test';
import { connect } from 'node:net';
import { createAdmission } from '../../src/http/admission.ts';
import { createMetricsApp, createProbes } from '../../src/http/probes.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { type Server, type ServerOptions, startServer } from '../../src/http/server/server.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import { createSignedApp } from '../../src/http/signed-app.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { createFakeLog } from '../fakes/log.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { waitUntil } from '../lab/wait.ts';

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop(0))));

function broken(): never {
  throw new Error('a fault of our own');
}

function signedApp(log: Logger, isBroken: boolean) {
  const clock = () => performance.now();
  return createSignedApp({
    find: isBroken ? broken : () => undefined,
    readSecret: () => undefined,
    rechecks: fakeRechecks(),
    available: () => true,
    intake: createIntake(),
    limiter: createRateLimiter({ limit: 1000, intervalSeconds: 30 }, clock),
    rejected: createRejectionLog(log, clock),
    onOutcome: () => {},
    onSeconds: () => {},
    allowUnsigned: false,
    record: async () => undefined,
    wake: () => {},
    pullRequest: async () => undefined,
    log,
    now: () => new Date(),
  });
}

function admissionApp(log: Logger, isBroken: boolean) {
  return createAdmission({
    policy: { allowed: [], insecure: [] },
    gather: broken,
    intake: isBroken ? { open: broken } : createIntake(),
    onReview: () => {},
    log,
  });
}

const SIGNED = { method: 'POST', headers: { 'x-signature': `sha256=${'0'.repeat(64)}` } };

type App = { fetch: ServerOptions['fetch'] };

const APPS: [name: string, path: string, init: RequestInit, make: (log: Logger) => App][] = [
  ['hook', '/promotion/apps/app/dev', SIGNED, (log) => signedApp(log, true)],
  [
    'approval',
    '/approval/apps/app/dev/1.0.0',
    { ...SIGNED, headers: { ...SIGNED.headers, 'x-signature-timestamp': new Date().toISOString() } },
    (log) => signedApp(log, true),
  ],
  [
    'forge',
    '/forge/github/apps/app',
    {
      method: 'POST',
      headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}`, 'x-github-event': 'ping' },
    },
    (log) => signedApp(log, true),
  ],
  ['admission', '/validate', { method: 'POST' }, (log) => admissionApp(log, true)],
  ['probes', '/readyz', {}, (log) => createProbes({ unready: broken, admission: () => [], log })],
  ['metrics', '/metrics', {}, (log) => createMetricsApp({ contentType: 'text/plain', pieces: broken }, log)],
];

describe('a fault of our own', () => {
  test.each(APPS)(
    'is answered with 500 and goes to the log, once a second: %s',
    async (_, path, init, make) => {
      const raw = spyOn(console, 'error').mockImplementation(() => {});
      const { log, lines } = createFakeLog();
      const app = make(log);
      for (let i = 0; i < 3; i += 1) {
        const answer = await app.fetch(new Request(`http://localhost${path}`, init), { source: '10.0.0.1' });
        expect(answer.status).toBe(500);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(await answer.text()).not.toContain('fault');
      }
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { level: 'error', msg: 'request failed', error: { message: 'a fault of our own' } },
      ]);
      expect(raw).not.toHaveBeenCalled();
      raw.mockRestore();
    },
  );

  test('within the metrics makes a text that nobody takes for all of them', async () => {
    const { log, lines } = createFakeLog();
    async function* pieces(): AsyncGenerator<string, void, void> {
      yield 'up 1\n';
      broken();
    }
    const answer = await createMetricsApp({ contentType: 'text/plain', pieces }, log).request('/metrics');
    expect(await answer.text()).toBe('up 1\n\nbroken off: the log says why\n');
    expect(lines.filter((line) => line.includes('request failed'))).toHaveLength(1);
  });
});

describe('callers that hang up within a body', () => {
  test.each([
    [
      'hook',
      `/promotion/apps/app/dev HTTP/1.1\r\nX-Signature: sha256=${'0'.repeat(64)}`,
      (log: Logger) => signedApp(log, false),
    ],
    ['admission', '/validate HTTP/1.1', (log: Logger) => admissionApp(log, false)],
  ])('write no line each: %s', async (name, target, make) => {
    const raw = spyOn(console, 'error').mockImplementation(() => {});
    const { log, lines } = createFakeLog();
    const { fetch } = make(log);
    let [begun, ended] = [0, 0];
    const counted: ServerOptions['fetch'] = async (request, bindings) => {
      begun += 1;
      try {
        return await fetch(request, bindings);
      } finally {
        ended += 1;
      }
    };
    const server = startServer({ name, address: '127.0.0.1:0', fetch: counted, log });
    servers.push(server);
    const port = Number(server.address.split(':').at(-1));
    for (let i = 0; i < 20; i += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`POST ${target}\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nhalf of it`);
      await waitUntil('its request', () => begun === i + 1, { everyMs: 1 });
      socket.destroy();
    }
    await waitUntil('the end of all requests', () => ended === 20, { everyMs: 1 });
    expect(lines.filter((line) => !line.includes('listening')).length).toBeLessThan(3);
    expect(raw).not.toHaveBeenCalled();
    raw.mockRestore();
  });
});
