import { rootCertificates } from 'node:tls';
import type { Deadline } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import { NO_ROOT_NEEDED } from '../authorities.ts';
import { createBoundedBytes } from '../bounded-bytes.ts';
import { displayUrl } from './failure.ts';
import { mediaType } from './media-type.ts';
import type { BodySink, OutboundRequest } from './request.ts';

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
/** Words that explain an error are at its beginning. */
const MAX_ERROR_BYTES = 64 * 1024;

/** One request and its whole answer, directly or through a proxy; what goes wrong is thrown as it came. */
export async function exchange(
  request: OutboundRequest,
  proxy: URL | undefined,
  deadline: Deadline,
): Promise<Response> {
  const { url, method = 'GET', headers = {}, body } = request;
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'turnpike', ...headers },
    redirect: 'manual',
    signal: deadline.signal,
    // Bun would read the environment by rules of its own, and proxy even loopback addresses.
    proxy: proxy ? { url: proxy, respectNoProxy: false } : false,
    ...(body === undefined ? {} : { body }),
    ...tlsOf(request),
  });
  deadline.progress();
  const bytes = await readBody(response, request, deadline);
  const kept = new Headers(response.headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  const { status, statusText } = response;
  return new Response(bytes.length === 0 ? null : bytes, { status, statusText, headers: kept });
}

/** Bun keeps connections apart whose options differ, and takes `ca` in place of the public roots. */
function tlsOf({ ca, certificate }: OutboundRequest): Pick<BunFetchRequestInit, 'tls'> {
  if (ca === undefined && certificate === undefined) return {};
  const authorities = ca !== undefined && { ca: [...rootCertificates, ca], ...NO_ROOT_NEEDED };
  return { tls: { ...authorities, ...certificate } };
}

async function readBody(response: Response, request: OutboundRequest, deadline: Deadline) {
  const sink = response.status < 300 ? sinkOf(response, request) : undefined;
  // A body that the sink was to take and that is of another type is an error, too.
  const isError = response.status >= 300 || (request.into !== undefined && sink === undefined);
  const limit = isError ? MAX_ERROR_BYTES : (request.maxBytes ?? DEFAULT_MAX_BYTES);
  const bytes = createBoundedBytes(limit, sink);
  for await (const chunk of response.body ?? []) {
    // Nobody waits any more for what comes after the deadline.
    deadline.signal.throwIfAborted();
    deadline.progress();
    if (bytes.add(chunk)) continue;
    if (!isError) throw tooLarge(request, limit);
    break;
  }
  return bytes.take();
}

function sinkOf(response: Response, { into }: OutboundRequest): BodySink['take'] | undefined {
  return into && mediaType(response) === into.contentType ? into.take : undefined;
}

function tooLarge(request: OutboundRequest, limit: number): TurnpikeError {
  const message = `${displayUrl(request.url)} answered with more than ${limit} bytes.`;
  return request.purpose === 'git'
    ? new TurnpikeError('GitTooLarge', message)
    : new TurnpikeError('ForgeRefused', message, { retry: 'backoff' });
}
