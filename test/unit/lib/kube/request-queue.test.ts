import { afterEach, describe, expect, test } from 'bun:test';
import { shareSockets } from '../../../../src/cli/serve/sockets.ts';
import { type BulkheadLimits, createBulkhead } from '../../../../src/lib/async/bulkhead.ts';
import { createGarbageCollector } from '../../../../src/lib/async/index.ts';
import { createSlots } from '../../../../src/lib/async/slots.ts';
import { createByteRoom } from '../../../../src/lib/kube/client/byte-room.ts';
import { createRequestQueue } from '../../../../src/lib/kube/client/request-queue.ts';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { listAll } from '../../../../src/lib/kube/informer/list.ts';
import { kubeConfigTo } from '../../../cluster/lib/kube/support.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { createFakeSchedule } from '../../../fakes/schedule.ts';
import { waitUntil } from '../../../lab/wait.ts';

/** How the requests to all other clusters share what may be under way at once. */

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

type Fetch = (request: Request) => Response | Promise<Response>;

function setUp(
  limits: BulkheadLimits,
  lists: BulkheadLimits = { total: 9, namespace: 9, host: 1 },
  bytes = createByteRoom(),
) {
  const clock = createFakeSchedule();
  const room = {
    requests: createBulkhead(limits),
    lists: createBulkhead(lists),
    parses: createSlots(1),
    bytes,
    collector: createGarbageCollector(),
  };
  const open = (namespace: string, fetch: Fetch): KubeClient => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 30, fetch });
    const place = { namespace, host: `${namespace}/${server.port}` };
    const client = createKubeClient(kubeConfigTo(`http://127.0.0.1:${server.port}`, { name: 'u' }), {
      limits: {
        timeoutMs: 300,
        list: { pageSize: 10, pageBytes: 10_000, pageTimeoutMs: 2_000, maxPages: 5 },
      },
      queue: createRequestQueue({ room, place, clock }),
      clock,
    });
    ended.push(
      () => client.close(),
      () => void server.stop(true),
    );
    return client;
  };
  return { open, clock };
}

/** Hangs, and counts the requests that came. */
function hanging() {
  let count = 0;
  const hang: Fetch = ({ signal }) => {
    count += 1;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(new Response())));
  };
  return { hang, came: (wanted: number) => until(`${wanted} requests`, () => count === wanted) };
}

const until = (what: string, check: () => boolean) => waitUntil(what, check, { everyMs: 1, seconds: 4 });
const here: Fetch = () => Response.json({ is: 'here' });
const get = (client: KubeClient) => client.request({ method: 'GET', path: '/x' });
const list = (client: KubeClient) => {
  const { signal } = new AbortController();
  return failureOf(listAll(client, { path: '/x', signal, onPage: () => {} }));
};

describe('requests to other clusters', () => {
  test('are shared by namespace and by connection, whatever Bun makes at once', () => {
    expect(shareSockets({}).clusters).toEqual({ total: 32, namespace: 8, host: 4 });
    const image = { BUN_CONFIG_MAX_HTTP_REQUESTS: '1024' };
    expect(shareSockets(image).clusters).toEqual({ total: 128, namespace: 32, host: 8 });
    expect(shareSockets({ BUN_CONFIG_MAX_HTTP_REQUESTS: '1' }).clusters).toEqual({
      total: 1,
      namespace: 1,
      host: 1,
    });
  });

  test('and watches, and requests to forges, leave room for those to our own API server', () => {
    for (const all of [64, 128, 256, 1024]) {
      const { clusters, outbound, watches } = shareSockets({ BUN_CONFIG_MAX_HTTP_REQUESTS: String(all) });
      expect(clusters.total + outbound + watches).toBeLessThan(all * 0.8);
    }
    expect(shareSockets({}).watches).toBe(100);
  });

  test('of a namespace whose clusters all hang in lists leave room for other namespaces', async () => {
    const { open } = setUp({ total: 8, namespace: 2, host: 2 });
    const { hang, came } = hanging();
    const clients = Array.from({ length: 4 }, () => open('red', hang));
    const lists = clients.flatMap((client) => Array.from({ length: 8 }, () => list(client)));
    await came(2);
    expect(await get(open('blue', here))).toEqual({ is: 'here' });
    for (const client of clients) client.close();
    await Promise.all(lists);
  });

  test('are read while long lists of the same cluster are under way', async () => {
    const { open } = setUp({ total: 4, namespace: 4, host: 4 }, { total: 9, namespace: 9, host: 2 });
    const { hang, came } = hanging();
    const client = open('red', (request) => (request.url.includes('limit=') ? hang : here)(request));
    const lists = Array.from({ length: 8 }, () => list(client));
    await came(2);
    expect(await get(client)).toEqual({ is: 'here' });
    client.close();
    await Promise.all(lists);
  });

  test('that are lists are few at once, whatever clusters a namespace has', async () => {
    const { open } = setUp({ total: 64, namespace: 32, host: 8 }, shareSockets({}).lists);
    const answers: (() => void)[] = [];
    let [asked, now, most] = [0, 0, 0];
    const answer: Fetch = async () => {
      asked += 1;
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => answers.push(resolve));
      now -= 1;
      return Response.json({ metadata: { resourceVersion: '1' }, items: [] });
    };
    const lists = Array.from({ length: 12 }, () => open('red', answer)).flatMap((one) => [
      list(one),
      list(one),
    ]);
    const all = Promise.allSettled(lists);
    // The next one comes when one is over.
    for (let over = 0; over < lists.length; over += 1) {
      await until('the next list', () => asked === Math.min(over + 4, lists.length));
      answers[over]?.();
    }
    await all;
    expect(most).toBe(4);
  });

  test('have their large answers parsed one in a turn', async () => {
    const requests = createBulkhead({ total: 9, namespace: 9, host: 9 });
    const queue = createRequestQueue({
      room: {
        requests,
        lists: requests,
        parses: createSlots(1),
        bytes: createByteRoom(),
        collector: createGarbageCollector(),
      },
      place: { namespace: 'red', host: 'a' },
    });
    let turn = 0;
    const count = () => {
      turn += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const { signal } = new AbortController();
    const answers = [100_000, 100_000, 100_000, 10, 10].map((size) => new Uint8Array(size));
    const turns = await Promise.all(answers.map((bytes) => queue.parse(bytes, signal, () => turn)));
    clearImmediate(next);
    expect(new Set(turns.slice(0, 3)).size).toBe(3);
    expect(turns.slice(3)).toEqual([0, 0]);
  });

  test('have their time from when they are sent, not from when they began to wait', async () => {
    const { open, clock } = setUp({ total: 1, namespace: 1, host: 1 });
    const answers: (() => void)[] = [];
    const client = open('red', async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return Response.json({ is: 'here' });
    });
    const both = Promise.all([get(client), get(client)]);
    for (const index of [0, 1]) {
      await until('a request', () => answers.length > index);
      await clock.pass(0.2);
      answers[index]?.();
    }
    expect(await both).toEqual([{ is: 'here' }, { is: 'here' }]);
    expect(client.waited?.()).toBe(200);
  });

  test('that find no room in time were not sent, which is no fault of the cluster', async () => {
    const { open, clock } = setUp({ total: 1, namespace: 1, host: 1 });
    const { hang, came } = hanging();
    let asked = 0;
    const other = open('blue', () => {
      asked += 1;
      return here(new Request('http://x'));
    });
    const listing = list(open('red', hang));
    await came(1);
    const failure = failureOf(get(other));
    await clock.pass(0.3);
    const error = await failure;
    expect(error).toMatchObject({ code: 'ApiBusy', retry: 'backoff' });
    expect(error.message).toContain('in progress: this one was not sent within 300 ms');
    expect([asked, other.available()]).toEqual([0, true]);
    other.close();
    expect((await failureOf(get(other))).message).toContain('closed');
    await clock.pass(2);
    await listing;
  });
});

test('large answers are parsed a third of the time, however many come', async () => {
  const many = createBulkhead({ total: 9, namespace: 9, host: 9 });
  const { schedule, now, pass } = createFakeSchedule();
  let taken = 0;
  const clock = { schedule, now: () => now() + taken };
  const queue = createRequestQueue({
    room: {
      requests: many,
      lists: many,
      parses: createSlots(1),
      bytes: createByteRoom(),
      collector: createGarbageCollector(),
    },
    place: { namespace: 'a', host: 'a/1' },
    clock,
  });
  const { signal } = new AbortController();
  const began: number[] = [];
  const busy = () => {
    began.push(clock.now());
    taken += 10;
  };
  const all = Promise.all([1, 2, 3].map(() => queue.parse(new Uint8Array(100_000), signal, busy)));
  for (let rest = 0; rest < 40; rest += 5) {
    await until('the parser', () => began.length >= Math.floor(rest / 20) + 1);
    await pass(0.005);
  }
  await all;
  expect(began).toEqual([0, 30, 60]);
  await queue.parse(new Uint8Array(100), signal, () => undefined);
});

test('a large answer that finds no room in memory is asked for again, and its cluster is not away', async () => {
  const bytes = createByteRoom({ total: 100_000, namespace: 100_000 });
  const { open, clock } = setUp({ total: 9, namespace: 9, host: 9 }, undefined, bytes);
  const client = open('a', () => Response.json({ is: 'x'.repeat(100_000) }));
  const other = bytes.open('b');
  other.take(64 * 1024 + 90_000);
  expect(await failureOf(get(client))).toMatchObject({ code: 'ApiBusy' });
  expect(client.available()).toBe(true);
  other.release();
  for (const _ of [1, 2, 3, 4]) {
    expect(await get(client)).toMatchObject({ is: expect.any(String) });
    await clock.pass(0);
  }
});

test('what large answers leave behind is taken back before much more is parsed, and counts as theirs', async () => {
  const many = createBulkhead({ total: 9, namespace: 9, host: 9 });
  const steps: string[] = [];
  const collector = createGarbageCollector(() => steps.push('collected'));
  const queue = createRequestQueue({
    room: { requests: many, lists: many, parses: createSlots(1), bytes: createByteRoom(), collector },
    place: { namespace: 'a', host: 'a/1' },
  });
  const { signal } = new AbortController();
  const page = new Uint8Array(5 * 1024 * 1024);
  for (const name of ['one', 'two', 'three', 'four']) await queue.parse(page, signal, () => steps.push(name));
  for (let small = 0; small < 1000; small += 1) await queue.parse(new Uint8Array(60_000), signal, () => {});
  expect(steps).toEqual(['one', 'two', 'three', 'collected', 'four']);
});
