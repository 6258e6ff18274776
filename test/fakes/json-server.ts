import * as v from 'valibot';
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

/** An operation as the service describes it. */
export interface Described {
  readonly method: JsonAsked['method'];
  /** Below the root of the API, or the whole path of what lies elsewhere. */
  readonly path: RegExp;
  /** The schema of the query's parameters, which are texts; default: no parameters. */
  readonly query?: v.GenericSchema;
  /** The schema of the body; default: none, or an empty one. */
  readonly body?: v.GenericSchema;
}

export interface JsonServerOptions {
  /** The operations that are described; any other request is refused. */
  readonly operations?: readonly Described[];
  /** The repository's root. */
  readonly root: string;
  /** Answers requests that do not lie below the root, by their whole path. */
  readonly others?: (asked: JsonAsked) => Response | undefined | Promise<Response | undefined>;
  /** Answers requests that are not the API's, such as Git's. */
  readonly before?: (request: Request) => Promise<Response | undefined>;
  /** The whole header. */
  readonly authorization: string;
  /** The answer to a request without the header. */
  readonly unauthorized: () => Response;
  readonly notFound: () => Response;
  readonly handle: (asked: JsonAsked) => Response | Promise<Response>;
}

/** The part that the stand-ins of forges have in common. */
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
    const undescribed = rejection(options, request, text);
    if (undescribed) return undescribed;
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (text !== '') bodies.push(body);
    const fault = faults.shift();
    if (fault) return jsonAnswer(fault.status, fault.body, fault.headers);
    if (request.headers.get('authorization') !== options.authorization) return options.unauthorized();
    return handled({ method: request.method, path: url.pathname, query: url.searchParams, body });
  }

  async function handled(asked: JsonAsked): Promise<Response> {
    const other = await options.others?.(asked);
    if (other) return other;
    if (!asked.path.startsWith(options.root)) return options.notFound();
    return options.handle({ ...asked, path: asked.path.slice(options.root.length) });
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

/** The answer to a request that deviates from its description. */
function rejection(
  { operations, root }: JsonServerOptions,
  request: Request,
  text: string,
): Response | undefined {
  const type = request.headers.get('content-type') ?? 'none';
  if (text !== '' && !type.startsWith('application/json')) return jsonAnswer(415, { error: type });
  const fault = operations && faultOf(operations, root, request, text);
  return fault === undefined ? undefined : jsonAnswer(400, { error: fault });
}

function faultOf(
  operations: readonly Described[],
  root: string,
  { method, url }: Request,
  text: string,
): string | undefined {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.startsWith(root) ? pathname.slice(root.length) : pathname;
  const operation = operations.find((one) => one.method === method && one.path.test(path));
  if (!operation) return `${method} ${path} is not described`;
  const { query = v.strictObject({}), body = v.strictObject({}) } = operation;
  const asked = v.safeParse(query, Object.fromEntries(searchParams));
  if (!asked.success) return `${method} ${path}: ${v.summarize(asked.issues)}`;
  const sent = v.safeParse(body, text === '' ? {} : JSON.parse(text));
  return sent.success ? undefined : `${method} ${path}: ${v.summarize(sent.issues)}`;
}

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' && body.startsWith('<') ? 'text/html' : 'application/json';
  return new Response(text, { status, headers: { 'content-type': type, ...headers } });
}
