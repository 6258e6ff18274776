import { createServer, type Server, type TlsOptions as ServerOptions, type TLSSocket } from 'node:tls';
import type { Socket } from 'bun';
import type { Logger } from '../telemetry/log.ts';

/** A certificate, or a chain of them with the server's first, and its private key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Authorities as PEM: callers must show a certificate of one of them. Without it they need none. */
  readonly clientCa?: readonly string[];
}

export interface TlsOptions {
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly certificate: Certificate;
  /** Path of the Unix socket that gets what was decrypted. */
  readonly inside: string;
  /** For the log. */
  readonly name: string;
  readonly log: Logger;
}

type Inner = Socket<undefined>;

/** Takes TLS connections and passes on what they carry. */
export interface Tls {
  readonly port: number;
  /** For handshakes from now on; connections that exist go on as they are. Throws if it is none. */
  setCertificate(certificate: Certificate): void;
  /** Takes no more connections. */
  close(): void;
}

const HANDSHAKE_MS = 10_000;
/** An API server uses one connection for each review that is under way. */
const MAX_CONNECTIONS = 4096;

/**
 * TLS in front of a listener without it. Bun's own server cannot change its certificate, and a second one
 * on the same port loses the connections that wait in the first one's queue when that ends. Here there is
 * one queue for good. Undefined when the address cannot be had; the log says why.
 */
export function startTls(options: TlsOptions): Tls | undefined {
  const { hostname, port, inside, certificate, name, log } = options;
  const server = createServer({
    ...contextOf(certificate),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('secureConnection', (outer) => passOn(outer, inside));
  server.on('tlsClientError', (error, socket) => {
    log.debug({ server: name, error: error.message }, 'TLS handshake failed');
    socket.destroy();
  });
  server.on('error', (error) => log.error({ server: name, error }, 'listener failed'));
  server.listen(port, hostname);
  const bound = portOf(server);
  return bound === undefined
    ? undefined
    : {
        port: bound,
        setCertificate(next) {
          if (certificate.clientCa && !next.clientCa)
            throw new Error('the authorities of callers are missing');
          server.setSecureContext(contextOf(next));
        },
        close: () => void server.close(),
      };
}

/** A caller without a certificate of the authorities gets no further than the handshake. */
function contextOf({ cert, key, clientCa }: Certificate): ServerOptions {
  if (!clientCa) return { cert, key };
  return { cert, key, ca: [...clientCa], requestCert: true, rejectUnauthorized: true };
}

/** Bun's bare socket for the inner side: a stream there as well would cost as much as all of TLS. */
function passOn(outer: TLSSocket, unix: string): void {
  // What the inner side did not take yet; the outer one is not read until it has.
  let rest: Uint8Array | undefined;
  const send = (inner: Inner, bytes: Uint8Array) => {
    const sent = inner.write(bytes);
    rest = sent < bytes.length ? bytes.subarray(Math.max(sent, 0)) : undefined;
    if (rest) outer.pause();
    else if (outer.isPaused()) outer.resume();
  };
  const connected = Bun.connect({
    unix,
    socket: {
      open(inner) {
        outer.on('data', (bytes: Uint8Array) => send(inner, bytes));
        outer.on('drain', () => inner.resume());
        outer.on('close', () => inner.end());
        if (outer.destroyed) inner.end();
      },
      data(inner, bytes) {
        if (!outer.write(bytes)) inner.pause();
      },
      drain(inner) {
        if (rest) send(inner, rest);
      },
      close: () => outer.destroySoon(),
      error: () => void outer.destroy(),
    },
  });
  connected.catch(() => outer.destroy());
  // `close` follows, which ends the inner side.
  outer.on('error', () => outer.destroy());
}

/** Bun has bound the address when `listen` returns. */
function portOf(server: Server): number | undefined {
  const address = server.address();
  return address && typeof address === 'object' ? address.port : undefined;
}
