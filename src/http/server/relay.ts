import type { Socket } from 'bun';
import type { Connection } from './connections.ts';
import type { SourcePump } from './pump.ts';
import type { Share, Throttle } from './throttle.ts';

/** The side of a connection that faces the caller. */
export interface Outer {
  /** False: its buffer is full, `drained` follows. */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Ends it once all that was written is gone. */
  finish(): void;
  destroy(): void;
}

/** Its owner calls these on the events of the outer side. */
export interface Relay {
  data(bytes: Uint8Array): void;
  drained(): void;
  closed(): void;
}

export interface RelayOptions {
  /** Path of the server's socket. */
  readonly unix: string;
  readonly connection: Connection;
  readonly throttle: Throttle;
  readonly pump: SourcePump;
}

/**
 * Passes the bytes of a connection on to a server on a Unix socket, and its answers back. The server hears of
 * a connection when its first byte has come. Either side is read only as fast as the other one takes.
 */
export function createRelay(outer: Outer, { unix, connection, throttle, pump }: RelayOptions): Relay {
  let inner: Socket<undefined> | undefined;
  let isDialed = false;
  let isClosed = false;
  const reading = createReading(outer);
  const share = throttle.join({ pause: () => reading.wait('others'), resume: () => reading.go('others') });
  const inward = createInward(outer, { reading, share, pump });

  function hold(socket: Socket<undefined>): void {
    socket.pause();
    connection.unread();
    inward.unread(true);
  }

  function dial(): void {
    isDialed = true;
    const connected = Bun.connect({
      unix,
      socket: {
        open(socket) {
          inner = socket;
          if (isClosed) socket.end();
          else inward.open(socket);
        },
        data(socket, bytes) {
          if (outer.write(bytes)) connection.answered();
          else hold(socket);
        },
        drain: inward.flush,
        close() {
          connection.unread();
          outer.finish();
        },
        error: () => outer.destroy(),
      },
    });
    connected.catch(() => outer.destroy());
  }

  return {
    data(bytes) {
      connection.asked();
      inward.pass(bytes);
      if (!isDialed) dial();
    },
    drained() {
      inward.unread(false);
      connection.answered();
      inner?.resume();
    },
    closed() {
      isClosed = true;
      inward.close();
      share.leave();
      connection.close();
      inner?.end();
    },
  };
}

interface InwardDeps {
  readonly reading: Reading;
  readonly share: Share;
  readonly pump: SourcePump;
}

/** The way of the caller's bytes to the inner side, in pieces that the pump and that side take. */
function createInward(outer: Outer, { reading, share, pump }: InwardDeps) {
  /** Bytes that the inner side has not taken yet; until it has, the outer one is not read. */
  let rest: Uint8Array | undefined;
  let inner: Socket<undefined> | undefined;
  let isWaiting = false;
  /** The caller has not read what was written to it. */
  let isUnread = false;

  /** Keeps the bytes of which the inner side took so many; -1: it is closed. */
  function keep(bytes: Uint8Array, taken: number): void {
    rest = taken < bytes.length ? bytes.subarray(Math.max(taken, 0)) : undefined;
    // A part of what was read keeps the whole of it in memory.
    share.hold(rest?.buffer.byteLength ?? 0);
    if (rest) reading.wait('inner');
    else reading.go('inner');
  }

  function send(bytes: Uint8Array): void {
    if (!inner) {
      keep(bytes, 0);
      return;
    }
    const allowed = pump.take(bytes.length);
    const taken = inner.write(bytes.subarray(0, allowed));
    keep(bytes, taken);
    // An inner side that took less than it was given says when it takes more.
    if (taken === allowed && rest) later();
    endIfStuck();
  }

  /**
   * Ends a connection of which neither side goes on: its caller sends one request after the other and reads no answer.
   * What it sent would stay in memory, and keep others from being read.
   */
  function endIfStuck(): void {
    if (rest && isUnread && !isWaiting) outer.destroy();
  }

  function later(): void {
    if (isWaiting) return;
    isWaiting = true;
    pump.later(() => {
      isWaiting = false;
      flush();
    });
  }

  function flush(): void {
    if (rest) send(rest);
  }

  return {
    open(socket: Socket<undefined>) {
      inner = socket;
      flush();
    },
    pass(bytes: Uint8Array) {
      if (rest) keep(Buffer.concat([rest, bytes]), 0);
      else send(bytes);
    },
    flush,
    unread(now: boolean) {
      isUnread = now;
      if (now) endIfStuck();
    },
    close() {
      rest = undefined;
    },
  };
}

type Reason = 'inner' | 'others';

interface Reading {
  wait(reason: Reason): void;
  go(reason: Reason): void;
}

/** Reads the outer side while there is no reason to wait. */
function createReading(outer: Outer): Reading {
  const reasons = new Set<Reason>();
  return {
    wait(reason) {
      if (reasons.size === 0) outer.pause();
      reasons.add(reason);
    },
    go(reason) {
      if (reasons.delete(reason) && reasons.size === 0) outer.resume();
    },
  };
}
