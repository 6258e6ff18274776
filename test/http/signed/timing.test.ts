import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { Environment, PipelineSpec } from '../../../src/api/pipeline.ts';
import { createIntake } from '../../../src/http/server/intake.ts';
import { createRateLimiter } from '../../../src/http/signed/rate.ts';
import { createRechecks } from '../../../src/http/signed/rechecks.ts';
import { createRejectionLog } from '../../../src/http/signed/rejection-log.ts';
import type { SecretRead } from '../../../src/http/signed/secrets.ts';
import { createSignedApp } from '../../../src/http/signed-app.ts';
import { timeReads } from '../../../src/observe/secrets/read-times.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { PROOFS } from '../../../src/observe/secrets/secret-keys.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { event, NOW, pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

/**
 * A caller without a key must learn nothing from how long a refusal takes: real time is the subject here. The API server
 * answers in three to four milliseconds.
 */

const KEY = 'an hmac key of more than 32 bytes, really';
const NEXT = 'the key after that one, also long enough';
/** Of the second check, in the place of a second. */
const INTERVAL_MS = 20;
const ROUNDS = 35;

interface Options {
  readonly intervalMs?: number;
  /** Second checks of all in each interval. */
  readonly rechecks?: number;
  /** Default: the Secret is at hand nearly always. */
  readonly ttlSeconds?: number;
  readonly spec?: Partial<PipelineSpec>;
}

function setUp({ intervalMs = INTERVAL_MS, rechecks = 1_000, ttlSeconds = 10, spec }: Options = {}) {
  const store = createFakeStore();
  store.put(pipeline(spec));
  const { log } = createFakeLog();
  const secret = { key: KEY, version: 1, reads: 0 };
  const clock = () => performance.now();
  const api = {
    async read() {
      await Bun.sleep(3 + Math.round(Math.random()));
      secret.reads += 1;
      const values = new Map([
        ['hmac-key', Buffer.from(secret.key)],
        ['webhook-secret', Buffer.from(secret.key)],
      ]);
      return { values, version: String(secret.version) };
    },
  };
  const timed = timeReads(api, clock);
  const cache = createSecretCache(timed.secrets, {
    keep: PROOFS,
    ttlSeconds,
    minRefreshSeconds: (intervalMs - 2) / 1000,
    now: () => new Date(),
  });
  const app = createSignedApp({
    intake: createIntake(),
    rechecks: createRechecks<readonly SecretRead[]>({
      now: clock,
      sleep: Bun.sleep,
      random: Math.random,
      reads: timed.recent,
      limits: { intervalMs, source: rechecks, total: rechecks },
    }),
    find: store.get,
    readSecret: cache.read,
    available: () => true,
    limiter: createRateLimiter({ limit: 1_000_000, intervalSeconds: 30 }, clock),
    rejected: createRejectionLog(log, clock),
    onOutcome: () => {},
    onSeconds: () => {},
    log,
    now: () => NOW,
    allowUnsigned: false,
    record: createRecordStatus(store),
    wake: () => {},
    pullRequest: async () => undefined,
  });
  async function post(path: string, key: string, body = JSON.stringify(event())) {
    const digest = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    const headers = { 'x-signature': digest, 'x-hub-signature-256': digest };
    const started = performance.now();
    const timestamps = { 'x-signature-timestamp': String(NOW.getTime() / 1000) };
    const init = { method: 'POST', body, headers: { ...headers, ...timestamps } };
    const response = await app.request(path, init, { source: '10.0.0.1' });
    return { status: response.status, ms: performance.now() - started };
  }
  return { post, secret };
}

/** dev and five others, each with a Secret of its own for its forge. */
function withForgeSecrets(): Partial<PipelineSpec> {
  const [dev] = pipeline().spec.environments;
  if (!dev) throw new Error('an environment is needed');
  const others = [1, 2, 3, 4, 5].map((number): Environment => {
    const secretRef = { name: `forge-${number}` };
    const settings = { url: 'https://git.example.com/acme/fleet', baseBranch: 'main', secretRef };
    const promotion = { strategy: { 'pull-request': { type: 'gitea' as const, ...settings } } };
    return { name: `env-${number}`, targets: [{ namespace: `env-${number}` }], promotion };
  });
  return { environments: [dev, ...others] };
}

type Post = ReturnType<typeof setUp>['post'];

/** Of a Pipeline that is there, and of one that is not. */
const NAMES = ['app', 'nobody'] as const;
const WRONG = 'a wrong key, as long as the others';

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}

type PathTo = (name: string) => string;

interface Expected {
  readonly status?: number;
  readonly body?: string;
}

/** How long refusals take for a Pipeline that is there, and by which part those for one that is not differ. */
async function compare(post: Post, pathTo: PathTo, { status = 401, body = '{}' }: Expected = {}) {
  const times: Record<(typeof NAMES)[number], number[]> = { app: [], nobody: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      const answer = await post(pathTo(name), WRONG, body);
      expect(answer.status).toBe(status);
      if (round > 5) times[name].push(answer.ms);
    }
    await Bun.sleep(INTERVAL_MS);
  }
  const [known, unknown] = [median(times.app), median(times.nobody)];
  return { known, difference: Math.abs(known - unknown) / Math.max(known, unknown) };
}

/** A busy machine makes times differ now and then, and what tells Pipelines apart each time. */
async function expectSame(...args: Parameters<typeof compare>): Promise<number> {
  let seen = await compare(...args);
  for (let again = 0; again < 2 && seen.difference >= 0.2; again += 1) seen = await compare(...args);
  expect(seen.difference).toBeLessThan(0.2);
  return seen.known;
}

describe('the time of a refusal', () => {
  const paths = {
    events: (name: string) => `/promotion/apps/${name}/dev`,
    approvals: (name: string) => `/approval/apps/${name}/staging/1.1.0`,
    forges: (name: string) => `/forge/gitea/apps/${name}`,
  };
  const ways: [way: string, options: Options, expected: Expected][] = [
    ['', {}, {}],
    [', when too many are checked already', { rechecks: 0 }, { status: 503 }],
    [', when too many are checked and no Secret is known', { rechecks: 0, ttlSeconds: 0 }, { status: 503 }],
    [', when no Secret is known', { ttlSeconds: 0 }, {}],
  ];
  // Approvals go the way of events.
  const cases = ways.flatMap(([way, options, expected]) =>
    Object.entries(paths)
      .filter(([kind]) => way === '' || kind !== 'approvals')
      .map(([kind, pathTo]) => [`${kind}${way}`, pathTo, options, expected] as const),
  );
  test.each(cases)(
    'does not tell which Pipelines there are: %s',
    async (_, pathTo, options, expected) => {
      expect(await expectSame(setUp(options).post, pathTo, expected)).toBeGreaterThan(2.5);
    },
    30_000,
  );

  test.each([[{}], [{ ttlSeconds: 0 }]])(
    'does not tell by the time that the signature of a large body takes: %p',
    async (options) => {
      await expectSame(setUp(options).post, paths.approvals, { body: ' '.repeat(3_000_000) });
    },
    30_000,
  );

  test.each([[{}], [{ intervalMs: 60_000 }]])(
    'does not tell of a Pipeline with several Secrets for its forge: %p',
    async (options) => {
      const { post } = setUp({ ...options, spec: withForgeSecrets() });
      const body = ' '.repeat(1_000_000);
      await expectSame(post, paths.forges, { body });
    },
    30_000,
  );

  test('is that of one key or two over a large body, be they there or not', async () => {
    const { post } = setUp({ intervalMs: 60_000 });
    const body = ' '.repeat(2_000_000);
    const least = { app: Number.POSITIVE_INFINITY, nobody: Number.POSITIVE_INFINITY };
    for (const name of NAMES) await post(`/promotion/apps/${name}/dev`, WRONG, body);
    // Checked a second time a moment ago: nobody waits, and the keys alone take time.
    const measure = async (name: (typeof NAMES)[number]) => {
      const cpu = process.cpuUsage();
      expect((await post(`/promotion/apps/${name}/dev`, WRONG, body)).status).toBe(401);
      const { user, system } = process.cpuUsage(cpu);
      least[name] = Math.min(least[name], user + system);
    };
    const difference = () => Math.abs(least.app - least.nobody) / Math.max(least.app, least.nobody);
    // The more samples, the less a busy machine adds to the least of them; a key that is left out stays left out.
    for (let round = 0; round < 30 || (round < 300 && difference() >= 0.2); round += 1) {
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) await measure(name);
    }
    expect(difference()).toBeLessThan(0.2);
  }, 60_000);
});

describe('a key that was changed a moment ago', () => {
  test('works at the first delivery, and at those that come with it', async () => {
    const { post, secret } = setUp();
    expect((await post('/promotion/apps/app/dev', KEY)).status).toBe(202);
    await Bun.sleep(INTERVAL_MS);
    secret.key = NEXT;
    secret.version += 1;
    const all = await Promise.all([1, 2, 3].map(() => post('/promotion/apps/app/dev', NEXT)));
    expect(all.map(({ status }) => status)).not.toContain(401);
    expect(secret.reads).toBe(2);
  });

  test('is looked for once in a while, however many ask', async () => {
    const { post, secret } = setUp();
    for (let round = 0; round < 50; round += 1) await post('/promotion/apps/app/dev', 'wrong');
    expect(secret.reads).toBeLessThan(20);
  });
});
