import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface FakeProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `CONNECT host:port` and `METHOD http://host/path` of all that was asked of it, refused or not. */
  readonly requests: string[];
  /** The headers of each, as JSON. */
  readonly headers: string[];
  stop(): Promise<void>;
}

export interface FakeProxyOptions {
  /** Ports on loopback by the `host:port` that they stand for; only the proxy resolves these names. */
  readonly routes: Readonly<Record<string, number>>;
  /** `user:password`; without it everyone may pass. */
  readonly login?: string;
  /** The proxy's certificate and key, when it is reached by https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const REASONS: Readonly<Record<number, string>> = {
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
};

/** A proxy as RFC 9110 has it: tunnels for https (9.3.6), and requests in absolute form for http (RFC 9112, 3.2.2). */
export async function startFakeProxy({ routes, login, tls }: FakeProxyOptions): Promise<FakeProxy> {
  const requests: string[] = [];
  const headers: string[] = [];
  const sockets = new Set<Duplex>();
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;

  /** The port behind a name, or the status of the refusal. */
  function routeOf(name: string, asked: IncomingMessage): { port: number } | { status: number } {
    requests.push(`${asked.method} ${asked.url}`);
    headers.push(JSON.stringify(asked.headers));
    if (wanted !== undefined && asked.headers['proxy-authorization'] !== wanted) return { status: 407 };
    const port = routes[name];
    return port === undefined ? { status: 502 } : { port };
  }

  function forward(asked: IncomingMessage, answer: ServerResponse): void {
    const { hostname, port: named, pathname, search } = new URL(asked.url ?? '');
    const route = routeOf(`${hostname}:${named || 80}`, asked);
    if ('status' in route) {
      answer.writeHead(route.status).end();
      return;
    }
    const { 'proxy-authorization': _, ...kept } = asked.headers;
    const options = { host: '127.0.0.1', port: route.port, path: pathname + search, headers: kept };
    const onward = request({ ...options, method: asked.method ?? 'GET' }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  }

  function tunnel(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    const route = routeOf(asked.url ?? '', asked);
    if ('status' in route) {
      client.end(`HTTP/1.1 ${route.status} ${REASONS[route.status]}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const server = connect(route.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  }

  const proxy = tls ? createTlsServer(tls, forward) : createServer(forward);
  proxy.on('connect', tunnel);
  proxy.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests,
    headers,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
