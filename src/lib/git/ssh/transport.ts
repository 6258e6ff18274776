import { createDeadline, createTurns } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import { displayUrl } from '../../net/index.ts';
import type { Remote } from '../failure.ts';
import { unusable } from '../failure.ts';
import {
  ADVERTISEMENT_BOUNDS,
  DOWNLOAD_BOUNDS,
  type ExchangeBounds,
  type GitService,
  PUSH_BOUNDS,
  type Transport,
  type TransportDeps,
} from '../transport.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { openIdentity, openSession, type Session } from './session.ts';
import { type Unlock, unlock } from './unlock.ts';

interface Bounds {
  readonly advertisement: ExchangeBounds;
  readonly push: ExchangeBounds;
  readonly download: ExchangeBounds;
}

const BOUNDS: Bounds = {
  advertisement: ADVERTISEMENT_BOUNDS,
  push: PUSH_BOUNDS,
  download: DOWNLOAD_BOUNDS,
};

/**
 * Git over SSH (gitprotocol-pack, "SSH Transport"): one connection, and on it one run of a service for each
 * advertisement with the request that follows it.
 */
export function createSshTransport(
  { outbound, url, credentials, signal, unlock: unlocked = unlockAlone }: TransportDeps,
  bounds: Bounds = BOUNDS,
): Transport {
  const target = new URL(url);
  const remote: Remote = { name: displayUrl(url), credentials };
  const waiting = new Map<GitService, Exchange>();
  let session: Promise<Session> | undefined;

  async function connect(): Promise<Session> {
    const privateKey = await openIdentity(remote, unlocked);
    const socket = await outbound.dial(url, signal);
    return openSession({ url: target, privateKey, remote, socket, signal });
  }

  async function start(service: GitService): Promise<Exchange> {
    session ??= connect();
    const open = await session;
    const { timeoutMs, idleTimeoutMs: idleMs } = bounds.advertisement;
    const deadline = createDeadline({ timeoutMs, idleMs, signals: [signal] });
    try {
      const started = open.exec(`${service} ${quoted(pathOf(target))}`);
      return createExchange(await deadline.race(started), remote, bounds.advertisement, signal);
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

  /** What has advertised itself already takes the request. */
  async function exchangeOf(service: GitService): Promise<Exchange> {
    if (!waiting.has(service)) await advertisement(service);
    const exchange = waiting.get(service);
    waiting.delete(service);
    if (!exchange) throw new Error(`${service} is not there`);
    return exchange;
  }

  async function push(body: Uint8Array): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const exchange = await exchangeOf('git-receive-pack');
    await exchange.ask(body, bounds.push, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  async function download(body: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
    const exchange = await exchangeOf('git-upload-pack');
    await exchange.ask(body, bounds.download, take);
  }

  return {
    remote,
    signal,
    advertisement: (service) => told(advertisement(service)),
    push: (body) => told(push(body)),
    download: (body, take) => told(download(body, take)),
    close() {
      session?.then(
        (open) => open.close(),
        () => undefined,
      );
    },
  };
}

const unlockAlone: Unlock = (key, passphrase) => unlock(key, passphrase, createTurns().job());

/** As Git has it: `~`, or a user's, is no directory below the root (git-clone, "GIT URLS"). */
function pathOf({ pathname }: URL): string {
  return decodeURIComponent(pathname).replace(/^\/~/, '~');
}

/** For the shell that a host may run. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
