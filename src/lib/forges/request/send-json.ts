import { defined } from '../../defined.ts';
import { connectionOptions } from '../../net/index.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { ForgeDeps } from '../deps.ts';
import type { ForgeAnswer } from './types.ts';

/** Bounds, certificate authority and cancellation that every request to a forge has. */
export function requestBounds(credentials: Credentials, deps: ForgeDeps) {
  return {
    timeoutMs: 30_000,
    maxBytes: 8 * 1024 * 1024,
    ...connectionOptions(credentials),
    ...defined({ signal: deps.signal, waiting: deps.waiting }),
  };
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: object;
  /** An entity tag: an unchanged object is answered by 304. */
  readonly tag?: string | undefined;
}

export type SendJson = (request: JsonRequest) => Promise<ForgeAnswer>;

/** Requests in JSON by the outbound client. `authorization` is the whole header. */
export function createSendJson(authorization: string, credentials: Credentials, deps: ForgeDeps): SendJson {
  return async ({ method, url, body, tag }) => {
    const response = await deps.outbound.send({
      url,
      method,
      headers: {
        accept: 'application/json',
        authorization,
        'user-agent': 'turnpike',
        ...defined({ 'content-type': body && 'application/json', 'if-none-match': tag }),
      },
      ...requestBounds(credentials, deps),
      ...defined({ body: body && JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, data: jsonOrText(await response.text()) };
  };
}

/** A proxy on the way may answer in HTML. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
