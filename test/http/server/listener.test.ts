import { afterAll, describe, expect, test } from 'bun:test';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionLimits } from '../../../src/http/server/connections.ts';
import { type Server, type ServerOptions, startServer } from '../../../src/http/server/server.ts';
import { createTrustedProxies } from '../../../src/http/server/source.ts';
import { generateAuthority, generateLeaf } from '../../../src/lib/kube/certificates/generate.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeSchedule } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';

const authority = await generateAuthority(new Date());
const certificate = await generateLeaf(authority, { dns: ['localhost'], ip: ['127.0.0.1'] }, new Date());
const servers: Server[] = [];
const sockets: Socket[] = [];

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => server.stop(0)));
});

type Kind = 'plain' | 'TLS';

function start(kind: Kind, options: Partial<ServerOptions> = {}) {
  const { log, lines } = createFakeLog();
  const server = startServer({
    name: 'hook',
    address: '127.0.0.1:0',
    fetch: (_, { source }) => new Response(source),
    ...(kind === 'TLS' && { certificate }),
    log,
    ...options,
  });
  servers.push(server);
  return { server, lines, port: Number(server.address.split(':').at(-1)) };
}

interface Caller {
  readonly socket: Socket;
  /** All that came so far. */
  text(): string;
  ask(request?: string): Promise<string>;
  readonly closed: Promise<void>;
}

/** A connection of its own from this address, once it is ready for bytes. */
async function call(kind: Kind, port: number, localAddress = '127.0.0.1'): Promise<Caller> {
  const plain = connectPlain({ port, host: '127.0.0.1', localAddress });
  const socket =
    kind === 'plain' ? plain : connectTls({ socket: plain, ca: authority.cert, host: '127.0.0.1' });
  sockets.push(plain);
  let text = '';
  let wake = () => {};
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
    wake();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => plain.on('close', () => resolve()));
  const ready = new Promise<void>((resolve) =>
    socket.on(kind === 'plain' ? 'connect' : 'secureConnect', resolve),
  );
  await Promise.race([ready, closed]);
  const ask = async (request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') => {
    const from = text.length;
    const answered = new Promise<void>((resolve) => {
      wake = resolve;
    });
    socket.write(request);
    await Promise.race([answered, closed]);
    return text.slice(from);
  };
  return { socket, text: () => text, ask, closed };
}

const LIMITS: ConnectionLimits = {
  total: 6,
  source: 3,
  firstSeconds: 60,
  answerSeconds: 60,
  readSeconds: 60,
};

describe.each(['plain', 'TLS'] as const)('a %s listener', (kind) => {
  test('knows the address of each connection, for all of its requests', async () => {
    const { port } = start(kind);
    const callers = await Promise.all(['127.0.0.2', '127.0.0.3'].map((address) => call(kind, port, address)));
    for (const _ of [1, 2]) {
      expect(await callers[0]?.ask()).toEndWith('\r\n\r\n127.0.0.2');
      expect(await callers[1]?.ask()).toEndWith('\r\n\r\n127.0.0.3');
    }
  });

  test('believes X-Forwarded-For of the proxies that are named, and of nobody else', async () => {
    const { port } = start(kind, { proxies: createTrustedProxies(['127.0.0.2']) });
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n';
    expect(await (await call(kind, port, '127.0.0.2')).ask(request)).toEndWith('192.0.2.7');
    expect(await (await call(kind, port, '127.0.0.3')).ask(request)).toEndWith('127.0.0.3');
  });

  test('takes so many connections of one source, and others still', async () => {
    const { port } = start(kind, { connections: LIMITS });
    const callers = await Promise.all([1, 2, 3].map(() => call(kind, port, '127.0.0.2')));
    const refused = await call(kind, port, '127.0.0.2');
    await refused.closed;
    expect(await (await call(kind, port, '127.0.0.3')).ask()).toEndWith('127.0.0.3');
    for (const caller of callers) expect(await caller.ask()).toEndWith('127.0.0.2');
    callers[0]?.socket.destroy();
    const isTaken = async () => (await (await call(kind, port, '127.0.0.2')).ask()).endsWith('127.0.0.2');
    await waitUntil('a place to be free', isTaken, { everyMs: 5 });
  });

  test('says how many connections it refused, and nothing where it refused none', async () => {
    const clock = createFakeSchedule();
    const { port, lines } = start(kind, { connections: { ...LIMITS, source: 0 }, clock });
    const other = start(kind, { clock });
    for (const _ of [1, 2]) await (await call(kind, port)).closed;
    await clock.pass(5);
    const said = (all: readonly string[]) =>
      all.filter((line) => line.includes('too many connections: refused')).map((line) => JSON.parse(line));
    expect(said(lines)).toMatchObject([{ server: 'hook', connections: 2 }]);
    expect(said(other.lines)).toEqual([]);
  });

  test('ends an idle connection of the source with most of them where all are taken', async () => {
    const { port } = start(kind, { connections: { ...LIMITS, total: 4 } });
    const many = [];
    for (const _ of [1, 2, 3]) many.push(await call(kind, port, '127.0.0.2'));
    const [first, second, third] = many;
    await call(kind, port, '127.0.0.3');
    expect(await second?.ask()).toEndWith('127.0.0.2');
    first?.socket.write('GET / HTT');
    // What was sent before has come with it.
    await third?.ask();
    const fresh = await call(kind, port, '127.0.0.4');
    await second?.closed;
    expect(await fresh.ask()).toEndWith('127.0.0.4');
    expect(await first?.ask('P/1.1\r\nHost: localhost\r\n\r\n')).toEndWith('127.0.0.2');
    expect(await third?.ask()).toEndWith('127.0.0.2');
  });

  test.each([
    ['sends half a request', 'GET / HTTP/1.1\r\n', 1],
    ['sends one and a half', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /', 5],
  ])('ends a connection that %s', async (_, bytes, seconds) => {
    const clock = createFakeSchedule();
    const { port } = start(kind, { connections: { ...LIMITS, answerSeconds: 5 }, clock });
    const [caller, other] = [await call(kind, port), await call(kind, port)];
    const send = async (text: string) => {
      caller.socket.write(text);
      // What was sent before has come with it.
      await other.ask();
    };
    let isClosed = false;
    void caller.closed.then(() => {
      isClosed = true;
    });
    await send(bytes);
    await clock.pass(4);
    // The rest of what is never whole.
    await send('x');
    await clock.pass(seconds - 1);
    await other.ask();
    expect(isClosed).toBe(false);
    await clock.pass(1);
    await caller.closed;
  });

  test('ends a connection whose answer nobody reads', async () => {
    const clock = createFakeSchedule();
    const asked = Promise.withResolvers<void>();
    const { port } = start(kind, {
      connections: { ...LIMITS, source: 1, readSeconds: 5 },
      fetch: () => {
        asked.resolve();
        return new Response('x'.repeat(20_000_000));
      },
      clock,
    });
    const caller = await call(kind, port);
    caller.socket.pause();
    caller.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await asked.promise;
    await (await call(kind, port)).closed;
    const isEnded = async () => {
      await clock.pass(1);
      return (await (await call(kind, port)).ask()).startsWith('HTTP/1.1 200');
    };
    await waitUntil('its place to be free', isEnded, { everyMs: 5 });
    expect(clock.now()).toBeWithin(5_000, 60_000);
  });

  test('passes on large bodies whole, both ways, and an answer that comes before the body', async () => {
    const body = crypto.randomUUID().repeat(300_000);
    const fetchBody = async (request: Request) =>
      request.url.endsWith('/echo')
        ? new Response(await request.text())
        : new Response('no', { status: 401 });
    const { server } = start(kind, { fetch: fetchBody });
    const url = `${kind === 'TLS' ? 'https' : 'http'}://${server.address}`;
    const post = (path: string) =>
      fetch(`${url}${path}`, { method: 'POST', body, tls: { ca: authority.cert } });
    expect((await (await post('/echo')).text()) === body).toBe(true);
    expect((await post('/')).status).toBe(401);
  });

  test('says that its port is taken', () => {
    const { server } = start(kind);
    const again = () => start(kind, { address: server.address });
    expect(again).toThrow(`The hook server cannot listen on ${server.address}: is the port taken?`);
  });

  test('finishes what is under way when it stops, and takes nothing new', async () => {
    const [asked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const fetchLate = async () => {
      asked.resolve();
      await goOn.promise;
      return new Response('late');
    };
    const { server, port } = start(kind, { fetch: fetchLate });
    const answer = (await call(kind, port)).ask();
    await asked.promise;
    const stopped = server.stop(10);
    const refused = await call(kind, port);
    await refused.closed;
    goOn.resolve();
    expect(await answer).toEndWith('late');
    await stopped;
  });
});

describe('a plain listener', () => {
  test('ends what is not finished in the time that it has to stop', async () => {
    const { server, port } = start('plain', { fetch: () => new Promise<Response>(() => {}) });
    const caller = await call('plain', port);
    const answer = caller.ask();
    await Bun.sleep(50);
    await server.stop(0.1);
    await caller.closed;
    expect(await answer).toBe('');
  });

  test('ends a connection that sends on and on and reads no answer', async () => {
    const { port } = start('plain', {
      // Its time is never up.
      clock: createFakeSchedule(),
      fetch: ({ url }) => new Response(url.endsWith('/small') ? 'small' : 'x'.repeat(20_000_000)),
    });
    const other = await call('plain', port);
    const caller = await call('plain', port);
    caller.socket.pause();
    caller.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // Its answer has begun, and is stuck, when others have had so many.
    for (let turn = 0; turn < 20; turn += 1)
      await other.ask('GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const body = 'x'.repeat(8_000_000);
    caller.socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n${body}`);
    await caller.closed;
  });
});

describe('a TLS listener', () => {
  test('counts connections whose handshake does not come, and ends them', async () => {
    const clock = createFakeSchedule();
    const { port } = start('TLS', { connections: { ...LIMITS, firstSeconds: 5 }, clock });
    const silent = await Promise.all([1, 2, 3].map(() => call('plain', port)));
    const refused = await call('plain', port);
    await refused.closed;
    await clock.pass(5);
    await Promise.all(silent.map(({ closed }) => closed));
    expect(await (await call('TLS', port)).ask()).toEndWith('127.0.0.1');
  });
});
