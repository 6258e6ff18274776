import { beforeEach, describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { createMetricsReaders } from '../../../../src/lib/kube/access/metrics-readers.ts';
import type { KubeClient, KubeRequest } from '../../../../src/lib/kube/client/transport.ts';
import { createFakeLog } from '../../../fakes/log.ts';

interface Account {
  readonly user?: object;
  readonly access?: object;
}

const PROMETHEUS = {
  username: 'system:serviceaccount:monitoring:prometheus',
  uid: 'u1',
  groups: ['system:serviceaccounts'],
  extra: { 'example.com/a': ['b'] },
};
const ACCOUNTS: Readonly<Record<string, Account>> = {
  prometheus: { user: PROMETHEUS, access: { allowed: true } },
  tenant: { user: { username: 'tenant' }, access: { allowed: false } },
  denied: { user: { username: 'denied' }, access: { allowed: true, denied: true } },
  nameless: { user: {}, access: { allowed: true } },
};

/** An API server that knows these accounts by tokens of their own names. */
function createReaders() {
  const asked: KubeRequest[] = [];
  const { log, lines } = createFakeLog();
  const state = { now: 0, away: false, hold: Promise.resolve() };
  const client = {
    async request(request: KubeRequest) {
      asked.push(request);
      await state.hold;
      if (state.away) throw new TurnpikeError('ApiUnavailable', 'The API server is away.');
      const { spec } = request.body as { spec: { token?: string; user?: string } };
      if (spec.token !== undefined) {
        const user = ACCOUNTS[spec.token]?.user;
        return { status: user ? { authenticated: true, user } : { error: 'invalid bearer token' } };
      }
      const account = Object.values(ACCOUNTS).find(
        ({ user }) => (user as { username?: string } | undefined)?.username === spec.user,
      );
      return { status: account?.access };
    },
  } as unknown as KubeClient;
  const authorize = createMetricsReaders(client, { log, elapsed: () => state.now });
  return { authorize, asked, lines, state };
}

let readers: ReturnType<typeof createReaders>;

beforeEach(() => {
  readers = createReaders();
});

describe('who reads /metrics', () => {
  test.each([
    ['prometheus', 'allowed'],
    ['tenant', 'forbidden'],
    ['denied', 'forbidden'],
    ['invented', 'unauthenticated'],
  ] as const)('%s is %s', async (token, verdict) => {
    expect(await readers.authorize(token)).toBe(verdict);
  });

  test('is asked for with all that the token says of its user', async () => {
    await readers.authorize('prometheus');
    const { username, ...rest } = PROMETHEUS;
    expect(readers.asked.map(({ method, path, body }) => [method, path, body])).toMatchObject([
      ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'prometheus' } }],
      [
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        { spec: { user: username, ...rest, nonResourceAttributes: { path: '/metrics', verb: 'get' } } },
      ],
    ]);
  });

  test('is an error where the answer names nobody, or none comes', async () => {
    await expect(readers.authorize('nameless')).rejects.toThrow();
    readers.state.away = true;
    await expect(readers.authorize('prometheus')).rejects.toThrow('The API server is away.');
  });

  test.each([
    ['prometheus', 59_999, 60_000, 2],
    ['tenant', 9_999, 10_000, 2],
    ['invented', 9_999, 10_000, 1],
  ])('%s: is kept for %d ms, and asked for again after %d ms', async (token, kept, over, requests) => {
    await readers.authorize(token);
    readers.state.now = kept;
    await readers.authorize(token);
    expect(readers.asked.length).toBe(requests);
    readers.state.now = over;
    await readers.authorize(token);
    expect(readers.asked.length).toBe(2 * requests);
  });

  test('that was allowed is refused once the right was taken away and the minute is over', async () => {
    await readers.authorize('prometheus');
    readers.state.now = 60_000;
    readers.state.away = true;
    await expect(readers.authorize('prometheus')).rejects.toThrow();
  });

  test('is asked for once, however many come with the same token at once', async () => {
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => readers.authorize('prometheus')));
    expect(new Set(verdicts)).toEqual(new Set(['allowed']));
    expect(readers.asked.length).toBe(2);
  });

  test('goes on reading while other callers invent tokens, and is not driven out by them', async () => {
    await readers.authorize('prometheus');
    for (let index = 0; index < 2000; index += 1) await readers.authorize(`invented-${index}`);
    const before = readers.asked.length;
    expect(await readers.authorize('prometheus')).toBe('allowed');
    expect(readers.asked.length).toBe(before);

    const { promise, resolve } = Promise.withResolvers<void>();
    readers.state.now = 60_000;
    readers.state.hold = promise;
    const flood = Array.from({ length: 100 }, (_, index) => readers.authorize(`flood-${index}`));
    const settled = Promise.allSettled(flood);
    const known = readers.authorize('prometheus');
    expect(readers.asked.length - before).toBe(9);
    resolve();
    expect(await known).toBe('allowed');
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(92);
  });

  test('leaves no token in the log, and one line a minute', async () => {
    readers.state.away = true;
    for (let index = 0; index < 20; index += 1) await readers.authorize('prometheus').catch(() => undefined);
    expect(readers.lines.length).toBe(1);
    expect(readers.lines[0]).toContain('The API server is away.');
    expect(readers.lines[0]).not.toContain('prometheus');
  });
});
