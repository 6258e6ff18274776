import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { createCache } from '../../async/index.ts';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import { authoritiesIn, authoritiesText, NO_ROOT_NEEDED } from '../../net/pure.ts';

/** Credentials of one request to the API server: headers with the token, and the TLS side of the connection. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Bun.TLSOptions;
}

export interface CredentialSource {
  /** The credentials of now; files and plugins are asked at most once a second. */
  current(): Promise<Credentials>;
  /** The server did not accept them: ask files and plugins again, whatever they said of expiry. */
  invalidate(): void;
}

/** How long credentials are used before files are read again, in milliseconds. */
const FRESH_MS = 1000;
/** A server that refuses everything must not make us start a plugin for each request. */
const INVALIDATE_EVERY_MS = 10_000;
const TOKEN_FILE = 'token-file';
/** The key of the one that there is. */
const USER = 'user';

/** A user's `authProvider` that reads the token from a file which others replace now and then. */
export function tokenFileProvider(path: string): { name: string; config: { path: string } } {
  return { name: TOKEN_FILE, config: { path } };
}

/**
 * Credentials by client-node's `KubeConfig`: client certificates, tokens, exec plugins. Its own reader of
 * token files looks once a minute and keeps the trailing newline; the one here takes its place.
 */
export function createCredentialSource(kubeConfig: KubeConfig): CredentialSource {
  let config = forget(kubeConfig);
  const known = createCache<Credentials>({ max: 1, ttlMs: FRESH_MS, now: () => performance.now() });
  let invalidatedAt = Number.NEGATIVE_INFINITY;
  const authorities = createAuthorities();

  async function ask(): Promise<Credentials> {
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new TurnpikeError(
        'ApiUnavailable',
        `The credentials of the kubeconfig's user cannot be obtained: ${errorMessage(error).trim()}`,
        { cause: error },
      );
    }
    return toCredentials(options, authorities(options.ca));
  }

  function invalidate(): void {
    if (performance.now() - invalidatedAt < INVALIDATE_EVERY_MS) return;
    invalidatedAt = performance.now();
    known.delete(USER);
    config = forget(config);
  }

  return { current: async () => known.get(USER, ask), invalidate };
}

/** The same configuration without what its authenticators have cached: it has no method for that. */
function forget(kubeConfig: KubeConfig): KubeConfig {
  const fresh = new KubeConfig();
  fresh.addAuthenticator({ isAuthProvider: isTokenFile, applyAuthentication: applyTokenFile });
  fresh.loadFromOptions({
    clusters: kubeConfig.getClusters(),
    users: kubeConfig.getUsers(),
    contexts: kubeConfig.getContexts(),
    currentContext: kubeConfig.getCurrentContext(),
  });
  return fresh;
}

function isTokenFile(user: User): boolean {
  return user.authProvider?.name === TOKEN_FILE;
}

async function applyTokenFile(user: User, options: { headers?: unknown }): Promise<void> {
  const token = (await readFile(user.authProvider.config.path, 'utf8')).trim();
  if (token === '') throw new Error(`The token file ${user.authProvider.config.path} is empty.`);
  options.headers = { ...Object(options.headers), Authorization: `Bearer ${token}` };
}

function toCredentials(options: RequestOptions, authorities: Bun.TLSOptions): Credentials {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return {
    headers,
    tls: {
      rejectUnauthorized: options.rejectUnauthorized ?? true,
      ...authorities,
      ...pem('cert', options.cert),
      ...pem('key', options.key),
      ...(options.servername !== undefined && { serverName: options.servername }),
    },
  };
}

/** As client-go takes them; what holds none is left to fail. They are read again only where they have changed. */
export function createAuthorities(): (value: unknown) => Bun.TLSOptions {
  let last: { readonly text: string; readonly options: Bun.TLSOptions } | undefined;
  return (value) => {
    if (value === undefined) return {};
    const text = String(value);
    if (last?.text !== text) last = { text, options: authoritiesOf(text) };
    return last.options;
  };
}

function authoritiesOf(text: string): Bun.TLSOptions {
  const found = authoritiesIn(text);
  return { ca: found.certificates.length > 0 ? authoritiesText(found) : text, ...NO_ROOT_NEEDED };
}

function pem(name: 'cert' | 'key', value: unknown): Bun.TLSOptions {
  return value === undefined ? {} : { [name]: String(value) };
}
