import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ActContext, pause } from './act.ts';

/** Connections of unknown callers. */

export interface ConnectionsOptions {
  readonly port: number;
  readonly tls: boolean;
  /** The most connections at once; each that ends is replaced. */
  readonly connections: number;
  /** The caller's acts on its connection; they end with the signal, or when the connection is gone. */
  readonly call: (socket: Socket, number: number, gone: AbortSignal) => Promise<void> | void;
}

/** Enough to hold what can be held; more would only take the processors away. */
const REPLACED_AFTER_MS = 1000;

export async function keepConnecting(
  { begin, reached, signal, random, note }: ActContext,
  options: ConnectionsOptions,
): Promise<void> {
  const { port, tls, connections, call } = options;
  const addresses = random.pick([1, 3, 10]);
  note(`from ${addresses} addresses`);
  let made = 0;
  begin();

  async function one(): Promise<void> {
    const number = made;
    made += 1;
    const gone = new AbortController();
    const socket = open({ port, tls, from: `127.0.66.${1 + (number % addresses)}` });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const end = () => socket.destroy();
    signal.addEventListener('abort', end);
    // A caller that is turned away has had its answer.
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      reached();
      void call(socket, number, gone.signal);
    });
    await closed;
    gone.abort();
    signal.removeEventListener('abort', end);
  }

  async function caller(): Promise<void> {
    while (!signal.aborted) {
      await one();
      await pause(REPLACED_AFTER_MS, signal);
    }
  }

  await Promise.all(Array.from({ length: connections }, caller));
}

function open({ port, tls, from }: { port: number; tls: boolean; from: string }): Socket {
  const where = { host: '127.0.0.1', port, localAddress: from };
  return tls ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
}

/** Waits until what was written has left, or the connection is gone. */
export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    socket.off('drain', end);
    socket.off('close', end);
    resolve();
  };
  socket.on('drain', end);
  socket.on('close', end);
  return promise;
}

/** A signature of the right form, made without a key. */
export const SIGNATURE = `x-signature: sha256=${'0'.repeat(64)}`;
