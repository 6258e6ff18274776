import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Connection, Server, type ServerChannel } from 'ssh2';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { FLUSH_PKT, pktLine } from '../../../../src/lib/git/protocol/pktline.ts';
import { createSshTransport } from '../../../../src/lib/git/ssh/transport.ts';
import type { Transport } from '../../../../src/lib/git/transport.ts';
import { createOutbound, type Outbound } from '../../../../src/lib/net/outbound.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { listenedSignal } from '../../../fakes/listened-signal.ts';
import { settled } from '../../../fakes/schedule.ts';
import { ed25519Keys } from '../../../fakes/ssh-keys.ts';

const HOST_KEY = ed25519Keys();
const IDENTITY = ed25519Keys().private;
const ADVERTISED = Buffer.concat([pktLine(`${'0'.repeat(40)} capabilities^{}\0 report-status\n`), FLUSH_PKT]);
const BOUNDS = { timeoutMs: 2_000, idleTimeoutMs: 700, maxBytes: 10_000 };

/** What the server does once a service was started. */
let behave: (channel: ServerChannel) => void;
/** Whether a service is started at all, or its start never answered. */
let isStarted = true;
let server: Server;
let port: number;
const connections = new Set<Connection>();

beforeAll(async () => {
  server = new Server({ hostKeys: [HOST_KEY.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => accept().on('exec', (start) => isStarted && behave(start())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as { port: number });
});
afterAll(() => {
  for (const connection of connections) connection.end();
  server.close();
});

let transport: Transport;
beforeEach(() => {
  transport = transportTo();
});
afterEach(() => transport.close());

function transportTo(signal = new AbortController().signal): Transport {
  const [type, key] = HOST_KEY.public.split(' ');
  const credentials = { identity: IDENTITY, knownHosts: `[127.0.0.1]:${port} ${type} ${key}` };
  const outbound = createOutbound({ allowed: [], insecure: [`127.0.0.1:${port}`] });
  const url = `ssh://git@127.0.0.1:${port}/acme/fleet.git`;
  return createSshTransport(
    { outbound, url, credentials, signal },
    { advertisement: BOUNDS, push: BOUNDS, download: BOUNDS },
  );
}

/** One piece after the other, for ever. */
function keepSending(channel: ServerChannel, piece: Buffer, everyMs: number): void {
  const timer = setInterval(() => channel.write(piece), everyMs);
  channel.on('close', () => clearInterval(timer));
  channel.on('error', () => clearInterval(timer));
}

const name = () => `ssh://127.0.0.1:${port}/acme/fleet.git`;
const late = (seconds: number) => `${name()} could not be fetched: it gave no answer within ${seconds} s.`;
const large = () => `${name()} answered with more than 10000 bytes.`;
const LATE = { code: 'GitUnavailable', retry: 'backoff' };
const LARGE = { code: 'GitTooLarge', retry: 'never' };
const LINE = pktLine('x'.repeat(1_000));

describe("a host's first words over SSH", () => {
  const CASES = [
    ['never come', () => undefined, LATE, () => late(0.7)],
    [
      'come without end, slowly',
      (one: ServerChannel) => keepSending(one, pktLine('x'), 20),
      LATE,
      () => late(2),
    ],
    ['come without end, fast', (one: ServerChannel) => keepSending(one, LINE, 1), LARGE, large],
  ] as const;

  test.each(CASES)('are given up when they %s', async (_, behaviour, wanted, sentence) => {
    behave = behaviour;
    const error = await failureOf(transport.advertisement('git-upload-pack'));
    expect(error).toMatchObject({ ...wanted, message: sentence() });
  });
});

test('a key with a passphrase is opened before the host is asked, which would not wait for long', async () => {
  const { private: identity } = ed25519Keys({ passphrase: 'p', cipher: 'aes256-ctr', rounds: 1 });
  const dialled: string[] = [];
  const outbound: Outbound = {
    send: () => Promise.reject(new Error('nobody asks')),
    dial: async (url) => {
      dialled.push(url);
      throw new TurnpikeError('GitUnavailable', 'the connection was refused');
    },
  };
  const unlock = Promise.withResolvers<string | undefined>();
  const given = createSshTransport({
    outbound,
    url: name(),
    credentials: { identity, knownHosts: 'none', password: 'p' },
    signal: new AbortController().signal,
    unlock: () => unlock.promise,
  });
  const asked = failureOf(given.advertisement('git-upload-pack'));
  await settled();
  expect(dialled).toEqual([]);
  unlock.resolve('opened');
  expect(await asked).toMatchObject({ message: 'the connection was refused' });
  expect(dialled).toHaveLength(1);
});

test('a host that starts no service is given up', async () => {
  isStarted = false;
  const error = await failureOf(transport.advertisement('git-upload-pack'));
  isStarted = true;
  expect(error).toMatchObject({ ...LATE, message: late(0.7) });
});

describe("a host's answer over SSH", () => {
  const CASES = [
    ['never comes', () => undefined, LATE, () => late(0.7)],
    [
      'has no end and is slow',
      (one: ServerChannel) => keepSending(one, Buffer.from('x'), 20),
      LATE,
      () => late(2),
    ],
    ['has no end and is fast', (one: ServerChannel) => keepSending(one, LINE, 1), LARGE, large],
    [
      'breaks off',
      (one: ServerChannel) => one.close(),
      LATE,
      () => `${name()} closed the connection in the middle of its answer.`,
    ],
  ] as const;

  test.each(CASES)('is given up when it %s', async (_, behaviour, wanted, sentence) => {
    behave = (channel) => {
      channel.write(ADVERTISED);
      channel.once('data', () => behaviour(channel));
    };
    await transport.advertisement('git-receive-pack');
    const error = await failureOf(transport.push(Buffer.from('a request')));
    expect(error).toMatchObject({ ...wanted, message: sentence() });
  });

  test('is not waited for when the caller gives up', async () => {
    const controller = new AbortController();
    behave = () => controller.abort(new Error('the pipeline was deleted'));
    const given = transportTo(controller.signal);
    await expect(given.advertisement('git-upload-pack')).rejects.toThrow('the pipeline was deleted');
    given.close();
  });
});

test('a connection that was closed listens to nobody any more', async () => {
  behave = (channel) => channel.write(ADVERTISED);
  const { signal, count } = listenedSignal();
  const opened = transportTo(signal);
  await opened.advertisement('git-receive-pack');
  opened.close();
  await settled();
  expect(count()).toBe(0);
});
