import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Waiting } from '../../../src/lib/async/attempt-time.ts';
import { createSlots, type Slots } from '../../../src/lib/async/slots.ts';
import { createTurns } from '../../../src/lib/async/turn.ts';
import { fetchCommits } from '../../../src/lib/git/fetch-pack.ts';
import { COMMIT } from '../../../src/lib/git/pack/pack-file.ts';
import { FLUSH_PKT, pktLine } from '../../../src/lib/git/protocol/pktline.ts';
import { createShared, openRepository, type Shared } from '../../../src/lib/git/repository.ts';
import { createRepositoryStore, type RepositoryStore } from '../../../src/lib/git/store.ts';
import type { Transport } from '../../../src/lib/git/transport.ts';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { createEditBudget } from '../../../src/promote/branch/edit/budget.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { settled } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';
import { blobEntry, entryHead, madePack } from '../stage/made-pack.ts';

/** What is large or heavy takes turns here, which take none of the time of those who wait. */

const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;
const URL = 'https://git.example/acme/fleet';

let directory: string;
let store: RepositoryStore;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-own-turns-'));
  const { log } = createFakeLog();
  store = createRepositoryStore({
    directory: join(directory, 'store'),
    maxBytes: MIB,
    maxPackBytes: MIB,
    log,
  });
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

/** Says what waits, and how often. */
function clock() {
  let [under, count] = [0, 0];
  const waiting: Waiting = async (turn) => {
    under += 1;
    count += 1;
    try {
      return await turn;
    } finally {
      under -= 1;
    }
  };
  return { waiting, isWaiting: () => under > 0, count: () => count };
}

/** Counts who asks for a turn at large packs. */
function countedScans() {
  const scans = createSlots(1);
  let asked = 0;
  const take: Slots['take'] = (...asking) => {
    asked += 1;
    return scans.take(...asking);
  };
  const shared: Shared = { ...createShared(), scans: { take } };
  const areWaiting = (count: number) => waitUntil('their turn', () => asked === count, { everyMs: 1 });
  return { shared, take, areWaiting };
}

/** A server with a pack. */
function transportWith(pack: Buffer, waiting?: Waiting, tenant?: string): Transport {
  const answer = [pktLine('NAK\n'), pktLine(Buffer.concat([Buffer.from([1]), pack])), FLUSH_PKT];
  return {
    remote: { name: URL, credentials: {} },
    signal: NEVER,
    ...(waiting && { waiting }),
    tenant,
    advertisement: () => Promise.reject(new Error('it was said before')),
    push: () => Promise.reject(new Error('nothing is pushed')),
    download: async (_, take) => take(Buffer.concat(answer)),
    close() {},
  };
}

/** Of so many blobs of 2 MiB, each of which is nearly nothing when it is compressed. */
function packOf(blobs: number): Buffer {
  const blob = blobEntry(Buffer.alloc(2 * MIB));
  return madePack(Array.from({ length: blobs }, () => blob));
}

async function fetchBeside(shared: Shared, blobs: number) {
  const pack = packOf(blobs);
  const repository = await openRepository(join(directory, crypto.randomUUID()), 64 * MIB, shared);
  const { waiting, isWaiting } = clock();
  const fetched = fetchCommits(repository, transportWith(pack, waiting), Buffer.from('a request'));
  return { fetched, isWaiting };
}

describe('a pack of some kilobytes', () => {
  test('that becomes large waits until no other large one is read, and no time of its attempt passes', async () => {
    const { shared, take, areWaiting } = countedScans();
    const giveBack = await take(NEVER);
    const { fetched, isWaiting } = await fetchBeside(shared, 6);
    await areWaiting(2);
    await settled();
    expect(isWaiting()).toBe(true);
    giveBack();
    await fetched;
    // It is over with its turn, too.
    (await shared.scans.take(AbortSignal.timeout(1_000)))();
  });

  test('that stays small waits for none', async () => {
    const shared = createShared();
    await shared.scans.take(NEVER);
    const { fetched } = await fetchBeside(shared, 3);
    await fetched;
  });
});

describe('tenants take turns, however much one of them has to do', () => {
  test('with large packs', async () => {
    const { shared, take, areWaiting } = countedScans();
    const giveBack = await take(NEVER);
    const over: string[] = [];
    async function fetchAs(tenant: string): Promise<void> {
      const repository = await openRepository(join(directory, crypto.randomUUID()), 64 * MIB, shared);
      const transport = transportWith(packOf(6), undefined, tenant);
      await fetchCommits(repository, transport, Buffer.from('a request'));
      over.push(tenant);
    }
    const first = ['a', 'a', 'a'].map(fetchAs);
    await areWaiting(4);
    const last = fetchAs('b');
    await areWaiting(5);
    giveBack();
    await Promise.all([...first, last]);
    expect(over.indexOf('b')).toBeLessThanOrEqual(1);
  });

  test('with large files', async () => {
    const parses = createSlots(1);
    const giveBack = await parses.take(NEVER);
    const over: string[] = [];
    const parsing = ['a', 'a', 'a', 'b'].map(async (namespace) => {
      const done = await createEditBudget({ parses, namespace }).parse();
      over.push(namespace);
      done();
    });
    giveBack();
    await Promise.all(parsing);
    expect(over).toEqual(['a', 'b', 'a', 'a']);
  });
});

test('the commits of a branch are in memory up to 2 MiB: many attempts look at one at once', async () => {
  const repository = await openRepository(join(directory, crypto.randomUUID()), 64 * MIB);
  const commit = (size: number) => Buffer.concat([entryHead(COMMIT, size), deflateSync(Buffer.alloc(size))]);
  const fetch = (sizes: readonly number[]) =>
    fetchCommits(repository, transportWith(madePack(sizes.map(commit))), Buffer.from('a request'));
  expect((await fetch([MIB, MIB - 1])).commits.size).toBe(2);
  expect(await failureOf(fetch([MIB, MIB - 1, 2]))).toMatchObject({ code: 'GitTooLarge', retry: 'never' });
});

describe('the time of an attempt stands still', () => {
  test('while others have the copy of its repository', async () => {
    const { waiting, isWaiting } = clock();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const inUse = store.use(URL, () => first.promise);
    let isBegun = false;
    const work = () => {
      isBegun = true;
      return second.promise;
    };
    const next = store.use(URL, work, { waiting });
    await waitUntil('the wait', isWaiting, { everyMs: 1 });
    expect(isBegun).toBe(false);
    first.resolve();
    await inUse;
    await waitUntil('the work', () => isBegun, { everyMs: 1 });
    expect(isWaiting()).toBe(false);
    second.resolve();
    await next;
  });

  test('while another large file is parsed, and between the steps of its own', async () => {
    const { waiting, isWaiting, count } = clock();
    const parses = createSlots(1);
    const giveBack = await parses.take(NEVER);
    const budget = createEditBudget({ parses, waiting });
    const parsing = budget.parse();
    await settled();
    expect(isWaiting()).toBe(true);
    giveBack();
    (await parsing)();
    const before = count();
    await budget.turn();
    expect(count()).toBe(before + 1);
  });

  test('while a request waits for room among our own, for which its host is not to blame', async () => {
    const letGo = Promise.withResolvers<void>();
    let requests = 0;
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch() {
        requests += 1;
        if (requests === 1) await letGo.promise;
        return new Response('here');
      },
    });
    const { waiting, isWaiting } = clock();
    const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1'] }, { atOnce: 1 });
    const url = server.url.href;
    const first = outbound.send({ url });
    await waitUntil('the first request', () => requests === 1, { everyMs: 1 });
    const second = outbound.send({ url, timeoutMs: 60, waiting });
    await Bun.sleep(100);
    expect([isWaiting(), requests]).toEqual([true, 1]);
    letGo.resolve();
    await first;
    expect((await second).status).toBe(200);
    await server.stop(true);
  });

  test('while heavy work rests', async () => {
    const rest = Promise.withResolvers<void>();
    let at = 0;
    const turns = createTurns({ now: () => at, rest: () => rest.promise, collect: () => undefined });
    const { waiting, isWaiting } = clock();
    const turn = turns.job(waiting);
    const steps = (async () => {
      for (let step = 0; step < 4; step += 1) {
        await turn();
        at += 100;
      }
    })();
    await settled();
    expect(isWaiting()).toBe(true);
    rest.resolve();
    await steps;
    expect(isWaiting()).toBe(false);
  });
});

test('who gives up while others have the copy leaves at once, and nothing is done for them', async () => {
  const letGo = Promise.withResolvers<void>();
  const inUse = store.use(URL, () => letGo.promise);
  const ended = new AbortController();
  let isDone = false;
  const next = store.use(
    URL,
    async () => {
      isDone = true;
    },
    { signal: ended.signal },
  );
  ended.abort(new Error('given up'));
  await expect(next).rejects.toThrow('given up');
  letGo.resolve();
  await inUse;
  await store.use(URL, async () => undefined);
  expect(isDone).toBe(false);
});
