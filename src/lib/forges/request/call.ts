import { createHash } from 'node:crypto';
import type { Breakers, Refusal } from '../../async/index.ts';
import { hasCode, TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Concurrency } from './concurrency.ts';
import { forgeFailure, forgeUnreachable, forgeWords, rateLimited } from './failure.ts';
import type { Priority, RateLimits } from './limits.ts';
import { budgetOf, rateLimitOf } from './rate.ts';
import type {
  ForgeAnswer,
  ForgeBudget,
  ForgeCall,
  ForgeContext,
  ForgeOperation,
  ForgeRequest,
} from './types.ts';

/** Operations that change a pull request for people to see. */
const WRITES: Readonly<Record<ForgeOperation, boolean>> = {
  create: true,
  find: false,
  get: false,
  token: false,
  update: true,
  metadata: true,
  comments: false,
  comment: true,
  close: true,
  status: true,
  checks: false,
  merge: true,
  queue: true,
  cancel: true,
};

export interface ForgeCallDeps {
  readonly log: Logger;
  readonly now: () => Date;
  readonly limits: RateLimits;
  readonly concurrency: Concurrency;
  readonly breakers: Breakers;
  readonly onForgeRequest: (request: ForgeRequest) => void;
  /**
   * The priority of its requests; interactive unless given. Background requests leave to others the rest of a budget.
   */
  readonly priority?: Priority;
  readonly signal?: AbortSignal;
  /** Waits for a turn, which takes none of the attempt's time. */
  readonly waiting?: <T>(turn: Promise<T>) => Promise<T>;
}

/**
 * The one function that every request to a forge goes through: it keeps to rate limits, stays away from what
 * fails, times, counts and logs, and turns failures into errors without secrets.
 *
 * @throws TurnpikeError ForgeRateLimited, ForgeUnauthorized, ForgeNotFound, ForgeRefused, ForgeUnavailable,
 * HostNotAllowed; the signal's own reason once it is aborted
 */
export function createForgeCall(context: ForgeContext, deps: ForgeCallDeps): ForgeCall {
  const key = budgetKey(context);
  // Another token's failures may be that token's alone.
  const circuit = `${key} ${context.repository}`;
  const send = createSend(context, circuit, deps);

  const { priority = 'interactive' } = deps;
  const refuse = (counted: string) => {
    const held = [key, counted].flatMap((one) => deps.limits.heldFor(one, priority) ?? []);
    if (held.length > 0) throw stillLimited(context, Math.max(...held));
    const refusal = deps.breakers.refusal(circuit);
    if (refusal) throw stillBroken(context, refusal);
  };
  const limited = (operation: ForgeOperation, answer: ForgeAnswer, counted: string) => {
    const limit = rateLimitOf(answer, forgeWords(answer, context.secrets), deps.now());
    if (!limit) return undefined;
    // Secondary limits are for all requests together.
    const seconds = deps.limits.hold(limit.isSpent ? counted : key, limit.seconds);
    return rateLimited(operation, answer, context, seconds);
  };
  const failureOf = (operation: ForgeOperation, answer: ForgeAnswer): TurnpikeError => {
    const failure = forgeFailure(operation, answer, context, deps.now());
    return comingBack(failure, deps.breakers.refusal(circuit));
  };

  return async (operation, ask, accepts = () => false, budget: ForgeBudget = 'rest') => {
    const counted = `${key} ${budget}`;
    refuse(counted);
    const gapMs = WRITES[operation] ? (context.writeGapMs ?? 0) : 0;
    const entering = deps.concurrency.acquire(key, { gapMs, signal: deps.signal });
    const release = await (deps.waiting?.(entering) ?? entering);
    try {
      // A request before it in the queue may have met a limit.
      refuse(counted);
      const answer = await send(operation, ask, budget);
      deps.limits.learn(counted, answer.headers);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const limit = limited(operation, answer, counted);
      if (limit) throw limit;
      if (accepts(answer)) return answer;
      throw failureOf(operation, answer);
    } finally {
      release();
    }
  };
}

/** Sends one request: counts and logs its outcome, and reports it to the breaker. */
function createSend(context: ForgeContext, circuit: string, deps: ForgeCallDeps) {
  const { provider, host, repository } = context;
  const reportOf =
    (operation: ForgeOperation, budget: ForgeBudget, started: number) =>
    (code: string, headers?: Headers) => {
      const seconds = (deps.now().getTime() - started) / 1000;
      const remaining = headers && budgetOf(headers, deps.now())?.remaining;
      const request = { provider, host, operation, budget, code, seconds };
      deps.onForgeRequest({ ...request, ...(remaining !== undefined && { remaining }) });
      deps.log.debug({ repository, ...request }, 'asked the forge');
    };

  return async (
    operation: ForgeOperation,
    ask: () => Promise<ForgeAnswer>,
    budget: ForgeBudget,
  ): Promise<ForgeAnswer> => {
    const report = reportOf(operation, budget, deps.now().getTime());
    deps.breakers.begin(circuit);
    try {
      const answer = await ask();
      report(String(answer.status), answer.headers);
      if (answer.status >= 500) deps.breakers.fail(circuit);
      else deps.breakers.succeed(circuit);
      return answer;
    } catch (error) {
      report('error');
      deps.signal?.throwIfAborted();
      const failure = forgeUnreachable(operation, error, context);
      if (hasCode(failure, 'ForgeUnavailable')) deps.breakers.fail(circuit);
      throw comingBack(failure, deps.breakers.refusal(circuit));
    }
  };
}

/** Budgets count by token and forge. */
function budgetKey({ provider, host, secrets, account }: ForgeContext): string {
  const counted = account ?? createHash('sha256').update(secrets.join('\n')).digest('hex');
  return `${provider} ${host} ${counted}`;
}

/**
 * An open breaker says when to come back: the delays of a caller that tries again by itself grow far beyond its own.
 */
function comingBack(failure: TurnpikeError, refusal: Refusal | undefined): TurnpikeError {
  if (!refusal || failure.code !== 'ForgeUnavailable') return failure;
  const { message, retry, cause } = failure;
  const asked = typeof retry === 'object' ? retry.afterSeconds : 0;
  const afterSeconds = Math.max(asked, refusal.seconds);
  return new TurnpikeError('ForgeUnavailable', message, { retry: { afterSeconds }, cause });
}

function stillLimited(context: ForgeContext, seconds: number): TurnpikeError {
  const sentence = `${context.name} at ${context.host} limits the rate of requests: the next attempt is in ${seconds} s.`;
  return new TurnpikeError('ForgeRateLimited', sentence, { retry: { afterSeconds: seconds } });
}

function stillBroken({ name, host, repository }: ForgeContext, refusal: Refusal): TurnpikeError {
  const { failures, since, seconds } = refusal;
  const sentence = `${name} at ${host} has failed ${failures} times in a row for ${repository} since ${since.toISOString()}: the next attempt is in ${seconds} s.`;
  return new TurnpikeError('ForgeUnavailable', sentence, { retry: { afterSeconds: seconds } });
}
