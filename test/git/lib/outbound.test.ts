import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { createOutbound, displayUrl } from '../../../src/lib/net/outbound.ts';
import { startBrokenServer } from '../../fakes/broken-server.ts';
import { failureOf } from '../../fakes/failure.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';

const KIB = 1024;
let handler: (request: Request) => Response | Promise<Response>;
let server: ReturnType<typeof Bun.serve>;
let url: string;
const seen: string[] = [];

beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      seen.push(`${request.method} ${new URL(request.url).pathname}`);
      return handler(request);
    },
  });
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.stop(true));
afterEach(() => {
  seen.length = 0;
});

const outbound = loopbackOutbound();

/** One chunk after the other, with a pause in between. */
function slowly(chunks: readonly string[], pauseMs: number): Response {
  async function* body() {
    for (const chunk of chunks) {
      yield new TextEncoder().encode(chunk);
      await Bun.sleep(pauseMs);
    }
  }
  return new Response(body());
}

describe('an answer', () => {
  test('has status, headers and body as they came', async () => {
    handler = async (request) =>
      new Response(`${request.headers.get('x-one')} ${await request.text()}`, {
        status: 418,
        headers: { 'x-two': '2' },
      });
    const headers = { 'x-one': '1' };
    const answer = await outbound.send({ url, method: 'POST', headers, body: 'text' });
    expect([answer.status, answer.headers.get('x-two'), await answer.text()]).toEqual([418, '2', '1 text']);
  });

  test('may be empty', async () => {
    handler = () => new Response(null, { status: 204 });
    expect((await outbound.send({ url })).status).toBe(204);
  });

  test('that redirects is handed back, and nobody else is asked', async () => {
    handler = () => Response.redirect(`${url}/elsewhere`, 307);
    const answer = await outbound.send({ url: `${url}/here`, headers: { authorization: 'secret' } });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, `${url}/elsewhere`]);
    expect(seen).toEqual(['GET /here']);
  });

  test.each(['application/x-pack; charset=x', 'Application/X-Pack ; charset=x'])(
    'goes where it is asked for as it comes, if it is of that type (%s)',
    async (type) => {
      const headers = { 'content-type': type };
      handler = () => new Response('x'.repeat(200 * KIB), { headers });
      let size = 0;
      const take = (piece: Uint8Array) => {
        size += piece.length;
      };
      const into = { contentType: 'application/x-pack', take };
      const answer = await outbound.send({ url, into, maxBytes: 1024 * KIB });
      expect([size, await answer.text()]).toEqual([200 * KIB, '']);
    },
  );

  test.each([
    ['is of another type', 200, 'text/plain'],
    ['says what went wrong', 500, 'application/x-pack'],
  ])('that %s is read no further than its words', async (_, status, type) => {
    async function* endless() {
      for (;;) yield new Uint8Array(64 * KIB);
    }
    handler = () => new Response(endless(), { status, headers: { 'content-type': type } });
    const take = () => {
      throw new Error('nothing is handed out');
    };
    const into = { contentType: 'application/x-pack', take };
    const answer = await outbound.send({ url, into, maxBytes: 2 ** 40 });
    expect(answer.status).toBe(status);
    expect((await answer.arrayBuffer()).byteLength).toBeLessThanOrEqual(64 * KIB);
  });

  test('that says what went wrong in one long piece is heard for its first words', async () => {
    handler = () => new Response(`No space left.${' '.repeat(300 * KIB)}`, { status: 507 });
    const words = await (await outbound.send({ url })).text();
    expect([words.slice(0, 14), words.length]).toEqual(['No space left.', 64 * KIB]);
  });

  test('whose taker fails ends with that', async () => {
    handler = () => new Response('x', { headers: { 'content-type': 'application/x-pack' } });
    const take = () => {
      throw new TurnpikeError('GitTooLarge', 'It is too large.');
    };
    const failure = await failureOf(
      outbound.send({ url, into: { contentType: 'application/x-pack', take } }),
    );
    expect(failure).toMatchObject({ code: 'GitTooLarge', message: 'It is too large.' });
  });

  test('that is too long is cut off', async () => {
    handler = () => new Response('x'.repeat(100 * KIB));
    const error = await failureOf(outbound.send({ url: `${url}/big?token=secret`, maxBytes: 10 * KIB }));
    expect(error).toMatchObject({
      code: 'ForgeRefused',
      message: `${url}/big answered with more than 10240 bytes.`,
    });
    const git = await failureOf(outbound.send({ url, maxBytes: 10 * KIB, purpose: 'git' }));
    const message = `${url}/ answered with more than 10240 bytes.`;
    expect(git).toMatchObject({ code: 'GitTooLarge', retry: 'never', message });
  });

  test('that is compressed is bounded by what it becomes', async () => {
    const bomb = Bun.gzipSync(Buffer.alloc(4 * 1024 * KIB));
    handler = () => new Response(bomb, { headers: { 'content-encoding': 'gzip' } });
    expect(bomb.length).toBeLessThan(10 * KIB);
    expect((await failureOf(outbound.send({ url, maxBytes: 100 * KIB }))).code).toBe('ForgeRefused');
    const whole = await outbound.send({ url });
    expect((await whole.arrayBuffer()).byteLength).toBe(4 * 1024 * KIB);
  });

  test('that takes too long is given up, its body included', async () => {
    handler = () =>
      slowly(
        Array.from({ length: 50 }, () => 'x'),
        100,
      );
    const error = await failureOf(outbound.send({ url, timeoutMs: 400 }));
    expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(error.message).toBe(
      `127.0.0.1:${server.port} could not be reached: it gave no answer within 0.4 s.`,
    );
  });

  test('that falls silent is given up', async () => {
    handler = () => slowly(['x', 'y'], 5_000);
    const error = await failureOf(outbound.send({ url, timeoutMs: 20_000, idleTimeoutMs: 300 }));
    expect(error.message).toContain('within 0.3 s');
  });

  test('that goes on is waited for, however silent it would have been in sum', async () => {
    handler = () => slowly(['a', 'b', 'c', 'd', 'e', 'f'], 200);
    const answer = await outbound.send({ url, timeoutMs: 20_000, idleTimeoutMs: 1_000 });
    expect(await answer.text()).toBe('abcdef');
  });

  test('that breaks off is an error', async () => {
    const broken = await startBrokenServer('cut');
    const error = await failureOf(outbound.send({ url: broken.origin, purpose: 'git' }));
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    broken.stop();
  });
});

describe('the caller', () => {
  test('may give up, and gets its own reason', async () => {
    handler = () => slowly(['x', 'y'], 5_000);
    const reason = new Error('enough');
    const sent = outbound.send({ url, signal: AbortSignal.any([AbortSignal.timeout(100)]) });
    await expect(sent).rejects.toHaveProperty('name', 'TimeoutError');
    await expect(outbound.send({ url, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a host name', () => {
  const addresses: Record<string, readonly string[]> = {
    'good.example': ['203.0.113.7'],
    'inside.example': ['10.0.0.7'],
    'rebound.example': ['203.0.113.7', '127.0.0.1'],
    'metadata.example': ['::ffff:169.254.169.254'],
  };

  function asking() {
    const asked: string[] = [];
    const lookup = async (host: string) => {
      asked.push(host);
      return addresses[host] ?? Promise.reject(new Error('no such name'));
    };
    return { asked, outbound: createOutbound({ allowed: [], insecure: ['listed.example'] }, { lookup }) };
  }

  test.each(['rebound.example', 'metadata.example'])(
    '%s that leads to a forbidden address is refused',
    async (host) => {
      const error = await failureOf(asking().outbound.send({ url: `https://${host}/a` }));
      expect(error.code).toBe('HostNotAllowed');
      expect(error.message).toContain(`${host} resolves to `);
    },
  );

  test.each(['good.example', 'inside.example'])('%s is let through', async (host) => {
    const error = await failureOf(asking().outbound.send({ url: `https://${host}:1/a`, timeoutMs: 300 }));
    expect(error.code).toBe('ForgeUnavailable');
  });

  test('is looked up once in a few seconds, failures each time', async () => {
    const { asked, outbound } = asking();
    for (const host of ['rebound.example', 'rebound.example', 'unknown.example', 'unknown.example']) {
      await failureOf(outbound.send({ url: `https://${host}/a` }));
    }
    expect(asked).toEqual(['rebound.example', 'unknown.example', 'unknown.example']);
  });

  test('that is not looked up in time is given up', async () => {
    const lookup = () => new Promise<string[]>(() => undefined);
    const outbound = createOutbound({ allowed: [], insecure: [] }, { lookup });
    const error = await failureOf(outbound.send({ url: 'https://slow.example/a', timeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
  });

  test('that is listed as insecure is not looked up', async () => {
    const { asked, outbound } = asking();
    await failureOf(outbound.send({ url: 'http://listed.example:1/a', timeoutMs: 2_000 }));
    expect(asked).toEqual([]);
  });
});

describe('a URL in a message', () => {
  test.each([
    ['https://user:secret@git.example/a?token=secret#x', 'https://git.example/a'],
    ['https://git.example:8443/a', 'https://git.example:8443/a'],
    ['secret', 'the URL'],
  ])('%p is shown as %p', (long, short) => {
    expect(displayUrl(long)).toBe(short);
  });
});
