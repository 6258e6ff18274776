import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

/** A real Git server, `git http-backend` behind HTTP, on a free port of the loopback interface. */
export interface GitServer {
  /** `http://127.0.0.1:41234`, or https. */
  readonly url: string;
  /** Holds the bare repositories. */
  readonly directory: string;
  /** `GET /app.git/info/refs?service=…`, without the body. */
  readonly requests: { readonly line: string; readonly authorization: string | null }[];
  /** Answers in the server's place when it returns something. */
  intercept: Intercept | undefined;
  close(): Promise<void>;
}

export type Intercept = (
  request: Request,
  real: () => Promise<Response>,
  body: Buffer,
) => Promise<Response> | Response | undefined;

export interface GitServerOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The authority whose clients alone are let in, in PEM. */
  readonly clients?: string;
  /** `user:password`; without it everyone may read and write. */
  readonly login?: string;
  /**
   * The one token that is taken, and as Bearer alone, as Bitbucket Data Center takes those of projects and repositories:
   * https://confluence.atlassian.com/bitbucketserver086/http-access-tokens-1188782454.html
   */
  readonly bearer?: string;
}

export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-git-server-'));
  const backend = join((await run(['git', '--exec-path'])).trim(), 'git-http-backend');
  const requests: GitServer['requests'] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    ...(options.tls ? { tls: { ...options.tls, ...clientsOf(options) } } : {}),
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const authorization = request.headers.get('authorization');
      requests.push({ line: `${request.method} ${pathname}${search}`, authorization });
      const body = await request.arrayBuffer();
      const real = () => callBackend({ backend, directory, request, body: new Uint8Array(body) });
      const answer = await gitServer.intercept?.(request, real, Buffer.from(body));
      if (answer) return answer;
      return isAllowed(authorization, options) ? real() : refused();
    },
  });
  const gitServer: GitServer = {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${server.port}`,
    directory,
    requests,
    intercept: undefined,
    async close() {
      await server.stop(true);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return gitServer;
}

function clientsOf({ clients }: GitServerOptions) {
  return clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true };
}

function isAllowed(authorization: string | null, { login, bearer }: GitServerOptions): boolean {
  if (bearer !== undefined) return authorization === `Bearer ${bearer}`;
  return login === undefined || authorization === `Basic ${Buffer.from(login).toString('base64')}`;
}

function refused(): Response {
  return new Response('who are you?', { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } });
}

export interface Call {
  readonly backend: string;
  readonly directory: string;
  readonly request: Request;
  readonly body: Uint8Array;
}

/** One CGI call (RFC 3875). */
export async function callBackend({ backend, directory, request, body }: Call): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const child = Bun.spawn([backend], {
    stdin: body,
    stdout: 'pipe',
    stderr: 'ignore',
    env: {
      PATH: Bun.env.PATH ?? '',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_USER: 'someone',
      CONTENT_TYPE: request.headers.get('content-type') ?? '',
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: request.headers.get('content-encoding') ?? '',
      GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
    },
  });
  const output = Buffer.from(await new Response(child.stdout).arrayBuffer());
  await child.exited;
  return fromCgi(output);
}

function fromCgi(output: Buffer): Response {
  const end = output.indexOf('\r\n\r\n');
  const headers = new Headers();
  for (const line of output.toString('latin1', 0, Math.max(end, 0)).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get('status') ?? '200', 10);
  headers.delete('status');
  return new Response(output.subarray(end + 4), { status, headers });
}
