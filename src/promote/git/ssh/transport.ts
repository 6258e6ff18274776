import { TurnpikeError } from '../../../api/errors.ts';
import { createDeadline } from '../../deadline.ts';
import { displayUrl } from '../../outbound.ts';
import type { Remote } from '../failure.ts';
import { unusable } from '../failure.ts';
import {
  ADVERTISEMENT_BOUNDS,
  CALL_BOUNDS,
  type GitService,
  type Transport,
  type TransportDeps,
} from '../transport.ts';
import { createExchange, type Exchange, type ExchangeBounds } from './exchange.ts';
import { openSession, type Session } from './session.ts';

interface Bounds {
  readonly advertisement: ExchangeBounds;
  readonly call: ExchangeBounds;
}

const BOUNDS: Bounds = { advertisement: ADVERTISEMENT_BOUNDS, call: CALL_BOUNDS };

/**
 * Git over SSH (gitprotocol-pack, "SSH Transport"): one connection, and on it one run of a service for each
 * advertisement with the request that follows it.
 */
export function createSshTransport(
  { outbound, url, credentials, signal }: TransportDeps,
  bounds: Bounds = BOUNDS,
): Transport {
  const target = new URL(url);
  const remote: Remote = { name: displayUrl(url), credentials };
  const waiting = new Map<GitService, Exchange>();
  let session: Promise<Session> | undefined;

  async function connect(): Promise<Session> {
    const socket = await outbound.dial(url, signal);
    return openSession({ url: target, remote, socket, signal });
  }

  async function start(service: GitService): Promise<Exchange> {
    session ??= connect();
    const open = await session;
    const { timeoutMs, idleTimeoutMs: idleMs } = bounds.advertisement;
    const deadline = createDeadline({ timeoutMs, idleMs, signal });
    try {
      const started = open.exec(`${service} ${quoted(decodeURIComponent(target.pathname))}`);
      return createExchange(await deadline.race(started), remote, bounds, signal);
    } finally {
      deadline.clear();
    }
  }

  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof TurnpikeError ? error : unusable(error, remote);
    }
  };

  async function advertisement(service: GitService): Promise<Buffer> {
    waiting.get(service)?.close();
    const exchange = await start(service);
    waiting.set(service, exchange);
    return exchange.advertisement();
  }

  async function call(service: GitService, body: Uint8Array): Promise<Buffer> {
    if (!waiting.has(service)) await advertisement(service);
    const exchange = waiting.get(service);
    waiting.delete(service);
    return exchange ? exchange.ask(body) : Buffer.alloc(0);
  }

  return {
    remote,
    advertisement: (service) => told(advertisement(service)),
    call: (service, body) => told(call(service, body)),
    close() {
      session?.then(
        (open) => open.close(),
        () => undefined,
      );
    },
  };
}

/** For the shell that a host may run. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
