import { type Context, Hono } from 'hono';
import type { PipelineSpec, StoredPipeline } from '../api/pipeline.ts';
import type { Logger } from '../telemetry/log.ts';
import { authenticate, type Refusal, type SignedDeps } from './authenticate.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import { methodNotAllowed, problem, unauthorized, unavailable } from './problem.ts';
import type { RateLimiter } from './rate.ts';
import type { RejectionLog } from './rejections.ts';
import { parseSignature } from './signature.ts';

/** What is common to the endpoints that HMAC signatures guard: limits first, then the signature. */

export interface GuardDeps extends SignedDeps {
  readonly limiter: RateLimiter;
  readonly rejected: RejectionLog;
  readonly onOutcome: (outcome: string) => void;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The server hands this in with each request; the address of the socket, never a header. */
export interface Bindings {
  readonly source: string;
}

export type SignedContext = Context<{ Bindings: Bindings }>;

export interface Guarded {
  readonly namespace: string;
  readonly name: string;
  readonly environment: string;
  readonly body: Uint8Array;
  readonly pipeline: StoredPipeline;
  readonly secret?: string;
}

interface GuardOptions {
  readonly secretOf: (spec: PipelineSpec, environment: string) => string | undefined;
  readonly signed: (body: Uint8Array) => readonly (string | Uint8Array)[];
  readonly allowUnsigned: boolean;
}

/** The request with its Pipeline once its signature is right; otherwise the answer that refuses it. */
export async function guard(
  c: SignedContext,
  deps: GuardDeps,
  options: GuardOptions,
): Promise<Guarded | Response> {
  const body = await admit(c, deps);
  if (body instanceof Response) return body;
  const { namespace = '', name = '', environment = '' } = c.req.param();
  const answer = await authenticate(deps, {
    namespace,
    name,
    secretOf: (spec) => options.secretOf(spec, environment),
    signature: parseSignature(c.req.raw.headers.get('x-signature')),
    signed: options.signed(body),
    allowUnsigned: options.allowUnsigned,
  });
  if (!answer.ok) return turnedAway(c, deps, answer);
  const { pipeline, secret } = answer;
  return { namespace, name, environment, body, pipeline, ...(secret !== undefined && { secret }) };
}

/** The body of a request that keeps to the limits; otherwise the answer that refuses it. */
export async function admit(
  c: SignedContext,
  deps: GuardDeps,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array | Response> {
  const { namespace = '', name = '' } = c.req.param();
  const wait = deps.limiter.check(`${c.env.source} ${namespace}/${name}`);
  if (wait !== undefined) return refused(c, deps, 'rate-limited', tooMany(wait));
  const body = await readBody(c.req.raw, maxBytes);
  return body ?? refused(c, deps, 'too-large', tooLarge(maxBytes));
}

/** The answer to whoever did not prove to know the key: it says no more than that. */
export function turnedAway(c: SignedContext, deps: GuardDeps, { rejection, cause }: Refusal): Response {
  if (cause !== undefined) {
    const { namespace = '', name = '' } = c.req.param();
    deps.log.warn({ namespace, name, error: cause }, 'the key that signs the request cannot be read');
  }
  const response = rejection === 'unavailable' ? unavailable() : unauthorized();
  return refused(c, deps, rejection, response);
}

/** Counts and logs a refusal. */
export function refused(c: SignedContext, deps: GuardDeps, reason: string, response: Response): Response {
  deps.onOutcome(reason);
  deps.rejected({ reason, path: c.req.path, source: c.env.source });
  return response;
}

function tooMany(retryAfter: number): Response {
  return problem({
    status: 429,
    title: 'Too Many Requests',
    headers: { 'retry-after': String(retryAfter) },
  });
}

function tooLarge(maxBytes: number): Response {
  const detail = `The body is larger than ${maxBytes} bytes.`;
  // The rest of the body is not read, so the connection cannot serve another request.
  return problem({ status: 413, title: 'Content Too Large', detail, headers: { connection: 'close' } });
}

/** A router for one POST path: other methods are refused with 405. */
export function postRoute(path: string, handler: (c: SignedContext) => Promise<Response>) {
  const app = new Hono<{ Bindings: Bindings }>();
  // One handler for all methods: with a single one Hono needs no chain of promises.
  app.all(path, (c) => (c.req.method === 'POST' ? handler(c) : methodNotAllowed('POST')));
  return app;
}
