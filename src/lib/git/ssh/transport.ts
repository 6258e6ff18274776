import { createDeadline, createTurns } from '../../async/index.ts';
import { asTurnpikeError } from '../../errors.ts';
import { displayUrl } from '../../net/index.ts';
import { type Remote, unusable } from '../failure.ts';
import {
  ADVERTISEMENT_BOUNDS,
  DOWNLOAD_BOUNDS,
  type ExchangeBounds,
  type GitService,
  PUSH_BOUNDS,
  type Transport,
  type TransportDeps,
} from '../transport.ts';
import { createExchange, type Exchange } from './channel.ts';
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
export function createSshTransport(deps: TransportDeps, bounds: Bounds = BOUNDS): Transport {
  const { url, credentials, signal, advice } = deps;
  const remote: Remote = { name: displayUrl(url), credentials, advice };
  const connection = createConnection(deps, remote, bounds.advertisement);
  const exchanges = createExchanges(connection.start);

  const orGitError = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      signal.throwIfAborted();
      throw asTurnpikeError(error, (cause) => unusable(cause, remote));
    }
  };

  async function push(body: Uint8Array): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const exchange = await exchanges.take('git-receive-pack');
    await exchange.ask(body, bounds.push, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks);
  }

  async function download(body: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
    const exchange = await exchanges.take('git-upload-pack');
    await exchange.ask(body, bounds.download, take);
  }

  return {
    remote,
    signal,
    advertisement: (service) => orGitError(exchanges.advertisement(service)),
    push: (body) => orGitError(push(body)),
    download: (body, take) => orGitError(download(body, take)),
    close: connection.close,
  };
}

type Start = (service: GitService) => Promise<Exchange>;

/** Connects with the first service that is started. */
function createConnection(
  { outbound, url, signal, unlock: unlocked = unlockAlone }: TransportDeps,
  remote: Remote,
  bounds: ExchangeBounds,
): { readonly start: Start; readonly close: () => void } {
  const target = new URL(url);
  let session: Promise<Session> | undefined;

  async function connect(): Promise<Session> {
    const privateKey = await openIdentity(remote, unlocked);
    const socket = await outbound.dial(url, signal);
    return openSession({ url: target, privateKey, remote, socket, signal });
  }

  return {
    async start(service) {
      session ??= connect();
      const open = await session;
      const { timeoutMs, idleTimeoutMs: idleMs } = bounds;
      const deadline = createDeadline({ timeoutMs, idleMs, signals: [signal] });
      try {
        const started = open.exec(`${service} ${quoted(pathOf(target))}`);
        return createExchange(await deadline.race(started), remote, bounds, signal);
      } finally {
        deadline.clear();
      }
    },
    close() {
      session?.then(
        (open) => open.close(),
        () => undefined,
      );
    },
  };
}

/** Keeps a run that has advertised itself for the request that follows. */
function createExchanges(start: Start) {
  const advertised = new Map<GitService, Exchange>();

  async function advertisement(service: GitService): Promise<Buffer> {
    advertised.get(service)?.close();
    const exchange = await start(service);
    advertised.set(service, exchange);
    return exchange.advertisement();
  }

  return {
    advertisement,
    async take(service: GitService): Promise<Exchange> {
      if (!advertised.has(service)) await advertisement(service);
      const exchange = advertised.get(service);
      advertised.delete(service);
      if (!exchange) throw new Error(`${service} is not there`);
      return exchange;
    },
  };
}

const unlockAlone: Unlock = (key, passphrase) => unlock(key, passphrase, createTurns().job());

/** `~`, or a user's, is not a directory below the root, as Git has it (git-clone, "GIT URLS"). */
function pathOf({ pathname }: URL): string {
  return decodeURIComponent(pathname).replace(/^\/~/, '~');
}

/** Quotes the path for the shell that a host may run. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
