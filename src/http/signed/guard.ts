import { type Context, Hono } from 'hono';
import { type PipelineSpec, pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import type { KeyUse } from '../../decide/keys.ts';
import type { Logger } from '../../lib/logger.ts';
import { parseSignature } from '../../lib/net/index.ts';
import { MAX_BODY_BYTES, unread } from '../body.ts';
import { busy, methodNotAllowed, noRoom, problem, unauthorized, unavailable } from '../problem.ts';
import type { Held, Intake } from '../server/intake.ts';
import type { Bindings } from '../server/source.ts';
import { authenticate, type Unproven, unproven } from './authenticate.ts';
import type { Caller, RateLimiter } from './rate.ts';
import type { RejectionLog } from './rejection-log.ts';
import type { SignedDeps } from './secrets.ts';

/** The guard of all endpoints that HMAC signatures protect: limits first, then the signature. */

export interface GuardDeps extends SignedDeps {
  readonly limiter: RateLimiter;
  readonly intake: Intake;
  readonly rejected: RejectionLog;
  readonly onOutcome: (outcome: string) => void;
  readonly log: Logger;
  readonly now: () => Date;
}

export type SignedContext = Context<{ Bindings: Bindings }>;

/** A request whose body is not read yet. */
export interface Call {
  readonly c: SignedContext;
  readonly held: Held;
}

/** A larger body counts against a limit of its own. No event of Flux is larger, and one of this size is cheap to check. */
const SMALL_BODY_BYTES = 64 * 1024;

export interface Guarded {
  readonly namespace: string;
  readonly name: string;
  readonly environment: string;
  readonly body: Uint8Array;
  readonly pipeline: StoredPipeline;
  readonly secret?: string;
}

interface GuardOptions {
  readonly use: KeyUse;
  readonly secretOf: (spec: PipelineSpec, environment: string) => string | undefined;
  readonly signed: (body: Uint8Array) => readonly (string | Uint8Array)[];
  readonly allowUnsigned: boolean;
}

/** Returns the request with its Pipeline once its signature is right, otherwise the answer that rejects it. */
export async function guard(call: Call, deps: GuardDeps, options: GuardOptions): Promise<Guarded | Response> {
  const { c } = call;
  const limited = limitBody(call, deps);
  if (limited) return limited;
  const { namespace = '', name = '', environment = '' } = c.req.param();
  const signature = parseSignature(c.req.raw.headers.get('x-signature'));
  if (!signature) {
    // Without a signature no body is read.
    const isOpen = takesUnsigned(deps, options, { namespace, name, environment });
    if (!isOpen) return rejectUnproven(c, deps, unproven(deps, 'no-signature'));
    const wait = deps.limiter.wait(callerOf(c));
    if (wait !== undefined) return reject(c, deps, 'rate-limited', tooMany(wait));
  }
  const body = await readLimited(call, deps);
  if (body instanceof Response) return body;
  const answer = await authenticate(deps, {
    namespace,
    name,
    environment,
    use: options.use,
    source: c.env.source,
    secretOf: (spec) => options.secretOf(spec, environment),
    signature,
    signed: options.signed(body),
    allowUnsigned: options.allowUnsigned,
  });
  if (!answer.ok) return rejectUnproven(c, deps, answer);
  const tooOften = countTaken(c, deps);
  if (tooOften) return tooOften;
  const { pipeline, secret } = answer;
  return { namespace, name, environment, body, pipeline, ...(secret !== undefined && { secret }) };
}

function takesUnsigned(
  deps: GuardDeps,
  { allowUnsigned, secretOf }: GuardOptions,
  { namespace, name, environment }: Record<'namespace' | 'name' | 'environment', string>,
): boolean {
  if (!allowUnsigned) return false;
  const spec = deps.find(pipelineKey(namespace, name))?.spec;
  return spec?.ok === true && secretOf(spec.value, environment) === undefined;
}

/**
 * Rejects a request that declares too large a body. A small body is always read, because only its signature tells whether
 * it comes from a caller that is rejected too often or from another one behind the same address. A larger one is not.
 */
export function limitBody({ c }: Call, deps: GuardDeps, maxBytes = MAX_BODY_BYTES): Response | undefined {
  const size = declaredSize(c.req.raw);
  if (size !== undefined && size > maxBytes) {
    return reject(c, deps, 'too-large', unread('too-large', maxBytes));
  }
  if (size !== undefined && size <= SMALL_BODY_BYTES) return undefined;
  const wait = deps.limiter.waitWithLargeBody(callerOf(c));
  return wait === undefined ? undefined : reject(c, deps, 'rate-limited', tooMany(wait));
}

/** Undefined: the request does not say. */
function declaredSize({ headers, body }: Request): number | undefined {
  const declared = headers.get('content-length');
  if (declared === null) return body ? undefined : 0;
  return Number(declared);
}

/** Counts a request that is right, and rejects it where its caller sends too many. */
export function countTaken(c: SignedContext, deps: GuardDeps): Response | undefined {
  const wait = deps.limiter.taken(callerOf(c));
  return wait === undefined ? undefined : reject(c, deps, 'rate-limited', tooMany(wait));
}

function callerOf(c: SignedContext): Caller {
  const { namespace = '', name = '' } = c.req.param();
  return { source: c.env.source, pipeline: `${namespace}/${name}` };
}

/** Reads a body within the limits; otherwise returns the answer that rejects the request. */
export async function readLimited(
  { c, held }: Call,
  deps: GuardDeps,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array | Response> {
  const body = await held.read(c.req.raw, maxBytes);
  if (typeof body !== 'string') return body;
  deps.limiter.rejected(callerOf(c));
  return reject(c, deps, body, unread(body, maxBytes));
}

/** Rejects a request that did not prove to know the key; the answer says no more than that. */
export function rejectUnproven(c: SignedContext, deps: GuardDeps, { rejection, cause }: Unproven): Response {
  if (rejection === 'unavailable') return notNow(c, deps, cause);
  if (rejection === 'busy') return reject(c, deps, rejection, busy());
  // The same for known and unknown Pipelines: it does not tell which there are.
  const wait = deps.limiter.rejected(callerOf(c));
  if (wait !== undefined) return reject(c, deps, 'rate-limited', tooMany(wait));
  return reject(c, deps, rejection, unauthorized());
}

/** Asks a caller to come again: while the API server is away, the request may be right. */
function notNow(c: SignedContext, deps: GuardDeps, cause: unknown): Response {
  const reason = 'unavailable';
  deps.onOutcome(reason);
  deps.rejected({ reason, path: c.req.path, source: c.env.source, cause });
  return unavailable();
}

/** Counts and logs a rejection. */
export function reject(
  c: SignedContext,
  deps: Pick<GuardDeps, 'onOutcome' | 'rejected'>,
  reason: string,
  response: Response,
): Response {
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

/** Creates a router for one POST path; other methods get 405. */
export function postRoute(
  path: string,
  deps: Pick<GuardDeps, 'intake' | 'onOutcome' | 'rejected'>,
  handler: (call: Call) => Promise<Response>,
) {
  const app = new Hono<{ Bindings: Bindings }>();
  // One handler for all methods: with a single one Hono needs no chain of promises.
  app.all(path, async (c) => {
    if (c.req.method !== 'POST') return methodNotAllowed('POST');
    const held = deps.intake.open(c.env.source);
    if (!held) return reject(c, deps, 'no-room', noRoom());
    try {
      return await handler({ c, held });
    } finally {
      held.close();
    }
  });
  return app;
}
