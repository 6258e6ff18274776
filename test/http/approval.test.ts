import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { type Pipeline, pipelineKey } from '../../src/api/pipeline.ts';
import { createApproval } from '../../src/http/approval.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import type { SignedDeps } from '../../src/http/signed/secrets.ts';
import { TurnpikeError } from '../../src/lib/errors.ts';
import { createSecretCache } from '../../src/observe/secrets/secret-cache.ts';
import { PROOFS } from '../../src/observe/secrets/secret-keys.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { createFakeLog } from '../fakes/log.ts';
import { at, NOW, pipeline, withState } from '../fakes/pipeline.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { createFakeStore } from '../fakes/store.ts';

const KEY = 'an hmac key of more than 32 bytes, really';
const APPROVAL = 'a key for approvals alone, long enough';
const PREVIOUS = 'the key before that one, also long enough';
const PATH = '/approval/apps/app/staging/1.1.0';
const SECONDS = String(Math.floor(NOW.getTime() / 1000));

function waiting(revision = '1.1.0'): Pipeline {
  const promotion = { strategy: { notification: {}, secretRef: { name: 'hook' } }, manual: true };
  return withState(pipeline({ promotion }), 'staging', {
    waitingApproval: { revision },
    promotion: { revision, phase: 'WaitingApproval' },
  });
}

interface Change {
  readonly signed?: string;
  readonly timestamp?: string;
  readonly body?: string;
  readonly key?: string;
}

type Keys = Readonly<Record<string, string>>;

interface Options {
  readonly deleted?: boolean;
  /** As they are known. */
  readonly keys?: Keys;
  /** As they are by now. Default: as they are known. */
  readonly now?: Keys | Error;
  readonly available?: boolean;
  /** In place of all of that. */
  readonly readSecret?: SignedDeps['readSecret'];
}

function secretOf(keys: Keys) {
  return { values: new Map(Object.entries(keys).map(([name, key]) => [name, Buffer.from(key)])) };
}

function setUp(
  from = waiting(),
  { deleted = false, keys = { 'hmac-key': KEY }, now = keys, available = true, readSecret }: Options = {},
) {
  const store = createFakeStore();
  store.put(from);
  const { log } = createFakeLog();
  const woken: string[] = [];
  const outcomes: string[] = [];
  let fresh = 0;
  const app = createApproval({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: (namespace, name, read) => {
      if (readSecret) return readSecret(namespace, name, read);
      if (deleted) store.remove(pipelineKey('apps', 'app'));
      if (!read?.fresh) return secretOf(keys);
      fresh += 1;
      return now instanceof Error ? Promise.reject(now) : Promise.resolve(secretOf(now));
    },
    available: () => available,
    limiter: createRateLimiter({ limit: 100, intervalSeconds: 30 }, () => Date.now()),
    rejected: createRejectionLog(log, () => Date.now()),
    onOutcome: (outcome) => outcomes.push(outcome),
    log,
    now: () => NOW,
    record: createRecordStatus(store),
    wake: (key) => woken.push(key),
  });
  const post = async (path = PATH, change: Change = {}) => {
    const { timestamp = SECONDS, body = '', key = KEY } = change;
    const signed = change.signed ?? `POST\n${path}\n${timestamp}\n${body}`;
    const signature = `sha256=${createHmac('sha256', key).update(signed).digest('hex')}`;
    const headers = { 'x-signature': signature, 'x-signature-timestamp': timestamp };
    return await app.request(path, { method: 'POST', body, headers }, { source: '10.0.0.1' });
  };
  const state = () => store.get(pipelineKey('apps', 'app'))?.status.environments?.staging;
  return { post, state, woken, outcomes, app, freshReads: () => fresh };
}

describe('POST /approval/{namespace}/{name}/{environment}/{revision}', () => {
  test('approves what waits, once, and says who did', async () => {
    const { post, state, woken } = setUp();
    const response = await post();
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ outcome: 'approved', environment: 'staging', revision: '1.1.0' });
    expect(state()).toMatchObject({
      waitingApproval: { revision: '' },
      promotion: { phase: 'Pending', approvedBy: 'key of Secret hook' },
    });
    expect(woken).toEqual(['apps/app']);
    expect((await post()).status).toBe(409);
  });

  test('takes a revision with slashes as %2F, and RFC 3339 as a timestamp', async () => {
    const { post } = setUp(waiting('feature/x@sha1:abc'));
    const path = '/approval/apps/app/staging/feature%2Fx%40sha1:abc';
    expect((await post(path, { timestamp: at(0) })).status).toBe(202);
  });

  test.each(['6.5.1%2B0c1d2e3f4a5b', 'sha256:DIGEST', '6.5.1', '6.5.1@sha256:DIGEST'])(
    'takes %s for the revision with its digest that waits',
    async (spelling) => {
      const digest = '0c1d2e3f4a5b6c7d'.repeat(4);
      const { post, state } = setUp(waiting(`6.5.1@sha256:${digest}`));
      expect((await post('/approval/apps/app/staging/6.5.1@sha256:0000')).status).toBe(409);
      expect((await post(`/approval/apps/app/staging/${spelling.replace('DIGEST', digest)}`)).status).toBe(
        202,
      );
      expect(state()).toMatchObject({ promotion: { phase: 'Pending', revision: `6.5.1@sha256:${digest}` } });
    },
  );

  test('approves nothing for a request with a query, which is signed with the path', async () => {
    const { post, state } = setUp();
    const path = `${PATH}?decision=reject`;
    expect((await post(path)).status).toBe(422);
    expect((await post(path, { signed: `POST\n${PATH}\n${SECONDS}\n` })).status).toBe(401);
    expect(state()).toMatchObject({ waitingApproval: { revision: '1.1.0' } });
  });

  test('takes a body that is signed with the rest', async () => {
    const { post } = setUp();
    expect((await post(PATH, { body: '{"why":"looks good"}' })).status).toBe(202);
  });

  const SHORT = 'fifteen bytes..';
  const PUBLISHED = 'put-another-random-key-here-for-approvals';
  const both = { 'hmac-key': KEY, 'approval-key': APPROVAL };
  const rotating = { ...both, 'approval-key-previous': PREVIOUS };
  const kept = { 'hmac-key': KEY, 'approval-key-previous': APPROVAL };
  const keys: [why: string, keys: Record<string, string>, key: string, outcome: string][] = [
    ['hmac-key where there is no other', { 'hmac-key': KEY }, KEY, 'approved'],
    ['hmac-key-previous where there is no other', { 'hmac-key-previous': KEY }, KEY, 'approved'],
    ['approval-key', both, APPROVAL, 'approved'],
    ['approval-key without hmac-key', { 'approval-key': APPROVAL }, APPROVAL, 'approved'],
    ['approval-key during a rotation', rotating, APPROVAL, 'approved'],
    ['approval-key-previous', rotating, PREVIOUS, 'approved'],
    [
      'approval-key beside a previous one that is too short',
      { ...both, 'approval-key-previous': SHORT },
      APPROVAL,
      'approved',
    ],
    ['hmac-key beside approval-key', both, KEY, 'not-an-approval-key'],
    [
      'hmac-key-previous beside approval-key',
      { ...both, 'hmac-key-previous': PREVIOUS },
      PREVIOUS,
      'not-an-approval-key',
    ],
    ['hmac-key beside approval-key-previous', kept, KEY, 'not-an-approval-key'],
    [
      'hmac-key beside an approval-key that is too short',
      { ...both, 'approval-key': SHORT },
      KEY,
      'not-an-approval-key',
    ],
    ['hmac-key beside an empty approval-key', { ...both, 'approval-key': '' }, KEY, 'not-an-approval-key'],
    ['an approval-key that is too short', { ...both, 'approval-key': SHORT }, SHORT, 'key-too-short'],
    ['an hmac-key that is too short', { 'hmac-key': SHORT }, SHORT, 'key-too-short'],
    ['the approval-key of the examples', { ...both, 'approval-key': PUBLISHED }, PUBLISHED, 'key-published'],
    ['another key', both, PREVIOUS, 'wrong-signature'],
  ];
  test.each(keys)('of %s', async (_, inSecret, key, outcome) => {
    const { post, state, outcomes } = setUp(waiting(), { keys: inSecret });
    const response = await post(PATH, { key });
    expect(outcomes).toEqual([outcome]);
    expect(response.status).toBe(outcome === 'approved' ? 202 : 401);
    expect(state()?.promotion?.phase).toBe(outcome === 'approved' ? 'Pending' : 'WaitingApproval');
    if (outcome !== 'approved') {
      const unknown = await setUp().post('/approval/apps/nobody/staging/1.1.0');
      expect(await response.text()).toBe(await unknown.text());
    }
  });

  describe('of a key for events', () => {
    const hmac = { 'hmac-key': KEY };

    test('is refused from the moment on in which there is one for approvals, which may not be known yet', async () => {
      const { post, state, outcomes } = setUp(waiting(), { keys: hmac, now: both });
      expect((await post(PATH, { key: KEY })).status).toBe(401);
      expect(outcomes).toEqual(['not-an-approval-key']);
      expect(state()?.promotion?.phase).toBe('WaitingApproval');
      expect((await post(PATH, { key: APPROVAL })).status).toBe(202);
    });

    test.each([
      ['cannot be read', { now: new Error('away') }],
      ['may be an old one', { available: false }],
    ])('has to be sent again while the Secret %s', async (_, options) => {
      const { post, state, outcomes } = setUp(waiting(), { keys: hmac, ...options });
      expect((await post()).status).toBe(503);
      expect(outcomes).toEqual(['unavailable']);
      expect(state()?.promotion?.phase).toBe('WaitingApproval');
    });

    test('has to be sent again while the API server has too much to do to say what the Secret holds', async () => {
      const busy = new TurnpikeError('ApiUnavailable', 'HTTP 429: too many requests');
      const first = { values: secretOf(hmac).values };
      const reads = [async () => first, () => Promise.reject(busy), async () => secretOf(both)];
      let seconds = 1000;
      const cache = createSecretCache(
        { read: () => reads.shift()?.() ?? Promise.reject(busy) },
        { keep: PROOFS, ttlSeconds: 10, minRefreshSeconds: 1, now: () => new Date(seconds * 1000) },
      );
      await cache.read('apps', 'hook');
      seconds += 5;
      const { post, state } = setUp(waiting(), { keys: hmac, readSecret: cache.read });
      // The second one finds the failure of a moment ago.
      expect([(await post()).status, (await post()).status]).toEqual([503, 503]);
      expect(state()?.promotion?.phase).toBe('WaitingApproval');
      seconds += 1;
      expect((await post()).status).toBe(401);
    });

    test('has the Secret read once more, and one for approvals has not', async () => {
      const byEventKey = setUp(waiting(), { keys: hmac });
      await byEventKey.post();
      expect(byEventKey.freshReads()).toBe(1);
      const { post, freshReads } = setUp(waiting(), { keys: both });
      await post(PATH, { key: APPROVAL });
      expect(freshReads()).toBe(0);
    });
  });

  test.each([
    ['/approval/apps/app/staging/9.9.9', 409],
    ['/approval/apps/app/prod/1.1.0', 409],
    ['/approval/apps/app/qa/1.1.0', 401],
    ['/approval/apps/nobody/staging/1.1.0', 401],
    ['/approval/apps/app/staging', 404],
    [`${PATH}/x`, 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await setUp().post(path)).status).toBe(status);
  });

  const stale: [why: string, change: { signed?: string; timestamp?: string }][] = [
    ['over an empty body alone, as the predecessor took it', { signed: '' }],
    ['for another revision', { signed: `POST\n${PATH}x\n${SECONDS}\n` }],
    ['for another method', { signed: `PUT\n${PATH}\n${SECONDS}\n` }],
    ['from six minutes ago', { timestamp: String(Number(SECONDS) - 360) }],
    ['from six minutes ahead', { timestamp: String(Number(SECONDS) + 360) }],
    ['without a timestamp', { timestamp: '' }],
    ['with a timestamp that is none', { timestamp: 'now' }],
  ];
  test.each(stale)('answers 401 to a signature %s', async (_, change) => {
    const { post, state } = setUp();
    expect((await post(PATH, change)).status).toBe(401);
    expect(state()?.promotion?.phase).toBe('WaitingApproval');
  });

  test('answers for a Pipeline that was deleted meanwhile as for one that never was', async () => {
    const { post, outcomes, woken } = setUp(waiting(), { deleted: true });
    const response = await post();
    const unknown = await post('/approval/apps/nobody/staging/1.1.0');
    expect([response.status, unknown.status]).toEqual([401, 401]);
    expect(await response.text()).toBe(await unknown.text());
    expect(outcomes).toEqual(['deleted', 'unknown-pipeline']);
    expect(woken).toEqual([]);
  });

  test('answers 405 to other methods', async () => {
    const { app } = setUp();
    expect((await app.request(PATH, { method: 'GET' })).status).toBe(405);
  });
});
