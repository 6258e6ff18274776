/** A forge with a stopwatch in front: records its requests and how long it took to answer. */
export interface Stopwatch {
  readonly url: string;
  /** Returns the times since the last call. */
  take(): Taken;
  stop(): void;
}

export interface Taken {
  /** Milliseconds in which an answer to a push, or about a new pull request, was waited for. */
  readonly waited: number;
  /** The same for all other answers, such as to where the branches are. */
  readonly asked: number;
  /** The time of the last answer of the first kind, on the clock of `performance.now`. */
  readonly answered: number;
  /** `POST /user/name.git/git-receive-pack`. */
  readonly requests: readonly string[];
}

/** Time in which at least one answer is waited for: of several at once it counts once. */
function createSpan() {
  let total = 0;
  let open = 0;
  let since = 0;
  let left = 0;
  return {
    enter() {
      if (open === 0) since = performance.now();
      open += 1;
    },
    leave() {
      open -= 1;
      left = performance.now();
      if (open === 0) total += left - since;
    },
    take() {
      const taken = { total, left };
      total = 0;
      return taken;
    },
  };
}

export function startStopwatch(upstream: string): Stopwatch {
  const own = createSpan();
  const questions = createSpan();
  let requests: string[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const span = isForgesOwn(request.method, pathname) ? own : questions;
      requests.push(`${request.method} ${pathname}${search}`);
      const headers = new Headers(request.headers);
      headers.delete('host');
      const body = request.body ? await request.arrayBuffer() : undefined;
      span.enter();
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
        span.leave();
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    take() {
      const { total: waited, left: answered } = own.take();
      const taken = { waited, asked: questions.take().total, answered, requests };
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
