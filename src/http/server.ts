import { TurnpikeError } from '../api/errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { problem } from './problem.ts';
import { type Certificate, startTls } from './tls.ts';

/** A listener. `stop` lets what is under way finish, within the deadline. */
export interface Server {
  readonly address: string;
  /**
   * Goes on with another certificate without refusing or ending a connection. Throws and keeps the old one
   * if it is none. Only for a server that was started with one.
   */
  setCertificate(certificate: Certificate): void;
  stop(deadlineSeconds: number): Promise<void>;
}

export interface ServerOptions {
  /** `hook`, `admission`, `metrics`, `probes`: for the log. */
  readonly name: string;
  /** `host:port`, `:port` for all addresses, port 0 for a free one. */
  readonly address: string;
  readonly fetch: (request: Request, bindings: { source: string }) => Response | Promise<Response>;
  readonly certificate?: Certificate;
  readonly log: Logger;
}

/** Longer than the 90 seconds that the API server keeps idle connections to webhooks. */
const IDLE_SECONDS = 120;
/** Handlers have lower limits of their own; this one only keeps Bun's from answering in their place. */
const MAX_REQUEST_BYTES = 1024 ** 3;

type Bound = ReturnType<typeof Bun.serve>;
type Place = { readonly unix: string } | { readonly hostname: string; readonly port: number };

export function startServer(options: ServerOptions): Server {
  const { log, name, certificate } = options;
  const { hostname, port } = parseAddress(options.address);
  // An abstract socket: it needs no file, and ends with the process.
  const inside = `\0turnpike-${name}-${crypto.randomUUID()}`;
  const http = listen(options, certificate ? { unix: inside } : { hostname, port });
  const tls = certificate && startTls({ hostname, port, certificate, inside, name, log });
  if (certificate && !tls) {
    void http.stop(true);
    throw notListening(options);
  }
  const address = `${formatHost(hostname)}:${tls?.port ?? http.port}`;
  log.info({ server: name, address }, 'listening');

  async function stop(deadlineSeconds: number): Promise<void> {
    tls?.close();
    const drained = http.stop();
    const late = Bun.sleep(deadlineSeconds * 1000).then(() => 'late' as const);
    if ((await Promise.race([drained, late])) === 'late') void http.stop(true);
  }

  return { address, setCertificate: (next) => tls?.setCertificate(next), stop };
}

function listen(options: ServerOptions, place: Place): Bound {
  const { fetch, log, name } = options;
  const settings = {
    ...place,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: MAX_REQUEST_BYTES,
    fetch: (request: Request, server: Bound) =>
      fetch(request, {
        // Looked up when somebody asks: most listeners never do.
        get source() {
          return server.requestIP(request)?.address ?? '';
        },
      }),
    error: (error: Error) => {
      log.error({ server: name, error }, 'request failed');
      return problem({ status: 500, title: 'Internal Server Error' });
    },
  };
  try {
    // Bun keeps to idleTimeout on Unix sockets too; its types do not say so.
    return Bun.serve(settings as Parameters<typeof Bun.serve>[0]);
  } catch (cause) {
    throw notListening(options, cause);
  }
}

function notListening({ name, address }: ServerOptions, cause?: unknown): TurnpikeError {
  const message = `The ${name} server cannot listen on ${address}: is the port taken?`;
  return new TurnpikeError('ConfigInvalid', message, { retry: 'never', cause });
}

/** `[::1]:80`, `127.0.0.1:80`, `:80` → host and port. */
export function parseAddress(address: string): { hostname: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(parts?.[3]);
  if (!parts || port > 65_535) {
    const message = `${JSON.stringify(address)} is no address: write host:port or :port.`;
    throw new TurnpikeError('ConfigInvalid', message, { retry: 'never' });
  }
  return { hostname: parts[1] ?? (parts[2] || '0.0.0.0'), port };
}

function formatHost(hostname: string): string {
  return hostname.includes(':') ? `[${hostname}]` : hostname;
}
