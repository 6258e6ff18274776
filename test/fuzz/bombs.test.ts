import { describe, expect, test } from 'bun:test';
import { createValidate } from '../../src/cli/validate/validate.ts';
import { startServer } from '../../src/http/server/server.ts';
import { pipeline } from '../fakes/pipeline.ts';
import { editMarked } from '../unit/lib/yaml/edit-marked.ts';
import { admissionApp, errorLog } from './admission-app.ts';
import { EDITED_FILES, EVENTS, KEY, MANIFESTS, REFUSED_FILES, REVIEWS, UPDATES } from './bombs.ts';
import { hookApp, sign } from './hook-app.ts';

/** Of this process alone, for others use the machine too. */
const MAX_CPU_SECONDS = 3;
const TIMEOUT_MS = 60_000;
const MAX_ANSWER = 30_000;

async function cheaply<T>(act: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const result = await act();
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(MAX_CPU_SECONDS);
  return result;
}

describe('a bomb', () => {
  test.each([...REVIEWS])(
    'of an AdmissionReview with %s is refused',
    async (_, body) => {
      const { app, errors } = admissionApp();
      const response = await cheaply(() => app.request('/validate', { method: 'POST', body }));
      const text = await response.text();
      expect(text.length).toBeLessThan(MAX_ANSWER);
      if (response.status === 200)
        expect(JSON.parse(text)).toMatchObject({ response: { allowed: false, status: { code: 422 } } });
      else
        expect({ status: response.status, ...JSON.parse(text) }).toMatchObject({
          status: 400,
          detail: expect.any(String),
        });
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each([...UPDATES])(
    'of an AdmissionReview with an update that leaves %s is answered',
    async (_, body) => {
      const { app, errors } = admissionApp();
      const response = await cheaply(() => app.request('/validate', { method: 'POST', body }));
      const { response: answer } = (await response.json()) as { response: { warnings?: string[] } };
      expect(answer).toMatchObject({ uid: expect.any(String) });
      expect(JSON.stringify(answer).length).toBeLessThan(MAX_ANSWER);
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each([...EVENTS])(
    'of a signed event with %s is refused',
    async (_, body) => {
      const { app, store, errors } = hookApp(pipeline());
      const before = store.writes();
      const init = { method: 'POST', body, headers: { 'x-signature': sign(body) } };
      const response = await cheaply(() =>
        app.request('/promotion/apps/app/dev', init, { source: '10.0.0.1' }),
      );
      expect([400, 422]).toContain(response.status);
      expect((await response.text()).length).toBeLessThan(1000);
      expect(store.writes()).toBe(before);
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each([...REFUSED_FILES])(
    'of a marked file with %s is left alone, with a sentence',
    async (_, text) => {
      const result = await cheaply(() => editMarked(text, KEY, '2.0.0'));
      expect(result.text === text).toBe(true);
      expect(result.edits).toEqual([]);
      expect(result.problems.length).toBeGreaterThan(0);
      expect(result.problems.join('').length).toBeLessThan(1000);
    },
    TIMEOUT_MS,
  );

  test.each([...EDITED_FILES])(
    'of a marked file with %s is edited',
    async (_, text) => {
      const result = await cheaply(() => editMarked(text, KEY, '2.0.0'));
      expect(result.problems).toEqual([]);
      expect(result.edits.length).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test.each([...MANIFESTS])(
    'of a manifest with %s is an error with a place',
    async (_, text) => {
      const written: string[] = [];
      const command = createValidate({
        isTerminal: () => false,
        async *read() {
          yield Buffer.from(text);
        },
      });
      const io = {
        environment: {},
        out: (line: string) => void written.push(line),
        err: () => {},
        signal: new AbortController().signal,
      };
      expect(await cheaply(() => command.run([], io))).toBe(1);
      expect(written.join('')).toMatch(/^-:\d+:\d+: ./);
      expect(written.join('').length).toBeLessThan(MAX_ANSWER);
    },
    TIMEOUT_MS,
  );
});

describe('a body of more than 3 MiB', () => {
  const chunk = Buffer.alloc(64 * 1024, ' ');

  /** Without a length; it ends when nobody reads it any more, or after 64 MiB. */
  function endless(): ReadableStream<Uint8Array> {
    let sent = 0;
    return new ReadableStream({
      pull(controller) {
        sent += chunk.length;
        if (sent > 64 * 1024 * 1024) controller.close();
        else controller.enqueue(chunk);
      },
    });
  }

  test.each([
    ['with a length', () => Buffer.alloc(3 * 1024 * 1024 + 1, ' ')],
    ['in chunks', endless],
  ] as const)(
    '%s is refused by both webhooks, which go on',
    async (_, body) => {
      const { log } = errorLog();
      const listeners = [
        { path: '/validate', app: admissionApp().app, good: 400 },
        { path: '/promotion/apps/app/dev', app: hookApp(pipeline()).app, good: 401 },
      ];
      for (const { path, app, good } of listeners) {
        const fetchApp = (request: Request, bindings: { source: string }) => app.fetch(request, bindings);
        const server = startServer({ name: 'test', address: '127.0.0.1:0', fetch: fetchApp, log });
        try {
          const url = `http://${server.address}${path}`;
          const headers = { 'x-signature': `sha256=${'0'.repeat(64)}` };
          const response = await fetch(url, { method: 'POST', body: body(), headers });
          expect(response.status).toBe(413);
          expect(await response.json()).toMatchObject({ detail: expect.stringContaining('3145728 bytes') });
          expect((await fetch(url, { method: 'POST', body: '{' })).status).toBe(good);
        } finally {
          await server.stop(1);
        }
      }
    },
    TIMEOUT_MS,
  );
});
