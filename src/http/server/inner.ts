import { createThrottles, type Throttle } from './throttle.ts';

/**
 * Servers on Unix sockets, one for each source address that has connections: which one a request came in by says
 * where it is from. Bun's server cannot be told otherwise, and a header that is written into the stream for it could
 * be forged.
 */
export interface InnerServers {
  /** The server for this source. Call `leave` when the connection is over. */
  enter(source: string): InnerServer;
  /** Makes new servers for new connections, with another certificate; those that exist go on as they are. */
  renew(): void;
  /** Lets what is under way finish; `force` ends it. */
  stop(force: boolean): Promise<void>;
}

export interface InnerServer {
  /** Path of its socket. */
  readonly unix: string;
  readonly throttle: Throttle;
  leave(): void;
}

type Bound = ReturnType<typeof Bun.serve>;
/** Starts a server that takes requests of this source. */
export type Serve = (unix: string, source: string) => Bound;

interface Inner {
  readonly server: Bound;
  readonly unix: string;
  readonly throttle: Throttle;
  connections: number;
}

/** Servers without connections that are kept for the next one; each takes 21 KiB and 150 µs to make. */
const SPARE = 256;

export function createInnerServers(name: string, serve: Serve): InnerServers {
  /** Those that new connections get. */
  const current = new Map<string, Inner>();
  const all = new Set<Inner>();
  const throttles = createThrottles();

  function make(source: string): Inner {
    // An abstract socket: it needs no file, and ends with the process.
    const unix = `\0turnpike-${name}-${crypto.randomUUID()}`;
    const inner = { server: serve(unix, source), unix, throttle: throttles.create(), connections: 0 };
    current.set(source, inner);
    all.add(inner);
    return inner;
  }

  async function retire(inner: Inner): Promise<void> {
    await inner.server.stop();
    all.delete(inner);
  }

  function leave(source: string, inner: Inner): void {
    inner.connections -= 1;
    if (inner.connections > 0) return;
    const isCurrent = current.get(source) === inner;
    if (isCurrent && current.size <= SPARE) return;
    if (isCurrent) current.delete(source);
    void retire(inner);
  }

  return {
    enter(source) {
      const inner = current.get(source) ?? make(source);
      inner.connections += 1;
      return { unix: inner.unix, throttle: inner.throttle, leave: () => leave(source, inner) };
    },
    renew() {
      const old = [...current.values()];
      current.clear();
      for (const inner of old) if (inner.connections === 0) void retire(inner);
    },
    async stop(force) {
      await Promise.all([...all].map(({ server }) => server.stop(force)));
    },
  };
}
