import type { Fault } from './github.ts';

/** A request to a stand-in of a forge's API, its body parsed. */
export interface JsonAsked {
  readonly method: string;
  /** Below the root of the API. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

export interface JsonServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `METHOD path?query` of every request. */
  readonly requests: string[];
  /** Bodies of the requests that had one. */
  readonly bodies: unknown[];
  /** The next request gets this answer. */
  fail(fault: Fault): void;
  stop(): Promise<void>;
}

export interface JsonServerOptions {
  /** Of the repository. */
  readonly root: string;
  /** What does not lie below the root; by its whole path. */
  readonly others?: (asked: JsonAsked) => Response | undefined | Promise<Response | undefined>;
  /** What is no request to the API, such as Git's. */
  readonly before?: (request: Request) => Promise<Response | undefined>;
  /** The whole header. */
  readonly authorization: string;
  /** To who lacks it. */
  readonly unauthorized: () => Response;
  readonly notFound: () => Response;
  readonly handle: (asked: JsonAsked) => Response | Promise<Response>;
}

/** What the stand-ins of forges have in common. */
export function startJsonServer(options: JsonServerOptions): JsonServer {
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const faults: Fault[] = [];

  async function answer(request: Request): Promise<Response> {
    const before = await options.before?.(request);
    if (before) return before;
    const url = new URL(request.url);
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const text = await request.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (text !== '') bodies.push(body);
    const fault = faults.shift();
    if (fault) return jsonAnswer(fault.status, fault.body, fault.headers);
    if (request.headers.get('authorization') !== options.authorization) return options.unauthorized();
    const asked = { method: request.method, path: url.pathname, query: url.searchParams, body };
    const other = await options.others?.(asked);
    if (other) return other;
    if (!url.pathname.startsWith(options.root)) return options.notFound();
    return options.handle({ ...asked, path: url.pathname.slice(options.root.length) });
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    requests,
    bodies,
    fail: (fault) => faults.push(fault),
    stop: () => server.stop(true),
  };
}

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' && body.startsWith('<') ? 'text/html' : 'application/json';
  return new Response(text, { status, headers: { 'content-type': type, ...headers } });
}
