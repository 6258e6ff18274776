import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { type Pipeline, pipelineKey } from '../../src/api/pipeline.ts';
import { createHook, type HookDeps } from '../../src/http/hook.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import { waitForPullRequest } from '../../src/http/wait.ts';
import { TurnpikeError } from '../../src/lib/errors.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { createFakeLog } from '../fakes/log.ts';
import { at, event, NOW, pipeline, ready, running, spec, withState } from '../fakes/pipeline.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { createFakeSchedule } from '../fakes/schedule.ts';
import { createFakeStore } from '../fakes/store.ts';

const KEY = 'an hmac key of more than 32 bytes, really';
const PREVIOUS = 'the key before that one, also long enough';
const SHORT = 'fifteen bytes..';
const PUBLISHED = 'put-the-same-random-key-into-both-of-these';
const PATH = '/promotion/apps/app/dev';

interface Options {
  pipeline?: Pipeline;
  secret?: Record<string, string> | undefined | Error;
  available?: boolean;
  allowUnsigned?: boolean;
  limit?: number;
  look?: HookDeps['look'];
  requireEventCluster?: boolean;
  /** The Pipeline is deleted while the event is verified. */
  deleted?: boolean;
}

function setUp(options: Options = {}) {
  const store = createFakeStore();
  store.put(options.pipeline ?? pipeline());
  const { log, lines } = createFakeLog();
  const secret = 'secret' in options ? options.secret : { 'hmac-key': KEY };
  const woken: string[] = [];
  const outcomes: string[] = [];
  const { schedule, pass } = createFakeSchedule();
  const waited = Promise.withResolvers<void>();
  const seconds: number[] = [];
  const hook = createHook({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: async (_namespace, name) => {
      if (options.deleted) store.remove(pipelineKey('apps', 'app'));
      if (secret instanceof Error) throw secret;
      if (!secret || name !== 'hook') return undefined;
      return { values: new Map(Object.entries(secret).map(([key, value]) => [key, Buffer.from(value)])) };
    },
    available: () => options.available ?? true,
    limiter: createRateLimiter({ limit: options.limit ?? 100, intervalSeconds: 30 }, () => Date.now()),
    rejected: createRejectionLog(log, () => Date.now()),
    onOutcome: (outcome) => outcomes.push(outcome),
    onSeconds: (took) => seconds.push(took),
    log,
    now: () => NOW,
    allowUnsigned: options.allowUnsigned ?? false,
    requireEventCluster: options.requireEventCluster ?? false,
    record: createRecordStatus(store),
    wake: (key) => woken.push(key),
    ...(options.look && { look: options.look }),
    pullRequest: (wanted) => {
      const { get: find, subscribe } = store;
      waited.resolve();
      return waitForPullRequest({ find, subscribe }, wanted, schedule);
    },
  });
  const send = (init: RequestInit, path = PATH) => hook.request(path, init, { source: '10.0.0.1' });
  const post = (body: unknown = event(), path = PATH, headers: Record<string, string> = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return send({ method: 'POST', body: text, headers: { 'x-signature': sign(text), ...headers } }, path);
  };
  return { store, send, post, lines, woken, outcomes, seconds, pass, isWaiting: waited.promise };
}

function sign(text: string, key = KEY, algorithm = 'sha256'): string {
  return `${algorithm}=${createHmac(algorithm, key).update(text).digest('hex')}`;
}

async function outcomeOf(response: Response) {
  return ((await response.json()) as { outcome: string }).outcome;
}

describe('POST /promotion/{namespace}/{name}/{environment}', () => {
  test('answers 202 accepted once it is recorded, and wakes the reconciler', async () => {
    const { post, store, woken } = setUp();
    const response = await post();
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ outcome: 'accepted', environment: 'staging', revision: '1.1.0' });
    const status = store.get(pipelineKey('apps', 'app'))?.status;
    expect(status?.environments?.staging?.promotion).toMatchObject({ revision: '1.1.0', phase: 'Pending' });
    expect(woken).toEqual(['apps/app']);
    expect(store.writes()).toBe(1);
  });

  test('has the application looked at for the Pipeline that the event is for', async () => {
    const asked: string[] = [];
    const { post } = setUp({
      look: async ({ metadata, spec: { appRef } }, { namespace }) => {
        asked.push(`${metadata.namespace}/${metadata.name} at ${appRef.kind} ${namespace}/${appRef.name}`);
        return undefined;
      },
    });
    expect((await post()).status).toBe(202);
    expect(asked).toEqual(['apps/app at HelmRelease dev/app']);
  });

  test('has no application looked at for an event that is recorded', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return undefined;
    };
    const { post } = setUp({ look });
    expect([await outcomeOf(await post()), await outcomeOf(await post())]).toEqual(['accepted', 'unchanged']);
    expect(looks).toBe(1);
  });

  test('tells how many seconds an event took', async () => {
    const { post, seconds } = setUp();
    const started = performance.now();
    await post();
    const most = (performance.now() - started) / 1000;
    expect(seconds).toHaveLength(1);
    expect(seconds[0]).toBeWithin(0, most);
  });

  test('has an application looked at whose spec says its revision, and believes the event only elsewhere', async () => {
    const from = pipeline({ revision: { path: '.spec.values.image.tag', event: 'image' } });
    const body = event({ metadata: { revision: '6.5.0', image: '6.6.6' } });
    const read = setUp({ pipeline: from, look: async () => ready('1.9.0') });
    const first = await read.post(body);
    expect([first.status, await first.json()]).toEqual([
      200,
      { outcome: 'unchanged', environment: 'dev', revision: '1.9.0' },
    ]);
    const status = read.store.get(pipelineKey('apps', 'app'))?.status;
    expect(status?.environments?.dev?.targets).toMatchObject([{ revision: '1.9.0', ready: true }]);
    expect([read.store.writes(), read.woken]).toEqual([1, ['apps/app']]);
    expect(await outcomeOf(await read.post(body))).toBe('unchanged');
    expect(read.store.writes()).toBe(1);
    const reported = setUp({ pipeline: from, look: async () => undefined });
    expect(await (await reported.post(body)).json()).toMatchObject({
      outcome: 'accepted',
      revision: '6.6.6',
    });
  });

  test('refuses an event about an application that cannot be read, without the key that says its revision', async () => {
    const from = pipeline({ revision: { path: '.spec.values.image.tag' } });
    const { post, store } = setUp({ pipeline: from, look: async () => undefined });
    const response = await post();
    expect(response.status).toBe(422);
    expect((await response.json()) as object).toMatchObject({
      detail: expect.stringContaining('set spec.revision.event'),
    });
    expect(store.writes()).toBe(0);
  });

  test.each(['sha224', 'sha256', 'sha384', 'sha512'])('takes a signature with %s', async (algorithm) => {
    const { post } = setUp();
    const body = JSON.stringify(event());
    expect((await post(body, PATH, { 'x-signature': sign(body, KEY, algorithm) })).status).toBe(202);
  });

  test('takes the previous key during a rotation', async () => {
    const { post } = setUp({ secret: { 'hmac-key': KEY, 'hmac-key-previous': PREVIOUS } });
    const body = JSON.stringify(event());
    expect((await post(body, PATH, { 'x-signature': sign(body, PREVIOUS) })).status).toBe(202);
  });

  test.each([SHORT, PUBLISHED])(
    'takes the key beside the previous key %s, which proves nothing',
    async (bad) => {
      const { post } = setUp({ secret: { 'hmac-key': KEY, 'hmac-key-previous': bad } });
      expect((await post()).status).toBe(202);
    },
  );

  test('takes the previous key beside a key that is too short', async () => {
    const { post } = setUp({ secret: { 'hmac-key': SHORT, 'hmac-key-previous': KEY } });
    expect((await post()).status).toBe(202);
  });

  test.each([
    ['as it is', 'https://f/pulls/7', 'https://f/pulls/7'],
    [
      'with letters that no header takes',
      'https://f/яблоко/7',
      'https://f/%D1%8F%D0%B1%D0%BB%D0%BE%D0%BA%D0%BE/7',
    ],
    ['left out where it is no address', '\u202e', null],
  ])('answers 201 with the pull request when asked to wait for it, %s', async (_, url, location) => {
    const { post, store, isWaiting } = setUp();
    const waiting = post(event(), PATH, { prefer: 'wait=5' });
    await isWaiting;
    const stored = store.get(pipelineKey('apps', 'app'));
    if (!stored?.spec.ok) throw new Error('the pipeline is gone');
    const open = withState({ ...stored, spec: stored.spec.value }, 'staging', {
      promotion: {
        revision: '1.1.0',
        phase: 'PullRequestOpen',
        pullRequest: { url, number: 7 },
      },
    });
    await store.applyStatus(stored, open.status);
    const response = await waiting;
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(location);
  });

  test('answers 202 when the seconds pass without a pull request', async () => {
    const { post, isWaiting, pass } = setUp();
    const answer = post(event(), PATH, { prefer: 'respond-async, wait=1' });
    await isWaiting;
    await pass(0.999);
    expect(Bun.peek.status(answer)).toBe('pending');
    await pass(0.001);
    expect((await answer).status).toBe(202);
  });

  test('answers 202 at once to an event of more than 8 KiB, whose room others need', async () => {
    const { post } = setUp();
    const long = { ...event(), message: 'x'.repeat(9 * 1024) };
    expect((await post(long, PATH, { prefer: 'wait=5' })).status).toBe(202);
  });

  test('answers 200 unchanged for what is recorded, and writes nothing', async () => {
    const { post, store } = setUp();
    await post();
    const response = await post();
    expect(response.status).toBe(200);
    expect(await outcomeOf(response)).toBe('unchanged');
    expect(store.writes()).toBe(1);
  });

  test('answers 200 recorded for what runs in the next environment already, and was not recorded here', async () => {
    const { post, store } = setUp({ pipeline: running({ dev: '1.0.0', staging: '1.1.0', prod: '1.0.0' }) });
    const response = await post();
    expect([response.status, await outcomeOf(response)]).toEqual([200, 'recorded']);
    const state = store.get(pipelineKey('apps', 'app'))?.status.environments?.dev;
    expect(state?.deployment).toMatchObject({ revision: '1.1.0', source: 'webhook' });
  });

  test('answers 200 unchanged for what is recorded here and runs in the next environment already', async () => {
    const { post, store } = setUp({ pipeline: running({ dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' }) });
    expect(await outcomeOf(await post())).toBe('unchanged');
    expect(store.writes()).toBe(0);
  });

  test('answers 202 waiting-approval where the promotion is manual', async () => {
    const promotion = {
      ...spec().promotion,
      manual: true,
      strategy: { notification: {}, secretRef: { name: 'hook' } },
    };
    const { post, store } = setUp({ pipeline: pipeline({ promotion }) });
    const response = await post();
    expect(response.status).toBe(202);
    expect(await outcomeOf(response)).toBe('waiting-approval');
    const state = store.get(pipelineKey('apps', 'app'))?.status.environments?.staging;
    expect(state?.waitingApproval).toEqual({ revision: '1.1.0' });
  });

  test.each(['UpgradeFailed', 'Progressing', 'RollbackSucceeded', 'UninstallSucceeded', 'DriftCorrected'])(
    'answers 200 recorded for %s and promotes nothing',
    async (reason) => {
      const { post, store } = setUp();
      const response = await post(event({ reason, severity: reason.endsWith('Failed') ? 'error' : 'info' }));
      expect(response.status).toBe(200);
      expect(await outcomeOf(response)).toBe('recorded');
      const environments = store.get(pipelineKey('apps', 'app'))?.status.environments;
      expect(environments?.dev?.deployment?.revision).toBe('1.1.0');
      expect(environments?.staging?.promotion).toBeUndefined();
    },
  );

  test('answers 200 outdated for what is older than the record', async () => {
    const { post, store } = setUp();
    await post();
    const response = await post(event({ timestamp: at(-60) }, '1.0.0'));
    expect(response.status).toBe(200);
    expect(await outcomeOf(response)).toBe('outdated');
    expect(store.writes()).toBe(1);
  });

  test('answers 200 completed for the last environment', async () => {
    const { post } = setUp();
    const response = await post(event({}, '1.1.0', 'prod'), '/promotion/apps/app/prod');
    expect(response.status).toBe(200);
    expect(await outcomeOf(response)).toBe('completed');
  });

  describe('refuses with the same 401', () => {
    const body = JSON.stringify(event());
    const cases: [
      why: string,
      options: Options,
      path: string,
      signature: string | undefined,
      reason: string,
    ][] = [
      ['an unknown pipeline', {}, '/promotion/apps/nobody/dev', sign(body), 'unknown-pipeline'],
      ['a missing signature', {}, PATH, undefined, 'no-signature'],
      ['a wrong key', {}, PATH, sign(body, 'another key'), 'wrong-signature'],
      ['a signature over another body', {}, PATH, sign(`${body} `), 'wrong-signature'],
      ['sha1', {}, PATH, sign(body, KEY, 'sha1'), 'no-signature'],
      ['md5', {}, PATH, sign(body, KEY, 'md5'), 'no-signature'],
      ['a bare digest', {}, PATH, sign(body).slice(7), 'no-signature'],
      ['an upper-case digest', {}, PATH, `sha256=${sign(body).slice(7).toUpperCase()}`, 'no-signature'],
      ['a digest that is cut', {}, PATH, sign(body).slice(0, -2), 'no-signature'],
      ['a name of Object.prototype', {}, PATH, `constructor=${sign(body).slice(7)}`, 'no-signature'],
      ['a missing Secret', { secret: undefined }, PATH, sign(body), 'secret-missing'],
      ['a Secret without the key', { secret: { token: 'x' } }, PATH, sign(body), 'secret-missing'],
      ['an empty key', { secret: { 'hmac-key': '' } }, PATH, sign(body, ''), 'key-too-short'],
      ['a key of 15 bytes', { secret: { 'hmac-key': SHORT } }, PATH, sign(body, SHORT), 'key-too-short'],
      [
        'another key than one of 15 bytes',
        { secret: { 'hmac-key': SHORT } },
        PATH,
        sign(body),
        'key-too-short',
      ],
      [
        'a previous key of 15 bytes',
        { secret: { 'hmac-key': KEY, 'hmac-key-previous': SHORT } },
        PATH,
        sign(body, SHORT),
        'key-too-short',
      ],
      [
        'the key of the examples',
        { secret: { 'hmac-key': PUBLISHED } },
        PATH,
        sign(body, PUBLISHED),
        'key-published',
      ],
      [
        'the key of the examples and a line end',
        { secret: { 'hmac-key': `${PUBLISHED}\n` } },
        PATH,
        sign(body, `${PUBLISHED}\n`),
        'key-published',
      ],
      [
        'a key for approvals',
        { secret: { 'hmac-key': KEY, 'approval-key': PREVIOUS } },
        PATH,
        sign(body, PREVIOUS),
        'wrong-signature',
      ],
      [
        'a pipeline without secretRef',
        { pipeline: pipeline({ promotion: { strategy: { notification: {} } } }) },
        PATH,
        sign(body),
        'no-secret-ref',
      ],
    ];
    test.each(cases)('%s', async (_, options, path, signature, reason) => {
      const { send, store, outcomes, lines } = setUp(options);
      const headers: Record<string, string> = signature === undefined ? {} : { 'x-signature': signature };
      const response = await send({ method: 'POST', body, headers }, path);
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'The request is not signed with the right key.',
      });
      expect(outcomes).toEqual([reason]);
      expect(lines.join()).toContain(reason);
      expect(lines.join()).not.toContain(KEY);
      expect(store.writes()).toBe(0);
    });
  });

  test('uses the key of the promotion into the next environment', async () => {
    const own = spec();
    const [dev, staging, prod] = own.environments;
    if (!dev || !staging || !prod) throw new Error('three environments are needed');
    const promotion = { strategy: { notification: {}, secretRef: { name: 'other' } } };
    const { post } = setUp({ pipeline: pipeline({ environments: [dev, { ...staging, promotion }, prod] }) });
    expect((await post()).status).toBe(401);
    expect((await post(event({}, '1.1.0', 'staging'), '/promotion/apps/app/staging')).status).toBe(202);
  });

  test('takes unsigned events only when the operator allows them and no key is named', async () => {
    const open = pipeline({ promotion: { strategy: { notification: {} } } });
    const unsigned = { method: 'POST', body: JSON.stringify(event()) };
    expect((await setUp({ pipeline: open }).send(unsigned)).status).toBe(401);
    expect((await setUp({ pipeline: open, allowUnsigned: true }).send(unsigned)).status).toBe(202);
    expect((await setUp({ allowUnsigned: true }).send(unsigned)).status).toBe(401);
  });

  const notEvents = [
    '',
    'incompatible',
    '[]',
    'null',
    '{}',
    JSON.stringify({ ...event(), timestamp: 'yesterday' }),
  ];
  const numeric = JSON.stringify({ ...event(), metadata: { revision: 5 } });
  test.each([...notEvents, numeric])('answers 400 for the body %p', async (body) => {
    const { post } = setUp();
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  const foreign: [why: string, body: unknown, path: string][] = [
    ['no revision', event({ metadata: null }), PATH],
    ['a revision of two lines', event({ metadata: { revision: '1.1.0\nCloses: #1' } }), PATH],
    ['a revision with an escape', event({ metadata: { revision: '1.1.0\u001b[31m' } }), PATH],
    ['a revision with half a character', event({ metadata: { revision: '1.1.0\ud800' } }), PATH],
    ['a revision that turns the text around', event({ metadata: { revision: '\u202e1.1.0' } }), PATH],
    ['no timestamp', event({ timestamp: undefined }), PATH],
    ['the timestamp null', event({ timestamp: null }), PATH],
    ['another object', event({ involvedObject: { ...event().involvedObject, name: 'other' } }), PATH],
    ['another namespace', event({}, '1.1.0', 'staging'), PATH],
    ['an unknown environment', event(), '/promotion/apps/app/qa'],
  ];
  test.each(foreign)('answers 422 for %s', async (_, body, path) => {
    const { post, store } = setUp();
    const response = await post(body, path);
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(store.writes()).toBe(0);
  });

  test('answers 422 where no promotion is configured', async () => {
    const [dev, staging, prod] = spec().environments;
    if (!dev || !staging || !prod) throw new Error('three environments are needed');
    const promotion = { strategy: { notification: {}, secretRef: { name: 'hook' } } };
    const { promotion: _, ...rest } = spec({ environments: [dev, { ...staging, promotion }, prod] });
    const { post } = setUp({ pipeline: { ...pipeline(), spec: rest }, allowUnsigned: true });
    const response = await post(event({}, '1.1.0', 'staging'), '/promotion/apps/app/staging');
    expect(response.status).toBe(422);
  });

  describe('of environments with one namespace on three clusters, and one key', () => {
    const onCluster = (name: string) => ({
      namespace: 'podinfo',
      clusterRef: { kind: 'Secret' as const, name },
    });
    const leaves = pipeline({
      environments: ['dev', 'staging', 'prod'].map((name) => ({ name, targets: [onCluster(name)] })),
    });
    const from = (cluster?: string) =>
      event({ metadata: { revision: '1.1.0', ...(cluster && { cluster }) } }, '1.1.0', 'podinfo');
    const staging = '/promotion/apps/app/staging';

    test('cannot tell an event of dev that is sent again as one of staging', async () => {
      const { post } = setUp({ pipeline: leaves });
      expect((await post(from(), staging)).status).toBe(202);
    });

    test('refuses it with 422 where events have to name their cluster, and says how', async () => {
      const { post, store, outcomes } = setUp({ pipeline: leaves, requireEventCluster: true });
      const response = await post(from(), staging);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        detail:
          "The event names no cluster, and the Pipeline has targets in the namespace podinfo on several clusters: name the cluster in eventMetadata.cluster of Flux's Alert, one of dev, staging, prod.",
      });
      expect([store.writes(), outcomes]).toEqual([0, ['not-ours']]);
    });

    test.each([true, false])(
      'refuses an event that names dev as one of staging: %p',
      async (requireEventCluster) => {
        const { post } = setUp({ pipeline: leaves, requireEventCluster });
        expect((await post(from('dev'), staging)).status).toBe(422);
        expect((await post(from('dev'))).status).toBe(202);
        expect((await post(from('staging'), staging)).status).toBe(202);
      },
    );
  });

  test.each(['/', '/other', '/promotion', '/promotion/apps/app', `${PATH}/x`, `${PATH}/`])(
    'answers 404 for %s',
    async (path) => {
      const { post } = setUp();
      expect((await post(event(), path)).status).toBe(404);
    },
  );

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('answers 405 for %s', async (method) => {
    const { send } = setUp();
    const response = await send({ method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('answers 401 to a caller without a signature, without reading a body that never comes', async () => {
    const { send, outcomes } = setUp();
    const body = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
    expect((await send({ method: 'POST', body })).status).toBe(401);
    expect((await send({ method: 'POST', body, headers: { 'x-signature': 'md5=00' } })).status).toBe(401);
    expect(outcomes).toEqual(['no-signature', 'no-signature']);
  });

  test('reads none either where unsigned events are allowed, but not for this Pipeline', async () => {
    const { send, outcomes } = setUp({ allowUnsigned: true });
    const body = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
    for (const path of [PATH, '/promotion/apps/nobody/dev']) {
      expect((await send({ method: 'POST', body }, path)).status).toBe(401);
    }
    expect(outcomes).toEqual(['no-signature', 'no-signature']);
  });

  test('answers 413 for a body that is too long, whether it says so or not', async () => {
    const { send, post } = setUp();
    const long = 'x'.repeat(3 * 1024 * 1024 + 1);
    const said = await send({
      method: 'POST',
      body: long,
      headers: { 'content-length': String(long.length) },
    });
    expect(said.status).toBe(413);
    const chunks = new Blob([long]).stream();
    const headers = { 'x-signature': sign('x') };
    expect((await send({ method: 'POST', body: chunks, headers })).status).toBe(413);
    const exact = ' '.repeat(3 * 1024 * 1024 - 1000) + JSON.stringify(event());
    expect((await post(exact)).status).toBe(202);
    const size = { 'content-length': String(3 * 1024 * 1024) };
    expect((await post(exact.padStart(3 * 1024 * 1024), PATH, size)).status).toBe(200);
  });

  test('answers 429 with Retry-After beyond the limit of a source and a pipeline', async () => {
    const { post } = setUp({ limit: 3 });
    for (let i = 0; i < 3; i += 1) expect((await post()).status).toBeLessThan(300);
    const response = await post();
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await post(event(), '/promotion/apps/other/dev')).status).toBe(401);
  });

  describe('counts apart what is refused', () => {
    const statuses = async (times: number, one: () => Response | Promise<Response>) => {
      const seen: number[] = [];
      for (let i = 0; i < times; i += 1) seen.push((await one()).status);
      return seen;
    };
    const body = JSON.stringify(event());

    test.each([
      ['no signature', undefined],
      ['a wrong signature', sign(body, 'another key')],
    ])('so that a flood with %s takes nothing from who knows the key', async (_, signature) => {
      const { send, post } = setUp({ limit: 3 });
      const size = { 'content-length': String(body.length) };
      const headers: Record<string, string> = signature ? { ...size, 'x-signature': signature } : size;
      const flood = () => send({ method: 'POST', body, headers });
      expect(await statuses(5, flood)).toEqual([401, 401, 401, 429, 429]);
      expect((await flood()).headers.get('retry-after')).toMatch(/^[1-9]/);
      expect((await post(event(), PATH, size)).status).toBe(202);
    });

    test('in the same way for a Pipeline that there is and one that there is not', async () => {
      const { send } = setUp({ limit: 3 });
      for (const path of [PATH, '/promotion/apps/nobody/dev']) {
        expect(await statuses(4, () => send({ method: 'POST' }, path))).toEqual([401, 401, 401, 429]);
      }
    });

    test('and reads no large body of a source that was refused often, whatever names it invented', async () => {
      const { send, post } = setUp({ limit: 3 });
      const invented = ['a', 'b', 'c'].map((name) => `/promotion/apps/${name}/dev`);
      for (const path of invented) expect((await send({ method: 'POST' }, path)).status).toBe(401);
      const large = JSON.stringify(event()).padStart(100_000);
      const headers = { 'content-length': '100000' };
      expect((await post(large, PATH, headers)).status).toBe(429);
      expect((await post(event(), PATH, { 'content-length': String(body.length) })).status).toBe(202);
    });

    test('and reads a body of 64 KiB all the same, and none of a byte more', async () => {
      const { send, post } = setUp({ limit: 3 });
      expect(await statuses(3, () => send({ method: 'POST' }))).toEqual([401, 401, 401]);
      const sized = async (bytes: number) => {
        const text = JSON.stringify(event()).padStart(bytes);
        return (await post(text, PATH, { 'content-length': String(bytes) })).status;
      };
      expect([await sized(64 * 1024), await sized(64 * 1024 + 1)]).toEqual([202, 429]);
    });

    test('and reads no body for a Pipeline without a key that got too many', async () => {
      const open = pipeline({ promotion: { strategy: { notification: {} } } });
      const { send } = setUp({ pipeline: open, allowUnsigned: true, limit: 2 });
      const unsigned = () =>
        send({ method: 'POST', body, headers: { 'content-length': String(body.length) } });
      expect(await statuses(2, unsigned)).toEqual([202, 200]);
      let isRead = false;
      const pull = () => {
        isRead = true;
      };
      const unread = new ReadableStream({ pull }, { highWaterMark: 0 });
      const headers = { 'content-length': String(body.length) };
      expect((await send({ method: 'POST', body: unread, headers })).status).toBe(429);
      expect(isRead).toBe(false);
    });
  });

  test('answers 503 with Retry-After when it cannot be recorded', async () => {
    const { post, store } = setUp();
    store.breakDown();
    const response = await post();
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('answers 503 to everyone who may be right while the API server is away', async () => {
    const unreadable = setUp({ secret: new TurnpikeError('ApiUnavailable', 'away'), available: false });
    expect((await unreadable.post()).status).toBe(503);
    const away = setUp({ available: false });
    expect((await away.post(event(), '/promotion/apps/nobody/dev')).status).toBe(503);
  });

  test('answers for a Pipeline that was deleted meanwhile as for one that never was', async () => {
    const { post, outcomes, woken, lines } = setUp({ deleted: true });
    const response = await post();
    const unknown = await post(event(), '/promotion/apps/nobody/dev');
    expect([response.status, unknown.status]).toEqual([401, 401]);
    expect(await response.text()).toBe(await unknown.text());
    expect([...response.headers]).toEqual([...unknown.headers]);
    expect(outcomes).toEqual(['deleted', 'unknown-pipeline']);
    expect(lines.join('')).toContain('deleted');
    expect(woken).toEqual([]);
  });

  test('records nothing in a Pipeline that was created anew under the name', async () => {
    const { post, store, outcomes } = setUp();
    const key = pipelineKey('apps', 'app');
    const { applyStatus } = store;
    store.applyStatus = async (stored, status) => {
      const fresh = pipeline();
      store.put({ ...fresh, metadata: { ...fresh.metadata, uid: 'uid-2' } });
      return applyStatus(stored, status);
    };
    expect((await post()).status).toBe(401);
    expect(outcomes).toEqual(['deleted']);
    expect(store.get(key)?.status).toEqual({});
  });

  test('decides anew when somebody else wrote meanwhile', async () => {
    const { post, store } = setUp();
    store.interfere({ summary: 'written by another' });
    expect((await post()).status).toBe(202);
    const status = store.get(pipelineKey('apps', 'app'))?.status;
    expect(status?.summary).toBe('written by another');
    expect(status?.environments?.staging?.promotion?.phase).toBe('Pending');
  });
});
