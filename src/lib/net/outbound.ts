import { connect, isIP, type Socket } from 'node:net';
import { createDeadline, createSlots, type Deadline, type DeadlineOptions, ownTurn } from '../async/index.ts';
import { TurnpikeError } from '../errors.ts';
import { withoutBrackets } from './addresses.ts';
import { type HostPolicy, hostProblem, repositoryHostProblem } from './hosts.ts';
import { type Lookup, remembered, systemLookup } from './lookup.ts';
import { exchange } from './outbound/exchange.ts';
import { networkError, proxyRefusal } from './outbound/failure.ts';
import { refuseForbiddenAddresses } from './outbound/lookup.ts';
import { atCheckedAddress, refuseProxy, type UsedProxy } from './outbound/proxy.ts';
import type { OutboundRequest } from './outbound/request.ts';
import type { ProxyFor } from './proxy.ts';

export { displayUrl } from './outbound/failure.ts';

/**
 * Sends requests to forges and Git hosts. The answer has been read as a whole when `send` returns. Redirects
 * are handed back as they are, so that credentials never go to another host.
 * Throws `HostNotAllowed`, `ForgeUnavailable`/`GitUnavailable` for the network and the deadline, and
 * `ForgeRefused`/`GitTooLarge` for a body over its bound; every HTTP status is an answer, not an error.
 */
export interface Outbound {
  send(request: OutboundRequest): Promise<Response>;
  /**
   * Waits for room for one request, for a caller that has to look at something between that wait and the request. Call what
   * it gives behind the request.
   */
  room?(request: Pick<OutboundRequest, 'signal' | 'waiting'>): Promise<() => void>;
  /** A connection to the host of an `ssh:` URL, at an address that was looked at; never through a proxy. */
  dial(url: string, signal?: AbortSignal): Promise<Socket>;
}

export interface OutboundDeps {
  readonly lookup?: Lookup;
  /** Default: every host is reached directly. */
  readonly proxyFor?: ProxyFor;
  /** Requests at once; the others wait, and their deadlines begin behind that. Default: as many as there are. */
  readonly atOnce?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DIAL_MS = 30_000;

/**
 * One gap stays open: between our look-up and the connection a name may change its address. Such a
 * host still has to show a certificate for its name before a byte of the request is sent, because only
 * listed hosts are reached by http. Behind a proxy names may mean nothing here: the proxy checks them.
 */
export function createOutbound(policy: HostPolicy, deps: OutboundDeps = {}): Outbound {
  const addressesOf = remembered(deps.lookup ?? systemLookup);
  const slots = deps.atOnce === undefined ? undefined : createSlots(deps.atOnce);

  async function room(request: Pick<OutboundRequest, 'signal' | 'waiting'>): Promise<() => void> {
    return slots ? ownTurn(request, slots.take(request.signal)) : () => undefined;
  }

  /** The proxy at an address that was looked at; undefined: directly, to a host that was looked at. */
  async function checkedProxy(url: URL, proxy: UsedProxy | undefined, bounds: DeadlineOptions) {
    if (proxy && !proxy.isOwn) return proxy.url;
    if (proxy) return inTime(bounds, () => atCheckedAddress(proxy, policy, addressesOf));
    await inTime(bounds, () => refuseForbiddenAddresses(url, policy, addressesOf));
    return undefined;
  }

  return {
    room,
    async send(request) {
      const problem = URL.canParse(request.url)
        ? hostProblem(new URL(request.url), policy)
        : 'The URL of the request is not valid.';
      if (problem !== undefined) throw new TurnpikeError('HostNotAllowed', problem);
      const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = request;
      const bounds = { timeoutMs, idleMs: request.idleTimeoutMs ?? timeoutMs, signals: [signal] };
      const url = new URL(request.url);
      const proxy = proxyOf(request, deps.proxyFor?.(url));
      if (proxy) refuseProxy(proxy, policy);
      let giveBack: (() => void) | undefined;
      try {
        const through = await checkedProxy(url, proxy, bounds);
        if (!request.hasRoom) giveBack = await room(request);
        const response = await inTime(bounds, (deadline) => exchange(request, through, deadline));
        const refusal = proxy && proxyRefusal(response, request, proxy);
        if (refusal) throw refusal;
        return response;
      } catch (error) {
        request.signal?.throwIfAborted();
        throw networkError(error, request, proxy);
      } finally {
        giveBack?.();
      }
    },
    async dial(url, signal) {
      const target = new URL(url);
      const problem = repositoryHostProblem(target, policy);
      if (problem !== undefined) throw new TurnpikeError('HostNotAllowed', problem);
      const deadline = createDeadline({ timeoutMs: DIAL_MS, signals: [signal] });
      try {
        const host = withoutBrackets(target.hostname);
        const addresses = isIP(host) === 0 ? await deadline.race(addressesOf(host)) : [host];
        await deadline.race(refuseForbiddenAddresses(target, policy, async () => addresses));
        return await connectTo(addresses[0] ?? host, Number(target.port || '22'), deadline.signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw networkError(error, { url, purpose: 'git' });
      } finally {
        deadline.clear();
      }
    },
  };
}

function proxyOf({ proxy }: OutboundRequest, ofEnvironment: URL | undefined): UsedProxy | undefined {
  if (proxy) return { url: proxy, isOwn: true };
  return ofEnvironment && { url: ofEnvironment, isOwn: false };
}

async function inTime<T>(bounds: DeadlineOptions, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = createDeadline(bounds);
  try {
    return await deadline.race(work(deadline));
  } finally {
    deadline.clear();
  }
}

async function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  socket.once('error', reject);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
