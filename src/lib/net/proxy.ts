import { TurnpikeError } from '../errors.ts';
import { commaSeparated } from '../text/index.ts';
import { isAddress, isInNetwork, isLoopbackAddress } from './addresses.ts';
import { hostOf, portOf, splitPattern } from './hosts.ts';

/** Variables of the environment for proxies, as they are written there; empty where they are not set. */
export interface ProxyVariables {
  /** `HTTP_PROXY` */
  readonly http: string;
  /** `HTTPS_PROXY` */
  readonly https: string;
  /** `NO_PROXY` */
  readonly except: string;
}

/** The proxy that a request to this URL goes through, with its user and password; undefined: directly. */
export type ProxyFor = (url: URL) => URL | undefined;

/**
 * By the rules of Go's httpproxy, which Flux's controllers keep to: one proxy a scheme, and NO_PROXY with
 * `host` (names below it included), `.host` and `*.host` (those alone), addresses, networks, `host:port` and
 * `*`. Loopback is never proxied. What is no proxy that can be used is an error here rather than no proxy.
 *
 * @throws TurnpikeError ConfigInvalid
 */
export function createProxyFor({ http, https, except }: ProxyVariables): ProxyFor {
  const proxies = new Map([
    ['http:', proxyUrl('HTTP_PROXY', http)],
    ['https:', proxyUrl('HTTPS_PROXY', https)],
  ]);
  const entries = commaSeparated(except.toLowerCase());
  return (url) => (isLoopback(url) || isExcepted(url, entries) ? undefined : proxies.get(url.protocol));
}

/** A host alone is reached by http. The value may hold a password and is not repeated. */
function proxyUrl(variable: string, value: string): URL | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url && /^https?:$/.test(url.protocol)) return url;
  const fault = url
    ? `names a proxy of the scheme ${url.protocol.slice(0, -1)}, and only http and https are supported`
    : 'is not the address of a proxy';
  const sentence = `${variable} ${fault}: write it as http://[USER:PASSWORD@]HOST:PORT, special characters percent-encoded.`;
  throw new TurnpikeError('ConfigInvalid', sentence);
}

function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host);
}

function isExcepted(url: URL, entries: readonly string[]): boolean {
  return entries.some((entry) => {
    if (entry === '*' || isInNetwork(hostOf(url), entry)) return true;
    const { name, port } = splitPattern(entry);
    return (port === undefined || port === portOf(url)) && isNamed(hostOf(url), name);
  });
}

function isNamed(host: string, name: string): boolean {
  if (isAddress(host)) return isInNetwork(host, name);
  const below = name.replace(/^\*(?=\.)|\.$/g, '');
  return below.startsWith('.') ? host.endsWith(below) : host === below || host.endsWith(`.${below}`);
}
