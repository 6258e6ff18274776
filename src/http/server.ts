import { TurnpikeError } from '../api/errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { problem } from './problem.ts';

/** A listener. `stop` lets what is under way finish, within the deadline. */
export interface Server {
  readonly address: string;
  /** Goes on with another certificate without refusing a connection. */
  setCertificate(certificate: Certificate): Promise<void>;
  stop(deadlineSeconds: number): Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
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

export function startServer(options: ServerOptions): Server {
  const { hostname, port } = parseAddress(options.address);
  let current = listen(options, hostname, port, options.certificate);
  const address = `${formatHost(hostname)}:${current.port}`;
  options.log.info({ server: options.name, address }, 'listening');

  // Bun's reload keeps the old certificate, so a second listener takes over the port.
  async function setCertificate(certificate: Certificate): Promise<void> {
    const old = current;
    current = listen(options, hostname, old.port ?? port, certificate);
    await old.stop();
  }

  async function stop(deadlineSeconds: number): Promise<void> {
    const drained = current.stop();
    const late = Bun.sleep(deadlineSeconds * 1000).then(() => 'late' as const);
    if ((await Promise.race([drained, late])) === 'late') void current.stop(true);
  }

  return { address, setCertificate, stop };
}

function listen(
  { fetch, log, name, address }: ServerOptions,
  hostname: string,
  port: number,
  tls: Certificate | undefined,
): Bound {
  try {
    return Bun.serve({
      hostname,
      port,
      reusePort: tls !== undefined,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      ...(tls && { tls }),
      fetch: (request, server) => fetch(request, { source: server.requestIP(request)?.address ?? '' }),
      error: (error) => {
        log.error({ server: name, error }, 'request failed');
        return problem({ status: 500, title: 'Internal Server Error' });
      },
    });
  } catch (cause) {
    const message = `The ${name} server cannot listen on ${address}: is the port taken?`;
    throw new TurnpikeError('ConfigInvalid', message, { retry: 'never', cause });
  }
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
