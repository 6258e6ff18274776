import { errorMessage, TurnpikeError } from '../../errors.ts';
import type { UsedProxy } from './proxy.ts';
import type { OutboundRequest } from './request.ts';

/** The URL for messages: without credentials, query and fragment. */
export function displayUrl(url: string): string {
  if (!URL.canParse(url)) return 'the URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

type Asked = Pick<OutboundRequest, 'url' | 'purpose'>;

/** The error for a request without an answer. It names nothing of a proxy but its host. */
export function networkError(error: unknown, request: Asked, proxy?: UsedProxy): TurnpikeError {
  if (error instanceof TurnpikeError) return error;
  const why = (proxy && proxyReason(error, request, proxy)) ?? reason(error);
  return unreachable(request, proxy, why, error);
}

/** By http a proxy refuses in the forge's place; no forge answers with this status (RFC 9110, 15.5.8). */
export function proxyRefusal(
  response: Response,
  request: Asked,
  proxy: UsedProxy,
): TurnpikeError | undefined {
  if (response.status !== PROXY_LOGIN) return undefined;
  return unreachable(request, proxy, refusedBy(PROXY_LOGIN, request, proxy));
}

const PROXY_LOGIN = 407;

function unreachable(
  { url, purpose }: Asked,
  proxy: UsedProxy | undefined,
  why: string,
  cause?: unknown,
): TurnpikeError {
  const code = purpose === 'git' ? 'GitUnavailable' : 'ForgeUnavailable';
  const by = proxy ? ` through the proxy ${proxy.url.host}` : '';
  return new TurnpikeError(code, `${new URL(url).host} could not be reached${by}: ${why}`, { cause });
}

/** The reason of a failure at the proxy: behind one, only the proxy is connected to and looked up. */
function proxyReason(error: unknown, request: Asked, proxy: UsedProxy): string | undefined {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'the proxy refused the connection.';
  if (code === 'ENOTFOUND') return 'DNS does not know the name of the proxy.';
  if (code !== 'ERR_PROXY_TUNNEL') return undefined;
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  return refusedBy(status, request, proxy);
}

function refusedBy(status: number, request: Asked, proxy: UsedProxy): string {
  return status === PROXY_LOGIN
    ? `the proxy asks for a user and a password (HTTP ${status}): put valid ones into ${loginPlace(request, proxy)}.`
    : `the proxy answered with HTTP ${status}.`;
}

function loginPlace({ url }: Asked, { isOwn }: UsedProxy): string {
  if (isOwn) return 'the keys username and password of the Secret that proxySecretRef names';
  const variable = url.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return `${variable}, as http://USER:PASSWORD@HOST:PORT`;
}

/** Bun's own texts quote the URL and advise on its API; the codes say the same in fewer words. */
function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'the connection was refused.';
  if (code === 'ENOTFOUND') return 'DNS does not know this name.';
  if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code)) return certificateReason(code);
  if (code === 'EPROTO') {
    return 'the TLS handshake failed. The server may require a client certificate, which goes into tls.crt and tls.key of the Secret, or may not serve TLS at this port.';
  }
  return code === '' ? errorMessage(error) : `${code}.`;
}

function certificateReason(code: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `its certificate, or the one of an authority above it, has expired (${code}).`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for other names (${code}): write the host as the certificate has it.`;
    default:
      return `its certificate is not trusted (${code}); a private CA goes into ca.crt or caFile of the Secret, and so does an intermediate CA that the server does not send.`;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
