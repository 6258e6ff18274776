import { afterEach, describe, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { createPump } from '../../../src/http/server/pump.ts';
import { createRelay } from '../../../src/http/server/relay.ts';
import { createThrottles } from '../../../src/http/server/throttle.ts';

const listeners: { stop(force: boolean): void }[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.stop(true);
});

interface Inside {
  readonly unix: string;
  readonly connected: Promise<Socket<undefined>>;
  /** Bytes that it has read. */
  read(): number;
}

/** A server inside that reads nothing while it is paused. */
function startInside({ isPaused = false } = {}): Inside {
  const unix = `\0turnpike-test-${crypto.randomUUID()}`;
  const { promise, resolve } = Promise.withResolvers<Socket<undefined>>();
  let read = 0;
  listeners.push(
    Bun.listen<undefined>({
      unix,
      socket: {
        open(socket) {
          if (isPaused) socket.pause();
          resolve(socket);
        },
        data(_, bytes) {
          read += bytes.byteLength;
        },
      },
    }),
  );
  return { unix, connected: promise, read: () => read };
}

/** The relay of a connection whose caller reads what comes, or does not. */
function relayTo(
  { unix }: Inside,
  { isReading = true, throttle = createThrottles().create(), pump = createPump().of('10.0.0.1') } = {},
) {
  const calls: string[] = [];
  const call = (name: string) => () => void calls.push(name);
  let isOpen = true;
  const outer = {
    write: () => isReading,
    pause: call('pause'),
    resume: call('resume'),
    finish: call('finish'),
    destroy() {
      isOpen = false;
    },
  };
  const connection = {
    asked: call('asked'),
    answered: call('answered'),
    unread: call('unread'),
    close: call('close'),
  };
  const relay = createRelay(outer, { unix, connection, throttle, pump });
  return { relay, calls, isOpen: () => isOpen };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !isSo(); i += 1) await Bun.sleep(10);
}

const MUCH = new Uint8Array(4_000_000);

describe('a connection to a server inside', () => {
  test('is ended once its caller sends on and on, and has not read what came', async () => {
    const inside = startInside({ isPaused: true });
    const { relay, calls, isOpen } = relayTo(inside, { isReading: false });
    relay.data(new Uint8Array(1));
    (await inside.connected).write('an answer');
    await until(() => calls.includes('unread'));
    expect(isOpen()).toBe(true);
    relay.data(MUCH);
    await until(() => !isOpen());
    expect(isOpen()).toBe(false);
  });

  test('is ended once its caller reads nothing, where what it sent is stuck', async () => {
    const inside = startInside({ isPaused: true });
    const { relay, calls, isOpen } = relayTo(inside, { isReading: false });
    relay.data(MUCH);
    const socket = await inside.connected;
    await Bun.sleep(50);
    expect(isOpen()).toBe(true);
    socket.write('an answer');
    await until(() => !isOpen());
    expect(isOpen()).toBe(false);
    expect(calls).toContain('unread');
  });

  test('goes on where its caller reads, and waits for a server that reads slowly', async () => {
    const inside = startInside({ isPaused: true });
    const { relay, calls, isOpen } = relayTo(inside);
    const waits = () => calls.filter((name) => name === 'pause' || name === 'resume');
    relay.data(MUCH);
    const socket = await inside.connected;
    socket.write('an answer');
    await Bun.sleep(50);
    expect(waits()).toEqual(['pause']);
    socket.resume();
    await until(() => inside.read() === MUCH.length);
    expect([inside.read(), isOpen()]).toEqual([MUCH.length, true]);
    relay.data(new Uint8Array(1));
    await until(() => inside.read() > MUCH.length);
    expect(waits()).toEqual(['pause', 'resume']);
  });

  test('goes on while it waits for its turn, though its caller has not read', async () => {
    const inside = startInside();
    const turns: (() => void)[] = [];
    const pump = { take: () => 0, later: (goOn: () => void) => void turns.push(goOn) };
    const { relay, calls, isOpen } = relayTo(inside, { isReading: false, pump });
    relay.data(new Uint8Array(1));
    (await inside.connected).write('an answer');
    await until(() => calls.includes('unread') && turns.length > 0);
    await Bun.sleep(20);
    expect([isOpen(), turns.length]).toEqual([true, 1]);
  });

  test('goes on once its caller has read', async () => {
    const inside = startInside({ isPaused: true });
    const { relay, calls, isOpen } = relayTo(inside, { isReading: false });
    relay.data(new Uint8Array(1));
    const socket = await inside.connected;
    socket.write('an answer');
    await until(() => calls.includes('unread'));
    relay.drained();
    relay.data(MUCH);
    await Bun.sleep(50);
    expect(isOpen()).toBe(true);
    socket.resume();
    await until(() => inside.read() === MUCH.length + 1);
    expect(inside.read()).toBe(MUCH.length + 1);
  });

  test('gives back what it held when it is over, whatever the server reads then', async () => {
    const inside = startInside({ isPaused: true });
    const throttle = createThrottles({ source: 100_000, crowded: 1e9, little: 1, full: 1e9 }).create();
    const { relay } = relayTo(inside, { throttle });
    let isPaused = false;
    throttle.join({
      pause() {
        isPaused = true;
      },
      resume() {
        isPaused = false;
      },
    });
    relay.data(MUCH);
    const socket = await inside.connected;
    expect(isPaused).toBe(true);
    await Bun.sleep(50);
    relay.closed();
    expect(isPaused).toBe(false);
    socket.resume();
    await until(() => inside.read() > 0);
    expect(isPaused).toBe(false);
  });
});
