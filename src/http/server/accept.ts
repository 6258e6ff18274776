import type { Socket } from 'bun';
import type { Accept, Front } from './front.ts';
import type { Outer, Relay } from './relay.ts';

interface State {
  readonly outer: Outer & { drain(): void };
  readonly relay: Relay;
}

export interface AcceptOptions {
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly accept: Accept;
}

/** Takes connections, and leaves TLS to the server inside. Throws when the address cannot be had. */
export function startAccepting({ hostname, port, accept }: AcceptOptions): Front {
  const listener = Bun.listen<State | undefined>({
    hostname,
    port,
    socket: {
      open(socket) {
        const outer = outerOf(socket, () => socket.data?.relay.drained());
        const relay = accept(socket.remoteAddress, outer);
        if (relay) socket.data = { outer, relay };
        else socket.terminate();
      },
      data: ({ data }, bytes) => data?.relay.data(bytes),
      drain: ({ data }) => data?.outer.drain(),
      close: ({ data }) => data?.relay.closed(),
      error: (socket) => socket.terminate(),
    },
  });
  return { port: listener.port, close: () => listener.stop() };
}

/** Bun's sockets take what the system takes at once; the rest is kept here. */
function outerOf(socket: Socket<State | undefined>, onDrained: () => void): State['outer'] {
  let rest: Uint8Array | undefined;
  let isFinishing = false;

  function send(bytes: Uint8Array): boolean {
    const sent = socket.write(bytes);
    rest = sent < bytes.length ? bytes.subarray(Math.max(sent, 0)) : undefined;
    return rest === undefined;
  }

  return {
    write: (bytes) => send(rest ? Buffer.concat([rest, bytes]) : bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    finish() {
      isFinishing = true;
      if (!rest) socket.end();
    },
    destroy: () => socket.terminate(),
    drain() {
      if (!rest || !send(rest)) return;
      if (isFinishing) socket.end();
      else onDrained();
    },
  };
}
