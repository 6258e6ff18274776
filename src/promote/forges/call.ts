import { createHash } from 'node:crypto';
import { TurnpikeError } from '../../api/errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { forgeFailure, forgeUnreachable } from './failure.ts';
import type { RateLimits } from './rate.ts';

export type ForgeOperation = 'create' | 'find' | 'get' | 'update';

/** What a forge answered, whatever its status. `data` is the parsed JSON, or the text when it was none. */
export interface ForgeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
}

/** Who is asked, for sentences, metrics and logs. */
export interface ForgeContext {
  /** The label of metrics, such as `github`. */
  readonly provider: string;
  /** The name for people, such as `GitHub`. */
  readonly name: string;
  readonly host: string;
  /** `owner/name`. */
  readonly repository: string;
  /** What must not appear in any message. */
  readonly secrets: readonly string[];
}

export interface ForgeRequest {
  readonly provider: string;
  readonly operation: string;
  /** The HTTP status, or `error` when there was no answer. */
  readonly code: string;
  readonly seconds: number;
}

export interface ForgeCallDeps {
  readonly log: Logger;
  readonly now: () => Date;
  readonly limits: RateLimits;
  readonly onForgeRequest: (request: ForgeRequest) => void;
  readonly signal?: AbortSignal;
}

/** `accepts` names the failures that the caller understands; every other one is thrown. */
export type ForgeCall = (
  operation: ForgeOperation,
  send: () => Promise<ForgeAnswer>,
  accepts?: (answer: ForgeAnswer) => boolean,
) => Promise<ForgeAnswer>;

/**
 * The one function that every request to a forge goes through: it keeps to rate limits, times, counts and
 * logs, and turns failures into errors without secrets.
 *
 * @throws TurnpikeError ForgeRateLimited, ForgeUnauthorized, ForgeNotFound, ForgeRefused, ForgeUnavailable,
 * HostNotAllowed; the signal's own reason once it is aborted
 */
export function createForgeCall(context: ForgeContext, deps: ForgeCallDeps): ForgeCall {
  const key = limitKey(context);

  const timed = async (operation: ForgeOperation, send: () => Promise<ForgeAnswer>) => {
    const started = deps.now().getTime();
    const report = (code: string) => {
      const seconds = (deps.now().getTime() - started) / 1000;
      const { provider, host, repository } = context;
      deps.onForgeRequest({ provider, operation, code, seconds });
      deps.log.debug({ provider, host, repository, operation, code, seconds }, 'asked the forge');
    };
    try {
      const answer = await send();
      report(String(answer.status));
      return answer;
    } catch (error) {
      report('error');
      deps.signal?.throwIfAborted();
      throw forgeUnreachable(operation, error, context);
    }
  };

  return async (operation, send, accepts = () => false) => {
    const held = deps.limits.heldFor(key);
    if (held !== undefined) throw stillLimited(context, held);
    const answer = await timed(operation, send);
    if ((answer.status >= 200 && answer.status < 300) || accepts(answer)) return answer;
    const failure = forgeFailure(operation, answer, context, deps.now());
    if (failure.code === 'ForgeRateLimited' && typeof failure.retry === 'object') {
      deps.limits.hold(key, failure.retry.afterSeconds);
    }
    throw failure;
  };
}

/** Limits count by token and forge. */
function limitKey(context: ForgeContext): string {
  const token = createHash('sha256').update(context.secrets.join('\n')).digest('hex');
  return `${context.provider} ${context.host} ${token}`;
}

function stillLimited(context: ForgeContext, seconds: number): TurnpikeError {
  const sentence = `${context.name} at ${context.host} limits the rate of requests: the next attempt is in ${seconds} s.`;
  return new TurnpikeError('ForgeRateLimited', sentence, { retry: { afterSeconds: seconds } });
}
