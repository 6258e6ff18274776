import type { Clock } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { createFaultAnswer } from '../fault.ts';
import { startAccepting } from './accept.ts';
import { listenOn, parseAddress } from './bind.ts';
import type { ConnectionLimits } from './connections.ts';
import { createReception, type Reception } from './front.ts';
import { createInnerServers } from './inner.ts';
import { createTrustedProxies, type TrustedProxies } from './source.ts';
import { type Certificate, checkCertificate, serverTls } from './tls.ts';

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
  /** Proxies that are believed; default: none. */
  readonly proxies?: TrustedProxies;
  readonly connections?: ConnectionLimits;
  /** The clock of their limits. Default: timers. */
  readonly clock?: Clock;
  readonly log: Logger;
}

/** Longer than the 90 seconds that the API server keeps idle connections to webhooks. */
const IDLE_SECONDS = 120;
/** Handlers have lower limits of their own; this one only keeps Bun's from answering in their place. */
const MAX_REQUEST_BYTES = 1024 ** 3;

type Bound = ReturnType<typeof Bun.serve>;

/** Every connection comes in through a front, which passes its bytes on to a server inside; that one does TLS. */
export function startServer(options: ServerOptions): Server {
  const { log, name, proxies = createTrustedProxies([]) } = options;
  const fault = createFaultAnswer(name, log);
  let certificate = options.certificate && checkCertificate(options.certificate);
  const inner = createInnerServers(name, (unix, source) =>
    serve(options.fetch, { unix, source, proxies, certificate, fault }),
  );
  const reception = createReception({
    name,
    inner,
    limits: options.connections,
    isProxy: proxies.includes,
    clock: options.clock,
    log,
  });
  const { started: front, address } = startFront(options, reception);
  log.info({ server: name, address }, 'listening');

  return {
    address,
    setCertificate(next) {
      if (certificate?.clientCa && !next.clientCa) throw new Error('the authorities of callers are missing');
      certificate = checkCertificate(next);
      inner.renew();
    },
    async stop(deadlineSeconds) {
      front.close();
      const drained = inner.stop(false);
      const late = Bun.sleep(deadlineSeconds * 1000).then(() => 'late' as const);
      if ((await Promise.race([drained, late])) === 'late') void inner.stop(true);
      reception.stop();
    },
  };
}

function startFront({ name, address }: ServerOptions, reception: Reception) {
  const { hostname, port } = parseAddress(address);
  const { accept } = reception;
  try {
    return listenOn(hostname, (host) => startAccepting({ hostname: host, port, accept }));
  } catch (cause) {
    reception.stop();
    const message = `The ${name} server cannot listen on ${address}: is the port taken?`;
    throw new TurnpikeError('ConfigInvalid', message, { cause });
  }
}

interface Inside {
  /** Path of the socket. */
  readonly unix: string;
  readonly source: string;
  readonly proxies: TrustedProxies;
  readonly certificate: Certificate | undefined;
  readonly fault: (error: unknown) => Response;
}

function serve(fetch: ServerOptions['fetch'], { unix, source, proxies, certificate, fault }: Inside): Bound {
  // Bun keeps to it on Unix sockets too; its types do not say so.
  const idle: object = { idleTimeout: IDLE_SECONDS };
  return Bun.serve({
    unix,
    ...idle,
    ...(certificate && { tls: serverTls(certificate) }),
    maxRequestBodySize: MAX_REQUEST_BYTES,
    fetch: (request) => fetch(request, { source: proxies.callerOf(source, request) }),
    error: fault,
  });
}
