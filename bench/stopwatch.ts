/** A forge with a stopwatch in front: what was asked of it, and how long it took. */
export interface Stopwatch {
  readonly url: string;
  /** What was asked since the last call. */
  take(): Taken;
  stop(): void;
}

export interface Taken {
  /** Milliseconds in which an answer to a push, or about a new pull request, was waited for. */
  readonly waited: number;
  /** When the last one of those answers came, as `performance.now` has it. */
  readonly answered: number;
  /** `POST /user/name.git/git-receive-pack`. */
  readonly requests: readonly string[];
}

export function startStopwatch(upstream: string): Stopwatch {
  let waited = 0;
  let answered = 0;
  let requests: string[] = [];
  // Of several answers that are waited for at once the time counts once.
  let open = 0;
  let since = 0;
  function enter() {
    if (open === 0) since = performance.now();
    open += 1;
  }
  function leave() {
    open -= 1;
    answered = performance.now();
    if (open === 0) waited += answered - since;
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const isForges = isForgesOwn(request.method, pathname);
      requests.push(`${request.method} ${pathname}${search}`);
      const headers = new Headers(request.headers);
      headers.delete('host');
      const body = request.body ? await request.arrayBuffer() : undefined;
      if (isForges) enter();
      try {
        const answer = await fetch(`${upstream}${pathname}${search}`, {
          method: request.method,
          headers,
          redirect: 'manual',
          decompress: false,
          ...(body && { body }),
        });
        const bytes = await answer.arrayBuffer();
        return new Response(bytes, { status: answer.status, headers: answer.headers });
      } finally {
        if (isForges) leave();
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    take() {
      const taken = { waited, answered, requests };
      waited = 0;
      requests = [];
      return taken;
    },
    stop: () => void server.stop(true),
  };
}

/** A push, or a pull request that is opened. */
function isForgesOwn(method: string, path: string): boolean {
  return method === 'POST' && /\/(git-receive-pack|pulls)$/.test(path);
}
