import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createSecretCache } from '../../../src/observe/secrets/secret-cache.ts';
import { PROOFS, RULED, type Selection } from '../../../src/observe/secrets/secret-keys.ts';
import type { StoredSecret } from '../../../src/observe/secrets/secrets.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';

type Answer = string | undefined | TurnpikeError;

/** A cache over Secrets that each answer with one value, and a clock that goes by hand. */
function setUp(answers: Record<string, Answer>, maxEntries?: number) {
  let seconds = 1000;
  const reads: string[] = [];
  const cache = createSecretCache(
    {
      async read(namespace, name): Promise<StoredSecret | undefined> {
        reads.push(`${namespace}/${name}`);
        const answer = answers[name];
        if (answer instanceof Error) throw answer;
        return answer === undefined
          ? undefined
          : { values: new Map([['hmac-key', new TextEncoder().encode(answer)]]) };
      },
    },
    {
      keep: PROOFS,
      ttlSeconds: 10,
      minRefreshSeconds: 1,
      now: () => new Date(seconds * 1000),
      ...(maxEntries && { maxEntries }),
    },
  );
  async function read(name: string, fresh = false): Promise<string | undefined> {
    const secret = await cache.read('dev', name, { fresh });
    return secret && new TextDecoder().decode(secret.values.get('hmac-key'));
  }
  return { answers, reads, read, cache, pass: (by: number) => (seconds += by) };
}

const AWAY = new TurnpikeError('ApiUnavailable', 'away');
const FORBIDDEN = new TurnpikeError('ApiForbidden', 'forbidden');

describe('the cache of Secrets', () => {
  test('reads a Secret once in ten seconds', async () => {
    const { read, reads, pass, answers } = setUp({ a: 'one' });
    expect(await read('a')).toBe('one');
    answers.a = 'two';
    pass(9.9);
    expect(await read('a')).toBe('one');
    pass(0.2);
    expect(await read('a')).toBe('two');
    expect(reads).toEqual(['dev/a', 'dev/a']);
  });

  test('looks past the cache when asked to, but not twice in a second', async () => {
    const { read, reads, pass, answers } = setUp({ a: 'one' });
    await read('a');
    answers.a = 'two';
    expect(await read('a', true)).toBe('one');
    pass(1);
    expect(await read('a', true)).toBe('two');
    expect(await read('a', true)).toBe('two');
    expect(reads).toHaveLength(2);
  });

  test('gives all who ask at once the same answer to one read', async () => {
    const { cache, reads } = setUp({ a: 'one' });
    const all = await Promise.all([1, 2, 3].map(() => cache.read('dev', 'a')));
    expect(new Set(all).size).toBe(1);
    expect(reads).toHaveLength(1);
  });

  test('remembers for two seconds that there is no such Secret', async () => {
    const { read, reads, pass, answers } = setUp({});
    expect(await read('a')).toBeUndefined();
    answers.a = 'new';
    pass(1.9);
    expect(await read('a')).toBeUndefined();
    pass(0.1);
    expect(await read('a')).toBe('new');
    expect(reads).toHaveLength(2);
  });

  test('finds one that is there by now when it is asked to look past the cache', async () => {
    const { read, pass, answers } = setUp({});
    await read('a');
    answers.a = 'new';
    pass(1);
    expect(await read('a', true)).toBe('new');
  });

  test('reads one that is not there no more in the second in which none is read once more', async () => {
    const { read, cache, pass } = setUp({});
    await read('a');
    pass(0.9);
    await read('a', true);
    pass(0.9);
    expect(cache.read('dev', 'a')).not.toBeInstanceOf(Promise);
  });

  test('serves what it knew while the API server is away, and asks once a second', async () => {
    const { read, reads, pass, answers } = setUp({ a: 'one' });
    await read('a');
    answers.a = AWAY;
    pass(300);
    expect(await read('a')).toBe('one');
    expect(await read('a')).toBe('one');
    expect(reads).toHaveLength(2);
    answers.a = 'two';
    pass(1);
    expect(await read('a')).toBe('two');
  });

  test('gives nobody a value that was read ten minutes ago, however often it was asked for meanwhile', async () => {
    const { read, pass, answers } = setUp({ a: 'one' });
    await read('a');
    answers.a = AWAY;
    pass(300);
    expect(await read('a')).toBe('one');
    pass(299);
    expect(await read('a')).toBe('one');
    pass(1);
    await expect(read('a')).rejects.toBe(AWAY);
  });

  test('passes on why a Secret cannot be read when it knows none', async () => {
    const { read, reads } = setUp({ a: AWAY });
    await expect(read('a')).rejects.toBe(AWAY);
    await expect(read('a')).rejects.toBe(AWAY);
    expect(reads).toHaveLength(1);
  });

  test('gives nothing any more once the right to read is gone', async () => {
    const { read, pass, answers } = setUp({ a: 'one' });
    await read('a');
    answers.a = FORBIDDEN;
    pass(10);
    await expect(read('a')).rejects.toBe(FORBIDDEN);
  });

  test('gives an old value to those who come while it is read again, if it may be that old', async () => {
    const first = Promise.withResolvers<StoredSecret>();
    const secret = (text: string) => ({ values: new Map([['hmac-key', new TextEncoder().encode(text)]]) });
    const answers = [Promise.resolve(secret('old')), first.promise];
    let milliseconds = 0;
    const cache = createSecretCache(
      { read: () => answers.shift() ?? Promise.reject(new Error('read too often')) },
      {
        keep: PROOFS,
        ttlSeconds: 0.1,
        staleSeconds: 0.5,
        minRefreshSeconds: 0,
        now: () => new Date(milliseconds),
      },
    );
    const old = await cache.read('dev', 'a');
    milliseconds = 200;
    const waiting = cache.read('dev', 'a');
    expect(cache.read('dev', 'a')).toBe(old);
    milliseconds = 700;
    const late = cache.read('dev', 'a');
    first.resolve(secret('new'));
    expect(await waiting).toEqual(secret('new'));
    expect(await late).toEqual(secret('new'));
  });

  test('holds so many Secrets and no more, the oldest go first', async () => {
    const { read, reads } = setUp({ a: '1', b: '2', c: '3' }, 2);
    for (const name of ['a', 'b', 'c', 'b', 'c', 'a']) await read(name);
    expect(reads).toEqual(['dev/a', 'dev/b', 'dev/c', 'dev/a']);
  });

  test('forgets what nobody asks for', async () => {
    const clock = createFakeSchedule();
    let seconds = 0;
    const cache = createSecretCache(
      { read: async () => ({ values: new Map([['hmac-key', new Uint8Array(40)]]) }) },
      {
        keep: PROOFS,
        ttlSeconds: 10,
        minRefreshSeconds: 1,
        keepSeconds: 60,
        now: () => new Date(seconds * 1000),
        schedule: clock.schedule,
      },
    );
    await cache.read('dev', 'a');
    seconds = 30;
    await clock.pass(30);
    await cache.read('dev', 'b');
    seconds = 60;
    await clock.pass(30);
    expect(clock.pending()).toBe(1);
    seconds = 120;
    await clock.pass(60);
    // It looks again only while there is something left.
    expect(clock.pending()).toBe(0);
  });

  test('holds so many bytes and no more, the oldest go first', async () => {
    const reads: string[] = [];
    const cache = createSecretCache(
      {
        async read(_, name) {
          reads.push(name);
          return { values: new Map([['hmac-key', new Uint8Array(400)]]) };
        },
      },
      { keep: PROOFS, ttlSeconds: 10, minRefreshSeconds: 1, now: () => new Date(0), maxBytes: 1000 },
    );
    for (const name of ['a', 'b', 'b', 'c', 'b', 'c', 'a']) await cache.read('dev', name);
    expect(reads).toEqual(['a', 'b', 'c', 'a']);
  });

  const megabyte = () => new Uint8Array(1_000_000);
  const kept: [string, Selection, string[]][] = [
    [
      'webhooks: keys that prove something, of some length',
      PROOFS,
      ['hmac-key', 'approval-key', 'webhook-secret'],
    ],
    [
      'admission: what the rules look at',
      RULED,
      ['hmac-key', 'approval-key', 'webhook-secret', 'token', 'value'],
    ],
  ];

  test.each(kept)('keeps next to nothing of a large Secret for %s', async (_, keep, names) => {
    const values = new Map([
      ['hmac-key', new Uint8Array(32)],
      ['approval-key', new Uint8Array(32)],
      ['webhook-secret', new Uint8Array(20_000)],
      ['token', new Uint8Array(40)],
      ['value', new Uint8Array(4000)],
      ['release', megabyte()],
      ['constructor', megabyte()],
    ]);
    const cache = createSecretCache(
      { read: async () => ({ values, allowedHosts: ['github.com'], version: '7' }) },
      { keep, ttlSeconds: 10, minRefreshSeconds: 1, now: () => new Date(0) },
    );
    const secret = await cache.read('dev', 'sh.helm.release.v1.app.v1');
    expect([...(secret?.values.keys() ?? [])].sort()).toEqual(names.sort());
    const bytes = [...(secret?.values.values() ?? [])].reduce((sum, value) => sum + value.length, 0);
    expect(bytes).toBeLessThan(25_000);
    expect(secret?.version).toBe('7');
    expect(secret?.allowedHosts).toEqual(keep.hosts ? ['github.com'] : undefined);
  });

  test('knows of a key for approvals that is too long, so that none for events stands in for it', async () => {
    const values = new Map([
      ['hmac-key', new Uint8Array(32)],
      ['approval-key', new Uint8Array(20_000)],
    ]);
    const cache = createSecretCache(
      { read: async () => ({ values }) },
      { keep: PROOFS, ttlSeconds: 10, minRefreshSeconds: 1, now: () => new Date(0) },
    );
    const secret = await cache.read('dev', 'events');
    expect(secret?.values.get('approval-key')).toEqual(new Uint8Array());
  });
});
