import { afterEach, describe, expect, test } from 'bun:test';
import { untilAborted } from '../../../../src/lib/async/abort.ts';
import { createSlots } from '../../../../src/lib/async/slots.ts';
import {
  createKubeClient,
  type KubeClient,
  type KubeClientDeps,
  type KubeLimits,
} from '../../../../src/lib/kube/client/transport.ts';
import { listAll } from '../../../../src/lib/kube/informer/list.ts';
import { kubeConfigTo } from '../../../cluster/lib/kube/support.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { createFakeSchedule } from '../../../fakes/schedule.ts';
import { waitUntil } from '../../../lab/wait.ts';

/** What another cluster's API server may take of us. */

const LIMITS: KubeLimits = {
  inFlight: 8,
  timeoutMs: 300,
  maxBytes: 1_000,
  list: { pageSize: 10, pageBytes: 10_000, pageTimeoutMs: 1_000, maxPages: 5 },
};

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

function clientOf(
  fetch: (request: Request) => Response | Promise<Response>,
  { limits, clock }: Pick<KubeClientDeps, 'limits' | 'clock'> = {},
): KubeClient {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 30, fetch });
  const client = createKubeClient(kubeConfigTo(`http://127.0.0.1:${server.port}`, { name: 'u' }), {
    ...(limits && { limits }),
    clock,
  });
  ended.push(
    () => client.close(),
    () => void server.stop(true),
  );
  return client;
}

describe('an API server that does not answer', () => {
  test('has so many requests at most, which are ended, and keeps nobody else waiting', async () => {
    let [open, most] = [0, 0];
    const clock = createFakeSchedule();
    const hanging = clientOf(
      async (request) => {
        open += 1;
        most = Math.max(most, open);
        const gone = Promise.withResolvers<void>();
        request.signal.addEventListener('abort', () => gone.resolve());
        await gone.promise;
        open -= 1;
        return new Response();
      },
      { limits: LIMITS, clock },
    );
    const own = clientOf(() => Response.json({ is: 'here' }));
    const reads = Array.from({ length: 500 }, () =>
      failureOf(hanging.request({ method: 'GET', path: '/x' })),
    );
    await waitUntil('so many requests', () => open === 8, { everyMs: 1 });
    expect(await own.request({ method: 'GET', path: '/lease', timeoutMs: 2_000 })).toEqual({ is: 'here' });
    expect([open, most]).toEqual([8, 8]);
    await clock.pass(0.3);
    const failures = await Promise.all(reads);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['ApiUnavailable']));
    await waitUntil('the end of all requests', () => open === 0, { everyMs: 1 });
  });
});

describe('a list', () => {
  const object = { metadata: { name: 'a', namespace: 'b', resourceVersion: '1' } };
  const page = (count: number, next: string, more = {}) =>
    Response.json({
      metadata: { resourceVersion: '1', continue: next },
      items: Array.from({ length: count }, () => ({ ...object, ...more })),
    });
  const listed = async (client: KubeClient) => {
    let objects = 0;
    const signal = new AbortController().signal;
    const onPage = (some: readonly unknown[]) => {
      objects += some.length;
    };
    await listAll(client, { path: '/x', signal, onPage });
    return objects;
  };

  test('of an API server within its limits is read to the end', async () => {
    let left = 5;
    expect(await listed(clientOf(() => page(10, --left > 0 ? 'more' : ''), { limits: LIMITS }))).toBe(50);
  });

  test.each([
    ['that has no end', () => page(10, 'more'), 'lists more than 50 objects'],
    ['whose pages are longer than asked for', () => page(11, ''), 'lists more than 10 objects'],
    ['whose page is too large', () => page(10, '', { data: 'x'.repeat(2_000) }), 'more than 10000 bytes'],
  ])('%s is refused', async (_, answer, sentence) => {
    const error = await failureOf(listed(clientOf(answer, { limits: LIMITS })));
    expect(error).toMatchObject({ code: 'ApiRefused', retry: 'never' });
    expect(error.message).toContain(sentence);
  });

  test('of our own API server is believed', async () => {
    let left = 20;
    expect(await listed(clientOf(() => page(600, --left > 0 ? 'more' : '')))).toBe(12_000);
  });
});

describe('slots', () => {
  test('go to those who wait in the order in which they came, and not to those who gave up', async () => {
    const slots = createSlots(1);
    const never = new AbortController().signal;
    const first = await slots.take(never);
    const impatient = new AbortController();
    const order: string[] = [];
    const second = slots.take(impatient.signal).then(
      () => order.push('second'),
      () => order.push('gave up'),
    );
    const third = slots.take(never).then((giveBack) => {
      order.push('third');
      giveBack();
    });
    impatient.abort(new Error('too late'));
    await second;
    first();
    first();
    await third;
    const [fourth] = await Promise.all([slots.take(never)]);
    expect(order).toEqual(['gave up', 'third']);
    fourth();
    await expect(slots.take(AbortSignal.abort(new Error('at once')))).rejects.toThrow('at once');
  });

  test('are not lost to those who give up with the one that gives back', async () => {
    const slots = createSlots(1);
    const ended = new AbortController();
    const work = async () => {
      const giveBack = await slots.take(ended.signal);
      try {
        await untilAborted(new Promise(() => undefined), ended.signal);
      } finally {
        giveBack();
      }
    };
    const first = work();
    await Promise.resolve();
    const second = work();
    ended.abort(new Error('all of them end'));
    await Promise.allSettled([first, second]);
    const next = slots.take(AbortSignal.timeout(1_000));
    expect(typeof (await next)).toBe('function');
  });

  test('go to each key in turn, however many wait for one of them', async () => {
    const slots = createSlots(1);
    const never = new AbortController().signal;
    const order: string[] = [];
    const giveBack = await slots.take(never, 'many');
    const wait = (name: string, key: string) =>
      slots.take(never, key).then((done) => {
        order.push(name);
        done();
      });
    const waits = [wait('1', 'many'), wait('2', 'many'), wait('3', 'many'), wait('one', 'few')];
    giveBack();
    await Promise.all(waits);
    expect(order).toEqual(['1', 'one', '2', '3']);
  });
});
