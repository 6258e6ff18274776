import { type Context, Hono } from 'hono';
import { type PipelineSpec, pipelineKey, type StoredPipeline } from '../../api/pipeline.ts';
import type { KeyUse } from '../../decide/keys.ts';
import type { Logger } from '../../lib/logger.ts';
import { parseSignature } from '../../lib/net/index.ts';
import { MAX_BODY_BYTES, unread } from '../body.ts';
import { busy, methodNotAllowed, noRoom, problem, unauthorized, unavailable } from '../problem.ts';
import type { Held, Intake } from '../server/intake.ts';
import type { Bindings } from '../server/source.ts';
import { authenticate, type Refusal, refuse } from './authenticate.ts';
import type { Caller, RateLimiter } from './rate.ts';
import type { RejectionLog } from './rejections.ts';
import type { SignedDeps } from './secrets.ts';

/** What is common to the endpoints that HMAC signatures guard: limits first, then the signature. */

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

/** The request with its Pipeline once its signature is right; otherwise the answer that refuses it. */
export async function guard(call: Call, deps: GuardDeps, options: GuardOptions): Promise<Guarded | Response> {
  const { c } = call;
  const limited = limit(call, deps);
  if (limited) return limited;
  const { namespace = '', name = '', environment = '' } = c.req.param();
  const signature = parseSignature(c.req.raw.headers.get('x-signature'));
  if (!signature) {
    // Whoever shows no signature at all sends no body either.
    const isOpen = takesUnsigned(deps, options, { namespace, name, environment });
    if (!isOpen) return turnedAway(c, deps, refuse(deps, 'no-signature'));
    const wait = deps.limiter.wait(callerOf(c));
    if (wait !== undefined) return refused(c, deps, 'rate-limited', tooMany(wait));
  }
  const body = await readBody(call, deps);
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
  if (!answer.ok) return turnedAway(c, deps, answer);
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
 * The answer to whoever says that the body is too large. A small one is always read: nobody knows before whether it is
 * from those who are refused too often, or from others behind the same address. Larger ones are not, then.
 */
export function limit({ c }: Call, deps: GuardDeps, maxBytes = MAX_BODY_BYTES): Response | undefined {
  const size = declaredSize(c.req.raw);
  if (size !== undefined && size > maxBytes) {
    return refused(c, deps, 'too-large', unread('too-large', maxBytes));
  }
  if (size !== undefined && size <= SMALL_BODY_BYTES) return undefined;
  const wait = deps.limiter.waitWithLargeBody(callerOf(c));
  return wait === undefined ? undefined : refused(c, deps, 'rate-limited', tooMany(wait));
}

/** Undefined: nobody knows. */
function declaredSize({ headers, body }: Request): number | undefined {
  const declared = headers.get('content-length');
  if (declared === null) return body ? undefined : 0;
  return Number(declared);
}

/** Counts a request that is right; the answer to whoever sends too many of them. */
export function countTaken(c: SignedContext, deps: GuardDeps): Response | undefined {
  const wait = deps.limiter.taken(callerOf(c));
  return wait === undefined ? undefined : refused(c, deps, 'rate-limited', tooMany(wait));
}

function callerOf(c: SignedContext): Caller {
  const { namespace = '', name = '' } = c.req.param();
  return { source: c.env.source, pipeline: `${namespace}/${name}` };
}

/** The body of a request that keeps to the limits; otherwise the answer that refuses it. */
export async function readBody(
  { c, held }: Call,
  deps: GuardDeps,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array | Response> {
  const body = await held.read(c.req.raw, maxBytes);
  if (typeof body !== 'string') return body;
  deps.limiter.refused(callerOf(c));
  return refused(c, deps, body, unread(body, maxBytes));
}

/** The answer to whoever did not prove to know the key: it says no more than that. */
export function turnedAway(c: SignedContext, deps: GuardDeps, { rejection, cause }: Refusal): Response {
  if (rejection === 'unavailable') return notNow(c, deps, cause);
  if (rejection === 'busy') return refused(c, deps, rejection, busy());
  // The same for known and unknown Pipelines: it does not tell which there are.
  const wait = deps.limiter.refused(callerOf(c));
  if (wait !== undefined) return refused(c, deps, 'rate-limited', tooMany(wait));
  return refused(c, deps, rejection, unauthorized());
}

/** Whoever is refused while something is away may be right. */
function notNow(c: SignedContext, deps: GuardDeps, cause: unknown): Response {
  const reason = 'unavailable';
  deps.onOutcome(reason);
  deps.rejected({ reason, path: c.req.path, source: c.env.source, cause });
  return unavailable();
}

/** Counts and logs a refusal. */
export function refused(
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

/** A router for one POST path: other methods are refused with 405. */
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
    if (!held) return refused(c, deps, 'no-room', noRoom());
    try {
      return await handler({ c, held });
    } finally {
      held.close();
    }
  });
  return app;
}
