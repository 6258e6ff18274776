import { lookup as dnsLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { errorMessage, TurnpikeError } from '../api/errors.ts';
import {
  type HostPolicy,
  hostProblem,
  isForbiddenAddress,
  isInsecureHost,
  repositoryHostProblem,
} from '../decide/hosts.ts';
import { createDeadline, type Deadline } from './deadline.ts';

/** One request to a forge or a Git host. */
export interface OutboundRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** PEM of a private CA, trusted beside the public ones. */
  readonly ca?: string;
  /** For the whole exchange, the answer's body included, in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** For silence while waiting for the next bytes, in milliseconds; default: `timeoutMs`. */
  readonly idleTimeoutMs?: number;
  /** Bound of the answer's body after decompression, in bytes; default 16 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Which family of error codes a failure gets; default `forge`. */
  readonly purpose?: Purpose;
}

export type Purpose = 'forge' | 'git';

/**
 * The one door to forges and Git hosts. The answer has been read as a whole when `send` returns. Redirects
 * are handed back as they are, so that credentials never go to another host.
 * Throws `HostNotAllowed`, `ForgeUnavailable`/`GitUnavailable` for the network and the deadline, and
 * `ForgeRefused`/`GitTooLarge` for a body over its bound; every HTTP status is an answer, not an error.
 */
export interface Outbound {
  send(request: OutboundRequest): Promise<Response>;
  /** A connection to the host of an `ssh:` URL, at an address that was looked at. */
  dial(url: string, signal?: AbortSignal): Promise<Socket>;
}

/** The addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const DEFAULT_TIMEOUT_MS = 30_000;
const DIAL_MS = 30_000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const LOOKUP_KEPT_MS = 5_000;
const LOOKUPS_KEPT = 1_000;

/** The URL for messages: without credentials, query and fragment. */
export function displayUrl(url: string): string {
  if (!URL.canParse(url)) return 'the URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/**
 * What cannot be closed here: between our look-up and the connection a name may change its address. Such a
 * host still has to show a certificate for its name before a byte of the request is sent, because only
 * listed hosts are reached by http.
 */
export function createOutbound(policy: HostPolicy, deps: { readonly lookup?: Lookup } = {}): Outbound {
  const addressesOf = rememberFor(LOOKUP_KEPT_MS, deps.lookup ?? systemLookup);
  return {
    async send(request) {
      const problem = URL.canParse(request.url)
        ? hostProblem(new URL(request.url), policy)
        : 'The URL to send a request to is no URL.';
      if (problem !== undefined) throw new TurnpikeError('HostNotAllowed', problem, { retry: 'never' });
      const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const idleMs = request.idleTimeoutMs ?? timeoutMs;
      const deadline = createDeadline({ timeoutMs, idleMs, signal: request.signal });
      try {
        await deadline.race(refuseForbiddenAddresses(new URL(request.url), policy, addressesOf));
        return await exchange(request, deadline);
      } catch (error) {
        request.signal?.throwIfAborted();
        throw networkError(error, request);
      } finally {
        deadline.clear();
      }
    },
    async dial(url, signal) {
      const target = new URL(url);
      const problem = repositoryHostProblem(target, policy);
      if (problem !== undefined) throw new TurnpikeError('HostNotAllowed', problem, { retry: 'never' });
      const deadline = createDeadline({ timeoutMs: DIAL_MS, idleMs: DIAL_MS, signal });
      try {
        const host = target.hostname.replace(/^\[|\]$/g, '');
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

async function refuseForbiddenAddresses(url: URL, policy: HostPolicy, lookup: Lookup): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 || isInsecureHost(url, policy)) return;
  const forbidden = (await lookup(host)).find(isForbiddenAddress);
  if (forbidden === undefined) return;
  throw new TurnpikeError(
    'HostNotAllowed',
    `${host} resolves to ${forbidden}, a loopback, link-local or metadata address: list ${url.host} in --insecure-git-hosts if it is meant.`,
  );
}

async function exchange(request: OutboundRequest, deadline: Deadline): Promise<Response> {
  const { url, method = 'GET', headers = {}, body, ca } = request;
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'turnpike', ...headers },
    redirect: 'manual',
    signal: deadline.signal,
    ...(body === undefined ? {} : { body }),
    // Bun takes `ca` in place of the public roots.
    ...(ca === undefined ? {} : { tls: { ca: [...rootCertificates, ca] } }),
  });
  deadline.progress();
  const bytes = await readBody(response, request, deadline);
  const kept = new Headers(response.headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  const { status, statusText } = response;
  return new Response(bytes.length === 0 ? null : bytes, { status, statusText, headers: kept });
}

async function readBody(response: Response, request: OutboundRequest, deadline: Deadline) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const limit = request.maxBytes ?? DEFAULT_MAX_BYTES;
  if (response.body === null) return new Uint8Array();
  for await (const chunk of response.body) {
    deadline.progress();
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(request, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(request: OutboundRequest, limit: number): TurnpikeError {
  const message = `${displayUrl(request.url)} answered with more than ${limit} bytes.`;
  return request.purpose === 'git'
    ? new TurnpikeError('GitTooLarge', message, { retry: 'never' })
    : new TurnpikeError('ForgeRefused', message);
}

function networkError(error: unknown, request: OutboundRequest): TurnpikeError {
  if (error instanceof TurnpikeError) return error;
  const code = request.purpose === 'git' ? 'GitUnavailable' : 'ForgeUnavailable';
  const { host } = new URL(request.url);
  return new TurnpikeError(code, `${host} could not be reached: ${reason(error)}`, { cause: error });
}

/** Bun's own texts quote the URL and advise on its API; the codes say the same in fewer words. */
function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'the connection was refused.';
  if (code === 'ENOTFOUND') return 'DNS does not know this name.';
  if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code)) {
    return `its certificate is not trusted (${code}); a private CA goes into caFile of the Secret.`;
  }
  return code === '' ? errorMessage(error) : `${code}.`;
}

async function systemLookup(host: string): Promise<string[]> {
  const found = await dnsLookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** Remembers answers for a few seconds, failures not at all. */
function rememberFor(keptMs: number, lookup: Lookup): Lookup {
  const known = new Map<string, { readonly until: number; readonly addresses: readonly string[] }>();
  return async (host) => {
    const kept = known.get(host);
    if (kept && kept.until > performance.now()) return kept.addresses;
    const addresses = await lookup(host);
    if (known.size >= LOOKUPS_KEPT) known.clear();
    known.set(host, { until: performance.now() + keptMs, addresses });
    return addresses;
  };
}
