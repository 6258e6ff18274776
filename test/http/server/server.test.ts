import { afterAll, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { type Server, startServer } from '../../../src/http/server/server.ts';
import type { Certificate } from '../../../src/http/server/tls.ts';
import { generateAuthority, generateLeaf } from '../../../src/lib/kube/certificates/generate.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createClientCertificate } from '../../lab/certificates.ts';
import { waitUntil } from '../../lab/wait.ts';

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1'] };
const authority = await generateAuthority(new Date());
const foreign = await generateAuthority(new Date());
const newLeaf = () => generateLeaf(authority, NAMES, new Date());
const servers: Server[] = [];

afterAll(() => Promise.all(servers.map((server) => server.stop(0))));

function start(certificate: Certificate, fetch = async (request: Request) => new Response(request.body)) {
  const { log, lines } = createFakeLog();
  const server = startServer({ name: 'admission', address: '127.0.0.1:0', certificate, fetch, log });
  servers.push(server);
  return { server, lines, port: Number(server.address.split(':').at(-1)), url: `https://${server.address}` };
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  const tls = { ca: authority.cert };
  return fetch(url, { method: 'POST', body, headers, tls }).then((answer) => answer.text());
}

/** A connection of its own; `ask` sends a request on it and gives what came back. */
function open(port: number, client?: Certificate & { readonly session?: Buffer }) {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...client });
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      socket.once('data', (bytes) => resolve(bytes.toString()));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed')));
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi');
    });
  return { socket, ask, serial: () => socket.getPeerCertificate().serialNumber };
}

describe('a listener with a certificate', () => {
  const serialOf = ({ cert }: Certificate) => new X509Certificate(cert).serialNumber;

  test('shows a new one to new connections, and goes on with those that it has', async () => {
    const [first, second] = [await newLeaf(), await newLeaf()];
    const { server, port } = start(first);
    const old = open(port);
    expect(await old.ask()).toStartWith('HTTP/1.1 200');
    server.setCertificate(second);
    const fresh = open(port);
    expect(await fresh.ask()).toContain('\r\nhi\r\n');
    expect(await old.ask()).toContain('\r\nhi\r\n');
    expect([old.serial(), fresh.serial()]).toEqual([serialOf(first), serialOf(second)]);
    for (const { socket } of [old, fresh]) socket.destroy();
  });

  test('loses no request while it changes a hundred times', async () => {
    const { server, url } = start(await newLeaf());
    const ended = new AbortController();
    const kinds: Record<string, string>[] = [{}, {}, { connection: 'close' }, { connection: 'close' }];
    const answers = kinds.map(() => 0);
    const ask = async (headers: Record<string, string>, index: number) => {
      while (!ended.signal.aborted) {
        expect(await post(url, 'x'.repeat(5000), headers)).toHaveLength(5000);
        answers[index] = (answers[index] ?? 0) + 1;
      }
    };
    const callers = Promise.all(kinds.map(ask));
    for (let changes = 0; changes < 100; changes += 1) {
      server.setCertificate(await newLeaf());
      const before = [...answers];
      const isAnswered = () => answers.some((count, index) => count > (before[index] ?? 0));
      await Promise.race([callers, waitUntil('an answer', isAnswered, { everyMs: 1 })]);
    }
    ended.abort();
    await callers;
    for (const count of answers) expect(count).toBeGreaterThan(10);
  }, 30_000);

  test.each([
    ['no certificate', { cert: 'x', key: 'y' }],
    ["another one's key", { cert: authority.cert, key: foreign.key }],
  ])('keeps the one that it has when it gets %s', async (_, wrong) => {
    const { server, url } = start(await newLeaf());
    expect(() => server.setCertificate(wrong)).toThrow();
    expect(await post(url, 'still here')).toBe('still here');
  });

  test('passes on large bodies whole, both ways', async () => {
    const { url } = start(await newLeaf());
    const body = crypto.randomUUID().repeat(300_000);
    expect((await post(url, body)) === body).toBe(true);
  });

  test('finishes what is under way when it stops, and takes nothing new', async () => {
    const [asked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { server, url } = start(await newLeaf(), async (request) => {
      asked.resolve();
      await goOn.promise;
      return new Response(request.body);
    });
    const answer = post(url, 'late');
    await asked.promise;
    const stopped = server.stop(10);
    await expect(post(url, 'refused')).rejects.toThrow();
    goOn.resolve();
    expect(await answer).toBe('late');
    await stopped;
  });

  test('ends a connection that carries no TLS', async () => {
    const { port, url } = start(await newLeaf());
    const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    await new Promise((resolve) => socket.on('close', resolve));
    expect(await post(url, 'ok')).toBe('ok');
  });

  test('says that its port is taken', async () => {
    const { server } = start(await newLeaf());
    const { log } = createFakeLog();
    const certificate = await newLeaf();
    const again = () =>
      startServer({
        name: 'admission',
        address: server.address,
        certificate,
        fetch: () => new Response(),
        log,
      });
    expect(again).toThrow(`The admission server cannot listen on ${server.address}: is the port taken?`);
  });
});

/** The TLS session of a connection that is over, to be resumed. */
function begun(port: number, client: Certificate): Promise<Buffer> {
  const { socket, ask } = open(port, client);
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  return ask()
    .then(() => session)
    .finally(() => socket.destroy());
}

describe('a listener that wants certificates of its callers', () => {
  const ask = (url: string, client?: Certificate) =>
    fetch(url, { method: 'POST', body: 'hi', tls: { ca: authority.cert, ...client } }).then((answer) =>
      answer.text(),
    );

  async function startFor(...clientCa: string[]) {
    const pair = await newLeaf();
    return { ...start({ ...pair, clientCa }), pair };
  }

  test('serves those that show one of its authorities', async () => {
    const [one, two] = [await createClientCertificate('one'), await createClientCertificate('two')];
    const { url } = await startFor(one.ca, two.ca);
    expect(await ask(url, one.client)).toBe('hi');
    expect(await ask(url, two.client)).toBe('hi');
  });

  test('asks others for nothing, whatever they show', async () => {
    const known = await createClientCertificate('known');
    const requests: Request[] = [];
    const pair = await newLeaf();
    const { url, lines } = start({ ...pair, clientCa: [known.ca] }, async (request) => {
      requests.push(request);
      return new Response('served');
    });
    const callers: (Certificate | undefined)[] = [
      undefined,
      (await createClientCertificate('known')).client,
      (await createClientCertificate('other')).client,
      pair,
    ];
    for (const caller of callers) await expect(ask(url, caller)).rejects.toThrow();
    expect(requests).toEqual([]);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    expect(await ask(url, known.client)).toBe('served');
  });

  test('goes on with other authorities, and knows none any more that vouched before', async () => {
    const [old, next] = [await createClientCertificate('old'), await createClientCertificate('next')];
    const { server, url, pair, port } = await startFor(old.ca);
    const kept = open(port, old.client);
    expect(await kept.ask()).toContain('\r\nhi\r\n');
    const session = await begun(port, old.client);
    expect(await open(port, { ...old.client, session }).ask()).toContain('\r\nhi\r\n');
    server.setCertificate({ ...pair, clientCa: [next.ca] });
    expect(await ask(url, next.client)).toBe('hi');
    await expect(ask(url, old.client)).rejects.toThrow();
    await expect(open(port, { ...old.client, session }).ask()).rejects.toThrow();
    expect(await kept.ask()).toContain('\r\nhi\r\n');
    kept.socket.destroy();
  });

  test('asks for them still when its own certificate changes', async () => {
    const { ca, client } = await createClientCertificate('caller');
    const { server, url } = await startFor(ca);
    server.setCertificate({ ...(await newLeaf()), clientCa: [ca] });
    expect(await ask(url, client)).toBe('hi');
    await expect(ask(url)).rejects.toThrow();
    const bare = await newLeaf();
    expect(() => server.setCertificate(bare)).toThrow('authorities of callers');
    expect(() => server.setCertificate({ ...bare, clientCa: ['nothing'] })).toThrow();
    await expect(ask(url)).rejects.toThrow();
    expect(await ask(url, client)).toBe('hi');
  });
});
