import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../src/api/errors.ts';
import type { ReadSecret } from '../../src/http/admission/secrets.ts';
import { createAdmission } from '../../src/http/admission.ts';
import { createFakeLog } from '../fakes/log.ts';
import { pipelineObject, specOf } from '../fixtures/pipelines/cases.ts';

const KEY = 'a key that signs events, 32 bytes or more';
const SECRETS: Record<string, Record<string, string>> = {
  events: { 'hmac-key': KEY },
  repository: { token: 'the-token-of-the-forge' },
};

interface Answer {
  apiVersion: string;
  kind: string;
  response: {
    uid: string;
    allowed: boolean;
    warnings?: string[];
    status?: { status: string; reason: string; code: number; message: string };
  };
}

function secretsOf(secrets: Record<string, Record<string, string>>): ReadSecret {
  return async (namespace, name) => {
    const keys = namespace === 'demo' ? secrets[name] : undefined;
    return keys && new Map(Object.entries(keys).map(([key, value]) => [key, Buffer.from(value)]));
  };
}

function setUp(readSecret: ReadSecret = secretsOf(SECRETS)) {
  const { log, lines } = createFakeLog();
  const reviews: boolean[] = [];
  const app = createAdmission({
    policy: { allowed: [], insecure: [] },
    readSecret,
    log,
    onReview: (allowed) => reviews.push(allowed),
  });
  const send = (body: string) => app.request('/validate', { method: 'POST', body });
  const ask = async (request: Record<string, unknown>) => {
    const answer = await send(JSON.stringify(review(request)));
    expect(answer.status).toBe(200);
    return ((await answer.json()) as Answer).response;
  };
  return { app, send, ask, lines, reviews };
}

function review(request: Record<string, unknown>) {
  const fixed = { uid: 'b7c1', operation: 'CREATE', namespace: 'demo', name: 'podinfo' };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...fixed, ...request } };
}

describe('POST /validate', () => {
  test('allows a Pipeline that breaks no rule, and echoes the uid', async () => {
    const { send, reviews } = setUp();
    const answer = await send(JSON.stringify(review({ object: pipelineObject(await specOf()) })));
    expect(await answer.json()).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'b7c1', allowed: true },
    });
    expect(reviews).toEqual([true]);
  });

  test('denies with all faults, one a line', async () => {
    const { ask, reviews, lines } = setUp();
    const spec = await specOf({
      environments: [{ name: 'dev', targets: [] }],
      promotion: { strategy: { notification: {}, secretRef: { name: 'absent' } } },
    });
    const { allowed, status } = await ask({ object: pipelineObject(spec) });
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ status: 'Failure', reason: 'Invalid', code: 422 });
    expect(status?.message.split('\n')).toEqual([
      'spec.environments[0].targets: Write at least one target: the namespace where the application runs in this environment.',
      'spec.promotion.strategy.secretRef.name: Secret demo/absent does not exist: create it there, with the key hmac-key.',
    ]);
    expect(reviews).toEqual([false]);
    expect(lines.join('')).toContain('pipeline denied');
  });

  test('denies two strategies in one promotion', async () => {
    const { promotion } = (await specOf()) as { promotion: { strategy: object } };
    const strategy = { ...promotion.strategy, notification: {} };
    const object = pipelineObject(await specOf({ promotion: { strategy } }));
    const { status } = await setUp().ask({ object });
    expect(status?.message).toBe(
      'spec.promotion.strategy: Two strategies are named: keep one of pull-request and notification.',
    );
  });

  test('names the faults of a Pipeline that the schema should have refused', async () => {
    const { status } = await setUp().ask({ object: pipelineObject({ environments: [{}] }) });
    expect(status?.message.split('\n')).toHaveLength(3);
    const missing = await setUp().ask({ object: pipelineObject(undefined) });
    expect(missing.status?.message).toStartWith('spec: This field is required');
  });

  test('allows deletions and updates that leave the spec alone, whatever is in them', async () => {
    const { ask } = setUp(() => Promise.reject(new Error('is not called')));
    const bad = pipelineObject({ environments: [] });
    expect(await ask({ operation: 'DELETE', oldObject: bad })).toEqual({ uid: 'b7c1', allowed: true });
    const labelled = { ...bad, metadata: { ...bad.metadata, labels: { a: 'b' } } };
    expect(await ask({ operation: 'UPDATE', object: labelled, oldObject: bad })).toMatchObject({
      allowed: true,
    });
    const bare = pipelineObject(undefined);
    expect(await ask({ operation: 'UPDATE', object: bare, oldObject: bare })).toMatchObject({
      allowed: true,
    });
  });

  test('checks an update that changes the spec', async () => {
    const oldObject = pipelineObject(await specOf());
    const object = pipelineObject(await specOf({ promotion: { strategy: {} } }));
    expect(await setUp().ask({ operation: 'UPDATE', object, oldObject })).toMatchObject({ allowed: false });
  });
});

describe('a Secret', () => {
  const cases: [string, Record<string, Record<string, string>>, string][] = [
    ['that is missing', { repository: { token: 't' } }, 'Secret demo/events does not exist'],
    [
      'without its key',
      { ...SECRETS, repository: { password: 'p' } },
      'Secret demo/repository has no key token',
    ],
    ['with a key that can be guessed', { ...SECRETS, events: { 'hmac-key': 'short' } }, 'has 5 bytes'],
  ];

  test.each(cases)('%s is denied, and warned of on a dry run', async (_, secrets, sentence) => {
    const { ask } = setUp(secretsOf(secrets));
    const object = pipelineObject(await specOf());
    const real = await ask({ object });
    expect(real.status?.message).toContain(sentence);
    const dry = await ask({ object, dryRun: true });
    expect(dry).toMatchObject({ allowed: true, warnings: [expect.stringContaining(sentence)] });
  });

  test('of some bytes only is warned of', async () => {
    const { ask } = setUp(secretsOf({ ...SECRETS, events: { 'hmac-key': 'twenty bytes of key.' } }));
    const { allowed, warnings } = await ask({ object: pipelineObject(await specOf()) });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [expect.stringContaining('has 20 bytes')],
    });
  });

  test('that the API server does not give is warned of', async () => {
    const { ask } = setUp(() =>
      Promise.reject(new TurnpikeError('ApiUnavailable', 'The API server is away.')),
    );
    const { allowed, warnings } = await ask({ object: pipelineObject(await specOf()) });
    expect(allowed).toBe(true);
    expect(warnings).toEqual([
      'spec.promotion.strategy.secretRef.name: Secret demo/events was not checked: The API server is away.',
      'spec.promotion.strategy.pull-request.secretRef.name: Secret demo/repository was not checked: The API server is away.',
    ]);
  });

  test('that takes too long to read is not waited for', async () => {
    const { ask } = setUp(() => new Promise(() => {}));
    const started = performance.now();
    const { allowed, warnings } = await ask({ object: pipelineObject(await specOf()) });
    expect({ allowed, count: warnings?.length }).toEqual({ allowed: true, count: 2 });
    expect(performance.now() - started).toBeLessThan(4500);
  });

  test('is read once, and its values are nowhere in an answer or the log', async () => {
    const read: string[] = [];
    const secrets = secretsOf({ events: { 'hmac-key': 'canary-key', token: 'canary-token' } });
    const { send, lines } = setUp((namespace, name) => {
      read.push(name);
      return secrets(namespace, name);
    });
    const { promotion } = (await specOf()) as { promotion: { strategy: Record<string, object> } };
    const strategy = { ...promotion.strategy };
    strategy['pull-request'] = { ...strategy['pull-request'], secretRef: { name: 'events' } };
    const object = pipelineObject(await specOf({ promotion: { strategy } }));
    const answer = await (await send(JSON.stringify(review({ object })))).text();
    expect(read).toEqual(['events']);
    expect(answer + lines.join('')).not.toContain('canary');
  });
});

describe('an admission webhook', () => {
  test('denies with 500 when the fault is its own, and logs which', async () => {
    const { ask, lines } = setUp(() => Promise.reject(new TypeError('a bug')));
    const { allowed, status } = await ask({ object: pipelineObject(await specOf()) });
    expect({ allowed, code: status?.code, reason: status?.reason }).toEqual({
      allowed: false,
      code: 500,
      reason: 'InternalError',
    });
    expect(status?.message).not.toContain('a bug');
    expect(lines.join('')).toContain('a bug');
  });

  test('bounds what it says', async () => {
    const environments = new Array(50).fill({
      name: 'dev',
      targets: [{ namespace: 'a' }, { namespace: 'a' }],
    });
    const object = pipelineObject(await specOf({ environments, promotion: null }));
    const { status, warnings } = await setUp().ask({ object });
    expect(status?.message.split('\n')).toHaveLength(51);
    expect(status?.message).toEndWith('more.');
    expect(warnings).toHaveLength(16);
    expect(Math.max(...(warnings ?? []).map((warning) => warning.length))).toBeLessThanOrEqual(256);
  });

  const malformed: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['nesting without end', '['.repeat(1_000_000)],
    ['another object', '{"apiVersion":"v1","kind":"Pod"}'],
    ['a review without request', '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'],
    ['an old review', JSON.stringify({ ...review({}), apiVersion: 'admission.k8s.io/v1beta1' })],
    ['a review of nothing', JSON.stringify(review({}))],
    ['a review of null', JSON.stringify(review({ object: null }))],
    ['a review of something else', JSON.stringify(review({ object: { apiVersion: 'v1', kind: 'Pod' } }))],
    ['an unknown operation', JSON.stringify(review({ operation: 'CONNECT' }))],
  ];

  test.each(malformed)('answers %s with 400 and a sentence', async (_, body) => {
    const { send, reviews } = setUp();
    const answer = await send(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(/\.$/) });
    expect(reviews).toEqual([]);
  });

  test('answers a spec that is nested without end', async () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const object = JSON.stringify(pipelineObject('DEEP')).replace('"DEEP"', deep);
    const body = JSON.stringify(review({ operation: 'UPDATE', object: 'O', oldObject: 'O' })).replaceAll(
      '"O"',
      object,
    );
    const answer = await setUp().send(body);
    expect([200, 400]).toContain(answer.status);
    expect(await answer.text()).not.toContain('"allowed":true');
  });

  test('takes 3 MiB at most, declared or not', async () => {
    const { send, app } = setUp();
    const large = 'x'.repeat(3 * 1024 * 1024 + 1);
    expect((await send(large)).status).toBe(413);
    const chunked = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 4; count++) controller.enqueue(new Uint8Array(1024 * 1024));
        controller.close();
      },
    });
    expect((await app.request('/validate', { method: 'POST', body: chunked })).status).toBe(413);
  });

  test('answers other methods with 405 and other paths with 404', async () => {
    const { app } = setUp();
    const get = await app.request('/validate');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await app.request('/mutate', { method: 'POST' })).status).toBe(404);
  });
});
