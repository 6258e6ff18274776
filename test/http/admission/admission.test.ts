import { describe, expect, test } from 'bun:test';
import type { AdmissionResult } from '../../../src/http/admission/answer.ts';
import { createReviewLog } from '../../../src/http/admission/report.ts';
import { REVIEWS } from '../../../src/http/admission.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../fixtures/pipelines/objects.ts';
import { around, nobody, review, setUp } from './reviews.ts';

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

  test('tells how many seconds it took', async () => {
    const { ask, seconds } = setUp();
    const started = performance.now();
    await ask({ object: pipelineObject(await specOf()) });
    const most = (performance.now() - started) / 1000;
    expect(seconds).toHaveLength(1);
    expect(seconds[0]).toBeWithin(0, most);
  });

  test('takes the name of the object where the request has none', async () => {
    const { ask, lines } = setUp();
    const object = { ...pipelineObject(undefined), metadata: { name: 'from-the-object' } };
    for (const name of ['', 'podinfo']) await ask({ name, object });
    await ask({ name: 'podinfo', object: { ...object, metadata: {} } });
    expect(lines.map((line) => JSON.parse(line).name)).toEqual([
      'from-the-object',
      'from-the-object',
      'podinfo',
    ]);
  });

  test('denies with all faults, one a line', async () => {
    const { ask, reviews, lines } = setUp(around({ secrets: { absent: null } }));
    const spec = await specOf({
      environments: [{ name: 'dev', targets: [] }],
      promotion: { strategy: { notification: {}, secretRef: { name: 'absent' } } },
    });
    const { allowed, status } = await ask({ object: pipelineObject(spec) });
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ status: 'Failure', reason: 'Invalid', code: 422 });
    expect(status?.message.split('\n')).toEqual([
      'spec.environments[0].targets: Write at least one target: the namespace where the application runs in this environment.',
      'spec.promotion.strategy.secretRef.name: "absent": Secret demo/absent does not exist: create it there, with the key hmac-key.',
    ]);
    expect(reviews).toEqual([false]);
    expect(lines.join('')).toContain('pipeline denied');
  });

  test('names the faults of a Pipeline that the schema should have refused', async () => {
    const { status } = await setUp(nobody).ask({ object: pipelineObject({ environments: [{}] }) });
    expect(status?.message.split('\n')).toHaveLength(3);
    const missing = await setUp(nobody).ask({ object: pipelineObject(undefined) });
    expect(missing.status?.message).toStartWith('spec: This field is required');
  });

  test('allows deletions and updates that leave the spec alone, whatever is in them', async () => {
    const { ask } = setUp(nobody);
    const bad = pipelineObject({ environments: [] });
    expect(await ask({ operation: 'DELETE', oldObject: bad })).toEqual({ uid: 'b7c1', allowed: true });
    const good = pipelineObject(await specOf());
    expect(await ask({ operation: 'UPDATE', object: good, oldObject: good })).toEqual({
      uid: 'b7c1',
      allowed: true,
    });
    const labelled = { ...bad, metadata: { ...bad.metadata, labels: { a: 'b' } } };
    expect(await ask({ operation: 'UPDATE', object: labelled, oldObject: bad })).toMatchObject({
      allowed: true,
    });
    const bare = pipelineObject(undefined);
    expect(await ask({ operation: 'UPDATE', object: bare, oldObject: bare })).toMatchObject({
      allowed: true,
    });
  });
});

describe('an update', () => {
  test('that brings a fault is denied', async () => {
    const { allowed } = await setUp().update({}, { 'promotion.strategy': {} });
    expect(allowed).toBe(false);
  });

  test('of something else is allowed where a fault was there before, which is warned of', async () => {
    const old = { 'pull-request.url': 'https://localhost/a/b' };
    const { allowed, warnings } = await setUp().update(old, { ...old, suspend: true });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [expect.stringContaining('localhost is a loopback')],
    });
  });

  test('of what stands beside a faulty URL is denied, for a token would go elsewhere', async () => {
    const old = { 'pull-request.url': 'https://localhost/a/b' };
    const { status } = await setUp().update(old, { ...old, 'pull-request.secretRef.name': 'events' });
    expect(status?.message).toContain('localhost is a loopback');
  });

  test('of something else is allowed where a Secret went missing', async () => {
    const { update } = setUp(around({ secrets: { events: null } }));
    const { allowed, warnings } = await update({}, { suspend: true });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [expect.stringContaining('Secret demo/events does not exist')],
    });
  });

  test('that names a missing Secret in place of another one is denied', async () => {
    const { update } = setUp(around({ secrets: { events: null, other: null } }));
    const { status } = await update({}, { 'promotion.strategy.secretRef.name': 'other' });
    expect(status?.message).toContain('Secret demo/other does not exist');
    expect(status?.message).not.toContain('demo/events');
  });

  test('of what was no Pipeline is judged like a new one', async () => {
    const oldObject = { ...pipelineObject(await specOf()), kind: 'Other' };
    const { allowed } = await setUp().ask({
      operation: 'UPDATE',
      object: pipelineObject(undefined),
      oldObject,
    });
    expect(allowed).toBe(false);
  });

  test('mends one of two faults and is denied for the other', async () => {
    const old = { 'appRef.kind': 'helm', 'environments.0.name': 'a/b' };
    const { allowed, warnings } = await setUp().update(old, { 'environments.0.name': 'a/b' });
    expect({ allowed, warnings }).toEqual({ allowed: true, warnings: [expect.stringContaining('"a/b"')] });
  });

  test('of an object without spec brings one that holds to all rules', async () => {
    const request = { operation: 'UPDATE', oldObject: pipelineObject(undefined) };
    const good = await setUp().ask({ ...request, object: pipelineObject(await specOf()) });
    expect(good).toEqual({ uid: 'b7c1', allowed: true });
    const bad = await setUp().ask({ ...request, object: pipelineObject({}) });
    expect(bad.allowed).toBe(false);
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
    ['a namespace that is none', JSON.stringify(review({ namespace: 'n'.repeat(64), object: {} }))],
    ['a name that is none', JSON.stringify(review({ name: 'n'.repeat(254), object: {} }))],
    [
      'groups that are none',
      JSON.stringify({ request: { userInfo: { groups: Array.from({ length: 1000 }, () => ['a']) } } }),
    ],
    ['an unknown operation', JSON.stringify(review({ operation: 'CONNECT' }))],
  ];

  test.each(malformed)('answers %s with 400 and a sentence', async (_, body) => {
    const { send, reviews } = setUp();
    const answer = await send(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const text = await answer.text();
    expect(text.length).toBeLessThan(2_000);
    expect(JSON.parse(text)).toMatchObject({ status: 400, detail: expect.stringMatching(/\.$/) });
    expect(reviews).toEqual([]);
  });

  const bombs: [string, string][] = [
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['levels just beyond the bound', `${'['.repeat(100)}${']'.repeat(100)}`],
  ];

  test.each(bombs)('answers a spec of %s without end with 400 and a sentence', async (_, deep) => {
    const object = JSON.stringify(pipelineObject('DEEP')).replace('"DEEP"', deep);
    for (const request of [{ object: 'O' }, { operation: 'UPDATE', object: 'O', oldObject: 'O' }]) {
      const { send, reviews } = setUp(nobody);
      const answer = await send(JSON.stringify(review(request)).replaceAll('"O"', object));
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ detail: 'The body is nested deeper than 100 levels.' });
      expect(reviews).toEqual([]);
    }
  });

  test('takes brackets in a text for what they are', async () => {
    const object = pipelineObject(await specOf({ 'appRef.name': '[{"\\'.repeat(200) }));
    const { status } = await setUp(nobody).ask({ object });
    expect(status?.message).toContain('Write 253 characters at most.');
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

  test('logs twenty denials a second, and of more only the number', async () => {
    let now = 0;
    const { log, lines } = createFakeLog();
    const report = createReviewLog(log, () => now);
    const names = { namespace: 'demo', name: 'podinfo' };
    const user = 'u'.repeat(1_000_000);
    const fields = {
      names,
      user,
      author: undefined,
      dryRun: false,
      spec: {},
      oldSpec: {},
      wasPipeline: false,
    };
    const one = { uid: '1', operation: 'CREATE', ...fields };
    const denial: AdmissionResult = {
      allowed: false,
      code: 422,
      reason: 'Invalid',
      lines: ['wrong'],
      warnings: [],
    };
    for (let count = 0; count < 500; count += 1) report(one, denial);
    expect(lines).toHaveLength(20);
    expect(lines[0]?.length).toBeLessThan(1000);
    expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('suppressed');
    now = 1000;
    report(one, denial);
    expect(JSON.parse(lines[20] ?? '')).toMatchObject({ msg: 'pipeline denied', suppressed: 480 });
  });

  test('has so many reviews under way, and asks others to come again', async () => {
    const release = Promise.withResolvers<void>();
    const { send } = setUp(
      async () => {
        await release.promise;
        return objectsOf({});
      },
      { requests: 2 },
    );
    const body = JSON.stringify(review({ object: pipelineObject(await specOf()) }));
    const [first, second] = [send(body), send(body)];
    const third = await send(body);
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1']);
    release.resolve();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await send(body)).status).toBe(200);
  });

  test('holds less of the bodies of reviews than of others, since they are parsed', () => {
    expect(REVIEWS.total).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(REVIEWS.source).toBeLessThan(REVIEWS.total);
  });

  test('answers other methods with 405 and other paths with 404', async () => {
    const { app } = setUp();
    const get = await app.request('/validate');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await app.request('/mutate', { method: 'POST' })).status).toBe(404);
  });
});
