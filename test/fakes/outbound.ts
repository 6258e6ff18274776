import type { OutboundRequest } from '../../src/lib/net/outbound/request.ts';
import { createOutbound, type Outbound } from '../../src/lib/net/outbound.ts';

/** The real outbound client, for servers on loopback alone. */
export function loopbackOutbound(): Outbound {
  return createOutbound({ allowed: [], insecure: ['127.0.0.1'] });
}

/** Sends requests for `from` to the server at `to` instead, as DNS would in a lab. */
export function routedOutbound(inner: Outbound, from: string, to: string): Outbound {
  return { ...inner, send: (request) => inner.send({ ...request, url: request.url.replace(from, to) }) };
}

/** Gives up sooner than the program would. */
export function hastyOutbound(inner: Outbound, timeoutMs: number): Outbound {
  return { ...inner, send: (request: OutboundRequest) => inner.send({ ...request, timeoutMs }) };
}

/** Reads less than the program would. */
export function boundedOutbound(inner: Outbound, maxBytes: number): Outbound {
  return { ...inner, send: (request: OutboundRequest) => inner.send({ ...request, maxBytes }) };
}
