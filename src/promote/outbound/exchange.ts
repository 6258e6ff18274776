import { rootCertificates } from 'node:tls';
import { TurnpikeError } from '../../api/errors.ts';
import type { Deadline } from '../deadline.ts';
import type { OutboundRequest } from '../outbound.ts';
import { displayUrl } from './failure.ts';

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** One request and its whole answer, directly or through a proxy; what goes wrong is thrown as it came. */
export async function exchange(
  request: OutboundRequest,
  proxy: URL | undefined,
  deadline: Deadline,
): Promise<Response> {
  const { url, method = 'GET', headers = {}, body, ca } = request;
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'turnpike', ...headers },
    redirect: 'manual',
    signal: deadline.signal,
    // Bun would read the environment by rules of its own, and proxy even loopback addresses.
    proxy: proxy ? { url: proxy, respectNoProxy: false } : false,
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
    // Nobody waits any more for what comes after the deadline.
    deadline.signal.throwIfAborted();
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
