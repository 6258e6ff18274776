import { afterAll, describe, expect, spyOn, test } from 'bun:test';
import { connect } from 'node:net';
import { parseAddress } from '../../../src/http/server/bind.ts';
import { createPump } from '../../../src/http/server/pump.ts';
import { type Server, startServer } from '../../../src/http/server/server.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';

const LIMITS = { piece: 10, restMs: 2 };

/** Another turn of the event loop, not by `setImmediate`, which one test counts. */
const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

describe('what is passed on at once', () => {
  test('is bounded for a connection, and for all', async () => {
    const { schedule, pass } = createFakeSchedule();
    const pump = createPump({ ...LIMITS, turn: 25 }, schedule).of('a');
    expect([pump.take(100), pump.take(8), pump.take(100), pump.take(1)]).toEqual([10, 8, 7, 0]);
    await pass(0.001);
    expect(pump.take(100)).toBe(0);
    await pass(0.001);
    expect(pump.take(100)).toBe(10);
  });

  test('has a rest once a turn is used up', async () => {
    const { schedule, pass } = createFakeSchedule();
    const pump = createPump({ turn: 10, piece: 10, restMs: 60_000 }, schedule).of('a');
    let isCalled = false;
    pump.take(10);
    pump.later(() => {
      isCalled = true;
    });
    await pass(59);
    expect(isCalled).toBe(false);
  });

  test('takes no turn once nobody waits', async () => {
    const pump = createPump({ turn: 10, piece: 10, restMs: 1 }).of('a');
    const turns = spyOn(globalThis, 'setImmediate');
    pump.later(() => pump.take(1));
    await nextTurn();
    const taken = turns.mock.calls.length;
    await nextTurn();
    expect(turns.mock.calls.length).toBe(taken);
    turns.mockRestore();
  });

  test('goes in one turn to as many as there is room for', async () => {
    const pump = createPump({ turn: 30, piece: 10, restMs: 1 });
    const seen: string[] = [];
    for (const source of ['a', 'b']) {
      pump.of(source).later(() => {
        seen.push(source);
        setImmediate(() => seen.push('next turn'));
        pump.of(source).take(10);
      });
    }
    await nextTurn();
    await nextTurn();
    expect(seen.slice(0, 3)).toEqual(['a', 'b', 'next turn']);
  });

  /** Sends these in so many turns; says in which order they went. */
  async function order(turns: number, queue: readonly (readonly [source: string, bytes: number])[]) {
    const { schedule, pass } = createFakeSchedule();
    const pump = createPump({ ...LIMITS, turn: 20 }, schedule);
    const sent: string[] = [];
    function send(source: string, bytes: number): void {
      const taken = pump.of(source).take(bytes);
      if (taken > 0) sent.push(source);
      if (bytes > taken) pump.of(source).later(() => send(source, bytes - taken));
    }
    pump.of('first').take(10);
    pump.of('first').take(10);
    for (const [source, bytes] of queue) send(source, bytes);
    for (let turn = 0; turn < turns; turn += 1) await pass(0.002);
    return sent.join(' ');
  }

  test('goes to each connection in its turn, whichever began', async () => {
    expect(
      await order(9, [
        ['a', 30],
        ['b', 30],
        ['c', 20],
      ]),
    ).toBe('a b c a b c a b');
  });

  test('goes to each source in its turn, however many connections one has', async () => {
    const many = Array.from({ length: 8 }, () => ['many', 10] as const);
    expect(await order(9, [...many, ['one', 20]])).toStartWith('many one many one many');
  });
});

describe('requests that are sent without waiting for answers', () => {
  const servers: Server[] = [];
  afterAll(() => Promise.all(servers.map((server) => server.stop(0))));

  test('are all answered, in their order, on many connections', async () => {
    const server = startServer({
      name: 'hook',
      address: '127.0.0.1:0',
      fetch: ({ url }) => new Response(new URL(url).pathname),
      log: createFakeLog().log,
    });
    servers.push(server);
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const requests = numbers
      .map((index) => `GET /${index} HTTP/1.1\r\nhost: ${'a'.repeat(500)}\r\n\r\n`)
      .join('');
    const answered = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect(parseAddress(server.address).port, '127.0.0.1');
        socket.write(requests);
        let text = '';
        for await (const bytes of socket) {
          text += bytes;
          if (text.endsWith('/199')) break;
        }
        return [...text.matchAll(/\/(\d+)(?=HTTP|$)/g)].map(([, number]) => Number(number));
      }),
    );
    expect(answered).toEqual(answered.map(() => numbers));
  });
});
