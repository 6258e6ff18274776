import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { createSingleFlight, putBounded } from '../../async/index.ts';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import type { Logger } from '../../logger.ts';
import type { KubeClient } from '../client/transport.ts';

/** The right of a token's bearer to get `/metrics`. */
export type MetricsAccess = 'allowed' | 'unauthenticated' | 'forbidden';

/** @throws TurnpikeError as a rejection when the API server does not say, or too many are asked for */
export type AuthorizeMetricsReader = (token: string) => Promise<MetricsAccess>;

export interface MetricsReadersDeps {
  readonly log: Logger;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
}

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const TIMEOUT_MS = 5000;

/** A reader that lost the right reads on for a minute; one that got it waits ten seconds. */
const ALLOWED_MS = 60_000;
const REFUSED_MS = 10_000;
const MAX_KNOWN = 1000;
/** Reviews at once for tokens that were never allowed: callers can invent as many as they like. */
const MAX_ASKING = 8;
const LOG_EVERY_MS = 60_000;

const User = v.object({
  username: v.pipe(v.string(), v.minLength(1)),
  uid: v.optional(v.string()),
  groups: v.optional(v.array(v.string())),
  extra: v.optional(v.record(v.string(), v.array(v.string()))),
});
type User = v.InferOutput<typeof User>;
const TokenReview = v.object({
  status: v.object({ authenticated: v.optional(v.boolean(), false), user: v.optional(v.unknown()) }),
});
const AccessReview = v.object({
  status: v.object({ allowed: v.boolean(), denied: v.optional(v.boolean(), false) }),
});

interface KnownAccess {
  readonly access: MetricsAccess;
  readonly at: number;
}

/**
 * Asks the API server as controller-runtime does: a TokenReview says who somebody is, a SubjectAccessReview whether
 * they may `get` `/metrics`. Tokens are kept as hashes alone. Those that were allowed are kept apart from those
 * that were not, so that invented ones drive none of them out.
 */
export function createMetricsReaders(client: KubeClient, deps: MetricsReadersDeps): AuthorizeMetricsReader {
  const allowed = new Map<string, KnownAccess>();
  const refused = new Map<string, KnownAccess>();
  const asking = createSingleFlight<MetricsAccess>();
  let loggedAt = Number.NEGATIVE_INFINITY;

  function keep(key: string, access: MetricsAccess): void {
    allowed.delete(key);
    const known = access === 'allowed' ? allowed : refused;
    putBounded(known, key, { access, at: deps.elapsed() }, MAX_KNOWN);
  }

  function recent(key: string): MetricsAccess | undefined {
    const known = allowed.get(key) ?? refused.get(key);
    if (!known) return undefined;
    const keptMs = known.access === 'allowed' ? ALLOWED_MS : REFUSED_MS;
    return deps.elapsed() - known.at < keptMs ? known.access : undefined;
  }

  async function ask(key: string, token: string): Promise<MetricsAccess> {
    try {
      const user = await authenticate(client, token);
      const access = user ? await authorize(client, user) : 'unauthenticated';
      keep(key, access);
      return access;
    } catch (error) {
      note(error);
      throw error;
    }
  }

  function note(error: unknown): void {
    if (deps.elapsed() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = deps.elapsed();
    deps.log.warn({ error: errorMessage(error) }, 'cannot look up who reads /metrics');
  }

  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64');
    const access = recent(key);
    if (access) return access;
    const isFull = asking.size() >= MAX_ASKING && !asking.has(key);
    if (isFull && !allowed.has(key)) throw tooMany();
    return asking.run(key, () => ask(key, token));
  };
}

async function authenticate(client: KubeClient, token: string): Promise<User | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const answer = await client.request({ method: 'POST', path: TOKEN_REVIEWS, body, timeoutMs: TIMEOUT_MS });
  const { authenticated, user } = parseFirst(TokenReview, answer).status;
  return authenticated ? parseFirst(User, user) : undefined;
}

async function authorize(client: KubeClient, user: User): Promise<MetricsAccess> {
  const { username, ...rest } = user;
  const nonResourceAttributes = { path: '/metrics', verb: 'get' };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: username, ...rest, nonResourceAttributes },
  };
  const answer = await client.request({ method: 'POST', path: ACCESS_REVIEWS, body, timeoutMs: TIMEOUT_MS });
  const { allowed, denied } = parseFirst(AccessReview, answer).status;
  return allowed && !denied ? 'allowed' : 'forbidden';
}

function tooMany(): TurnpikeError {
  return new TurnpikeError('ApiUnavailable', 'Too many unknown tokens are being checked; try again.');
}
