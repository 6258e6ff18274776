import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request that goes through the proxy. */
export interface Exchange {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The fate of a request. */
export type Action =
  | { readonly kind: 'pass' }
  /** The proxy answers, and the request never reaches the other side. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is cut before the request reaches the other side. */
  | { readonly kind: 'drop' }
  /** The other side acts and answers, and the answer is lost. */
  | { readonly kind: 'lose' }
  /** The connection is cut in the middle of the body that is on its way. */
  | { readonly kind: 'cut-request' | 'cut-answer' }
  /** The connection is silent for so long, then it is cut. */
  | { readonly kind: 'silence'; readonly ms: number }
  /** An act happens a moment before the request reaches the other side. */
  | { readonly kind: 'after'; readonly act: () => Promise<unknown> };

export type ChooseAction = (exchange: Exchange) => Action;

export interface FaultyProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Cuts all answers that are under way. */
  cutAnswers(): number;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly upstream: string;
  /** PEM, of an upstream that is reached by https. */
  readonly ca?: string;
  readonly chooseAction: ChooseAction;
}

/** A proxy between a program and a server; `chooseAction` decides on each request. */
export async function startProxy({ upstream, ca, chooseAction }: ProxyOptions): Promise<FaultyProxy> {
  const streaming = new Set<ServerResponse>();
  const tls = ca === undefined ? {} : { tls: { ca } };

  async function forward(exchange: Exchange, signal: AbortSignal): Promise<Response> {
    const { method, path, body } = exchange;
    const { host: _, connection: __, 'content-length': ___, ...headers } = exchange.headers;
    const init = { method, headers, redirect: 'manual', decompress: false, signal, timeout: false } as const;
    return fetch(upstream + path, { ...init, ...tls, ...(body.length > 0 && { body }) });
  }

  async function pass(exchange: Exchange, response: ServerResponse): Promise<void> {
    const ended = new AbortController();
    response.on('close', () => ended.abort());
    streaming.add(response);
    try {
      const answer = await forward(exchange, ended.signal);
      response.writeHead(answer.status, headersOf(answer));
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    } finally {
      streaming.delete(response);
    }
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await readExchange(incoming);
    const action = chooseAction(exchange);
    switch (action.kind) {
      case 'pass':
        return pass(exchange, response);
      case 'after':
        await action.act();
        return pass(exchange, response);
      case 'answer':
        response.writeHead(action.status, action.headers ?? {});
        response.end(action.body ?? '');
        return;
      case 'silence':
        await sleep(action.ms);
        break;
      case 'lose':
        await (await forward(exchange, AbortSignal.timeout(60_000))).arrayBuffer();
        break;
      case 'cut-request':
        await sendHalf(upstream, exchange);
        break;
      case 'cut-answer':
        await answerHalf(await forward(exchange, AbortSignal.timeout(60_000)), response);
        break;
      case 'drop':
        break;
    }
    response.socket?.destroy();
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.socket?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    cutAnswers() {
      const count = streaming.size;
      for (const response of streaming) response.socket?.destroy();
      return count;
    },
    async stop() {
      for (const response of streaming) response.socket?.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readExchange(incoming: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}

function headersOf(answer: Response): Record<string, string> {
  const { connection: _, 'transfer-encoding': __, ...headers } = Object.fromEntries(answer.headers);
  return headers;
}

/** The other side gets half of the body and nothing after it. Upstreams of this kind are reached by http. */
function sendHalf(upstream: string, { method, path, headers, body }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const { host: _, connection: __, ...rest } = headers;
    const sent = httpRequest(upstream + path, {
      method,
      headers: { ...rest, 'content-length': String(body.length) },
    });
    sent.on('error', () => resolve());
    sent.on('close', () => resolve());
    sent.write(body.subarray(0, Math.floor(body.length / 2)), () => setTimeout(() => sent.destroy(), 20));
  });
}

async function answerHalf(answer: Response, response: ServerResponse): Promise<void> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, { ...headersOf(answer), 'content-length': String(bytes.length) });
  await new Promise((resolve) => response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), resolve));
  await sleep(20);
}
