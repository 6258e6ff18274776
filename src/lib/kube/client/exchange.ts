import { errorMessage, TurnpikeError } from '../../errors.ts';
import { readBounded } from './body.ts';
import { apiStatus, parseStatus, statusError, unquoted } from './status.ts';

const MAX_ERROR_BYTES = 64 * 1024;
const USER_AGENT = 'turnpike';

/** A request, apart from credentials. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

export function pathAndQuery(outgoing: Outgoing): string {
  const query = new URLSearchParams(outgoing.query).toString();
  return query === '' ? outgoing.path : `${outgoing.path}?${query}`;
}

/** Redirects stay unfollowed: credentials go to the API server and nowhere else. */
export function requestInit(outgoing: Outgoing, signal: AbortSignal): BunFetchRequestInit {
  const headers = { accept: 'application/json', 'user-agent': USER_AGENT };
  const init = { method: outgoing.method, signal, redirect: 'manual' } as const;
  if (outgoing.body === undefined) return { ...init, headers };
  const contentType = outgoing.contentType ?? 'application/json';
  return {
    ...init,
    headers: { ...headers, 'content-type': contentType },
    body: JSON.stringify(outgoing.body),
  };
}

export interface Answer {
  readonly response: Response;
  /** True: people are shown what the server says. */
  readonly isQuotable: boolean;
  /** Secrets that were sent with the request, should the server send them back. */
  readonly secrets: readonly string[];
}

/** The error of an answer that is no success; reads its body. */
export async function answerError(
  { response, isQuotable, secrets }: Answer,
  outgoing: Outgoing,
  signal?: AbortSignal | null,
): Promise<TurnpikeError> {
  const text = new TextDecoder().decode(await readBounded(response.body, MAX_ERROR_BYTES, signal));
  const masked = secrets.reduce((kept, secret) => kept.replaceAll(secret, '***'), text);
  const status = parseStatus(response.status, masked, response.headers.get('retry-after'));
  return statusError(isQuotable ? status : unquoted(status), `${outgoing.method} ${outgoing.path}`);
}

export function parseAnswer(bytes: Uint8Array, outgoing: Outgoing): unknown {
  if (bytes.byteLength === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new TurnpikeError(
      'ApiUnavailable',
      `The answer to ${outgoing.method} ${outgoing.path} is not JSON: is this server an API server?`,
      { cause: error },
    );
  }
}

/** True: the error shows that the API server is up and answers us, whatever it thinks of the request. */
export function provesAlive(error: TurnpikeError): boolean {
  if (error.code === 'HostNotAllowed') return false;
  return error.code !== 'ApiUnavailable' || apiStatus(error)?.httpStatus === 429;
}

/** OpenSSL's codes of a failed verification: this server is not the one that the CA vouches for. */
const UNTRUSTED = /CERT|ISSUER|SIGNATURE|CRL|INVALID_CA|HOSTNAME/;

/** The error of an exchange that got no answer at all. */
export function connectionError(error: unknown, server: string): TurnpikeError {
  const code = errorCode(error);
  return unavailable(`The API server ${server} cannot be reached: ${reason(error, code)}.`, error);
}

/** A proxy's own words are not repeated: it may be anything that speaks HTTP. */
function reason(error: unknown, code: string): string {
  if (UNTRUSTED.test(code)) {
    return `its certificate is not one that the configured CA vouches for (${code}); check certificate-authority`;
  }
  if (code !== 'ERR_PROXY_TUNNEL') return code || errorMessage(error);
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  return `the proxy answered with HTTP ${status}`;
}

export function unavailable(message: string, cause: unknown): TurnpikeError {
  return new TurnpikeError('ApiUnavailable', message, { cause });
}

/** Error code of the system, of Bun or of OpenSSL; empty where it has none. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
