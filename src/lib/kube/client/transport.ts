import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, createDeadline, createSlots } from '../../async/index.ts';
import { defined } from '../../defined.ts';
import { asTurnpikeError } from '../../errors.ts';
import { readBounded } from './body.ts';
import { type ConnectionsDeps, createConnections } from './connections.ts';
import { parseAnswer, requestInit, unavailable } from './exchange.ts';
import type { RequestQueue } from './request-queue.ts';
import { createSender, type RequestRecord, type Sender } from './sender.ts';

export interface KubeRequest {
  readonly method: string;
  /** Begins with a slash; `resourcePath` makes it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Type of the body. Default: `application/json`. */
  readonly contentType?: string;
  /** For the whole exchange, in milliseconds. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer. Default: 4 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** A page of a list. */
  readonly isList?: boolean;
}

export interface KubeStreamRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The API server, in JSON. Errors are `TurnpikeError`s; `apiStatus` gives the answer behind one. */
export interface KubeClient {
  request(request: KubeRequest): Promise<unknown>;
  /** For watches: no deadline of its own; the signal or cancelling the stream ends it. */
  stream(request: KubeStreamRequest): Promise<ReadableStream<Uint8Array>>;
  /** False from the first connection failure, deadline or 5xx until the next success. */
  available(): boolean;
  readonly config: { readonly server: string; readonly namespace: string };
  /** Default: `OWN_LISTS`. */
  readonly lists?: ListLimits;
  /** For how many milliseconds requests have waited until they could be sent. Default: they never wait. */
  readonly waited?: RequestQueue['waited'];
  /** Ends what is under way, and the idle connections. */
  close(): void;
}

/** How much of its answers and of our connections an API server may take. */
export interface KubeLimits {
  /** Requests at once; watches are not counted. Default: as many as there are. */
  readonly inFlight?: number;
  /** For a request that names none, in milliseconds, the wait for others in flight included. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Bound of an answer where the request sets none. Default: 4 MiB. */
  readonly maxBytes?: number;
  readonly list?: ListLimits;
}

export interface ListLimits {
  /** Objects of a page. */
  readonly pageSize: number;
  readonly pageBytes: number;
  readonly pageTimeoutMs: number;
  readonly maxPages: number;
}

const MIB = 1024 * 1024;

/** Our own API server is believed. */
export const OWN_LISTS: ListLimits = {
  pageSize: 500,
  pageBytes: 256 * MIB,
  pageTimeoutMs: 60_000,
  maxPages: Number.POSITIVE_INFINITY,
};

/** Another cluster's API server may be anybody's; forty thousand objects are read, and beyond that one by one. */
export const REMOTE_LIMITS: KubeLimits = {
  timeoutMs: 3_000,
  maxBytes: 2 * MIB,
  list: { pageSize: 100, pageBytes: 8 * MIB, pageTimeoutMs: 15_000, maxPages: 400 },
};

/** Default: the API server, and a proxy that the kubeconfig names, are believed, and reached directly. */
export interface KubeClientDeps extends ConnectionsDeps {
  readonly limits?: KubeLimits;
  /** Queue that several clients share; the time that a request may take begins behind it. */
  readonly queue?: RequestQueue;
  readonly onRequest?: (request: RequestRecord) => void;
  /** The clock of time limits. Default: timers. */
  readonly clock?: Clock | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * The seam between client-node and Bun: client-node says who we are, Bun's `fetch` speaks. client-node's
 * own transport hands the CA to an agent that Bun ignores.
 */
export function createKubeClient(kubeConfig: KubeConfig, deps: KubeClientDeps = {}): KubeClient {
  const connections = createConnections(kubeConfig, deps);
  const { server, namespace } = connections;
  const { queue, onRequest, limits: { timeoutMs: usualMs = DEFAULT_TIMEOUT_MS, list } = {} } = deps;
  const closing = new AbortController();
  const sender = createSender({ connections, closing: closing.signal, onRequest });
  const exchange = createExchange({ ...deps, sender, server, closing: closing.signal });

  async function request(wanted: KubeRequest): Promise<unknown> {
    const timeoutMs = wanted.timeoutMs ?? usualMs;
    if (!queue) return exchange(wanted, timeoutMs);
    const { isList = false, signal } = wanted;
    const queued = { isList, waitMs: timeoutMs, signals: [closing.signal, signal] };
    try {
      return await queue.run(queued, () => exchange(wanted, timeoutMs));
    } catch (error) {
      throw asTurnpikeError(error, (cause) => sender.failure(cause, signal?.aborted ?? false));
    }
  }

  async function stream(wanted: KubeStreamRequest): Promise<ReadableStream<Uint8Array>> {
    const outgoing = { method: 'GET', ...wanted };
    const signal = AbortSignal.any([wanted.signal, closing.signal]);
    try {
      const response = await sender.send(outgoing, { ...requestInit(outgoing, signal), timeout: false });
      sender.succeeded();
      return response.body ?? new Blob().stream();
    } catch (error) {
      throw sender.failure(error, wanted.signal.aborted);
    }
  }

  function close(): void {
    closing.abort();
    connections.close();
  }

  return {
    request,
    stream,
    available: sender.available,
    config: { server, namespace },
    ...defined({ lists: list, waited: queue?.waited }),
    close,
  };
}

interface ExchangeDeps extends Pick<KubeClientDeps, 'limits' | 'queue' | 'clock'> {
  readonly sender: Sender;
  readonly server: string;
  readonly closing: AbortSignal;
}

/** One request and its whole answer, once it may be sent. */
function createExchange({ sender, server, closing, queue, clock, limits = {} }: ExchangeDeps) {
  const { inFlight, maxBytes: usualBytes = DEFAULT_MAX_BYTES } = limits;
  const own = inFlight === undefined ? undefined : createSlots(inFlight);

  return async (wanted: KubeRequest, timeoutMs: number): Promise<unknown> => {
    const signals = [closing, wanted.signal];
    const deadline = createDeadline({ timeoutMs, signals, schedule: clock?.schedule });
    let giveBack = () => {};
    const held = queue?.answer();
    try {
      if (own) giveBack = await own.take(deadline.signal);
      const { body } = await sender.send(wanted, requestInit(wanted, deadline.signal));
      const bytes = await readBounded(body, wanted.maxBytes ?? usualBytes, deadline.signal, held?.take);
      const parse = () => parseAnswer(bytes, wanted);
      const answer = queue ? await queue.parse(bytes, deadline.signal, parse) : parse();
      sender.succeeded();
      return answer;
    } catch (error) {
      const late = `The API server ${server} did not answer ${wanted.method} ${wanted.path} within ${timeoutMs} ms.`;
      const reason = deadline.expired() ? unavailable(late, error) : error;
      throw sender.failure(reason, wanted.signal?.aborted ?? false);
    } finally {
      held?.release();
      giveBack();
      deadline.clear();
    }
  };
}
