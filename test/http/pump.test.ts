import { afterAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { parseAddress } from '../../src/http/bind.ts';
import { createPump } from '../../src/http/pump.ts';
import { type Server, startServer } from '../../src/http/server.ts';
import { createFakeLog } from '../fakes/log.ts';

const nextTurn = () => Bun.sleep(5);

describe('what is passed on at once', () => {
  test('is bounded for a connection, and for all', async () => {
    const pump = createPump({ turn: 25, piece: 10 });
    expect([pump.take(100), pump.take(8), pump.take(100), pump.take(1)]).toEqual([10, 8, 7, 0]);
    await nextTurn();
    expect(pump.take(100)).toBe(10);
  });

  test('goes on in the order of asking', async () => {
    const pump = createPump({ turn: 10, piece: 10 });
    const sent: string[] = [];
    const send = (name: string, bytes: number) => {
      const left = bytes - pump.take(bytes);
      sent.push(name);
      if (left > 0) pump.later(() => send(name, left));
    };
    pump.take(10);
    pump.later(() => send('a', 15));
    pump.later(() => send('b', 10));
    for (let turn = 0; turn < 6; turn += 1) await nextTurn();
    expect(sent).toEqual(['a', 'b', 'a', 'b', 'b']);
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
