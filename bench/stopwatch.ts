/** A forge with a stopwatch in front: how long it took to answer pushes and changes of pull requests. */
export interface Stopwatch {
  readonly url: string;
  /** Milliseconds of these answers since the last call. */
  take(): number;
  stop(): void;
}

export function startStopwatch(upstream: string): Stopwatch {
  let waited = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const started = performance.now();
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete('host');
      const body = request.body ? await request.arrayBuffer() : undefined;
      const answer = await fetch(`${upstream}${pathname}${search}`, {
        method: request.method,
        headers,
        redirect: 'manual',
        decompress: false,
        ...(body && { body }),
      });
      const bytes = await answer.arrayBuffer();
      if (isForgesOwn(request.method, pathname)) waited += performance.now() - started;
      return new Response(bytes, { status: answer.status, headers: answer.headers });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    take() {
      const taken = waited;
      waited = 0;
      return taken;
    },
    stop: () => void server.stop(true),
  };
}

function isForgesOwn(method: string, path: string): boolean {
  if (path.endsWith('/git-receive-pack')) return method === 'POST';
  return method !== 'GET' && path.includes('/pulls');
}
