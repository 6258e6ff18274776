import * as v from 'valibot';
import type { ForgeAnswer } from './call.ts';
import type { Credentials } from './credentials.ts';
import type { ForgeDeps } from './forge.ts';

/** An address that is put into the status and shown as a link: never `javascript:`, never without end. */
export const WebUrl = v.pipe(v.string(), v.maxLength(2048), v.regex(/^https?:\/\/\S+$/));

/** What must not appear in messages. */
export function secretsOf(credentials: Credentials): string[] {
  const { token, password, username } = credentials;
  const basic = username !== undefined && password !== undefined ? [toBase64(`${username}:${password}`)] : [];
  return [token, ...(password !== undefined ? [password] : []), ...basic];
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Bounds, certificate authority and cancellation that every request to a forge has. */
export function requestBounds(credentials: Credentials, deps: ForgeDeps) {
  return {
    timeoutMs: 30_000,
    maxBytes: 8 * 1024 * 1024,
    ...(credentials.caFile !== undefined && { ca: credentials.caFile }),
    ...(deps.signal && { signal: deps.signal }),
  };
}

/** A schema's output, or an error that names the places that are wrong. */
export function parsedAnswer<T extends v.GenericSchema>(
  schema: T,
  data: unknown,
  toError: (where: readonly string[]) => Error,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, data);
  if (parsed.success) return parsed.output;
  throw toError(parsed.issues.slice(0, 5).map((issue) => v.getDotPath(issue) ?? 'all of it'));
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly body?: object;
}

export type SendJson = (request: JsonRequest) => Promise<ForgeAnswer>;

/** Requests in JSON by our own door. `authorization` is the whole header. */
export function createSendJson(authorization: string, credentials: Credentials, deps: ForgeDeps): SendJson {
  return async ({ method, url, body }) => {
    const response = await deps.outbound.send({
      url,
      method,
      headers: {
        accept: 'application/json',
        authorization,
        'user-agent': 'turnpike',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...requestBounds(credentials, deps),
      ...(body && { body: JSON.stringify(body) }),
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
