import type { Pipeline } from '../api/pipeline.ts';
import { availableRevision } from '../decide/gates/available.ts';
import { contextOf, type PullRequestState } from '../decide/promotion/next.ts';
import { type Asked, isHeld, pollDue } from '../decide/promotion/poll.ts';
import type { RetryPolicy } from '../decide/promotion/retry.ts';
import { putBounded } from '../lib/async/index.ts';
import { errorMessage, hasCode, TurnpikeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Promoter } from './promoter.ts';

/** The answers of forges, and of Git, about the pull requests whose state can still matter. */
export interface Answers {
  /** By environment, where it was asked. */
  readonly pullRequests: Readonly<Record<string, PullRequestState>>;
  /** Seconds until one is to be asked about. */
  readonly wakeAfter: number;
}

export interface Polls {
  ask(pipeline: Pipeline, at: { readonly now: Date; readonly requested: boolean }): Promise<Answers>;
  /** Tells whether a task failed so short a time ago that it is not tried again yet. */
  isPaused(task: string, now: Date): boolean;
  /** The task failed; `forGood`: a person has to mend something. */
  pause(task: string, now: Date, forGood: boolean): void;
  /** The pull request into this environment has just been changed: it is asked about at the next look. */
  changed(pipeline: Pipeline, environment: string): void;
}

export interface PollDeps {
  readonly promoter: Pick<Promoter, 'pullRequestState'>;
  readonly policy: Pick<RetryPolicy, 'resyncSeconds'>;
  /** Times at which forges were asked last; a process begins without. */
  readonly asked?: Map<string, Asked>;
  readonly log: Pick<Logger, 'debug' | 'warn'>;
}

const MAX_REMEMBERED = 50_000;
/** A task that failed is not tried at each look. */
const PAUSE_SECONDS = 30;

/**
 * Asks no sooner than it is due, however often the Pipeline is looked at: applications change all the time, and a forge
 * counts its requests. When it was asked last is kept in memory alone: a new process asks at once.
 */
export function createPolls(deps: PollDeps): Polls {
  const lastAsked = deps.asked ?? new Map<string, Asked>();
  /** Until when it is not tried again. */
  const paused = new Map<string, number>();
  const remember = (key: string, asked: Asked) => putBounded(lastAsked, key, asked, MAX_REMEMBERED);

  async function ask(
    pipeline: Pipeline,
    { now, requested }: { now: Date; requested: boolean },
  ): Promise<Answers> {
    const { environments } = pipeline.spec;
    let wakeAfter = deps.policy.resyncSeconds;
    const asked = environments.map(async (environment, index) => {
      const previous = environments[index - 1];
      if (!previous) return [];
      const context = contextOf({ pipeline, pullRequests: {}, requested, now }, previous, environment);
      const promotion = context.state.promotion;
      const key = keyOf(pipeline, environment.name);
      const available = availableRevision(pipeline, index - 1);
      const due = pollDue(context, lastAsked.get(key), available);
      if (due === undefined || !promotion) return [];
      if (due > 0) {
        wakeAfter = Math.min(wakeAfter, due);
        return [];
      }
      const { changedAt } = promotion.pullRequest ?? {};
      remember(key, { at: now.getTime(), changedAt, isHeld: isHeld(context) });
      try {
        const state = await deps.promoter.pullRequestState({ pipeline, environment, promotion });
        return [[environment.name, state] as const];
      } catch (error) {
        const retrySeconds = retryAfter(error);
        remember(key, { at: now.getTime(), changedAt, isHeld: isHeld(context), retrySeconds });
        wakeAfter = Math.min(wakeAfter, pollDue(context, lastAsked.get(key), available) ?? wakeAfter);
        const { namespace, name } = pipeline.metadata;
        const fields = { namespace, name, environment: environment.name, error: errorMessage(error) };
        deps.log[levelOf(error)](fields, 'cannot look at the pull request, retrying');
        return [];
      }
    });
    const pullRequests = Object.fromEntries((await Promise.all(asked)).flat());
    return { pullRequests, wakeAfter };
  }

  return {
    ask,
    isPaused: (task, now) => now.getTime() < (paused.get(task) ?? 0),
    pause(task, now, forGood) {
      const seconds = forGood ? deps.policy.resyncSeconds : PAUSE_SECONDS;
      putBounded(paused, task, now.getTime() + seconds * 1000, MAX_REMEMBERED);
    },
    changed(pipeline, environment) {
      lastAsked.delete(keyOf(pipeline, environment));
    },
  };
}

const RETRY_SECONDS = 15;
/** A Secret costs the forge no request. */
const SECRET_SECONDS = 30;
/** A person has to mend something at the forge, or a Secret that it refuses. */
const REFUSED_SECONDS = 300;

function retryAfter(error: unknown): number {
  if (isLimited(error)) return Math.min(Math.max(error.retry.afterSeconds, RETRY_SECONDS), REFUSED_SECONDS);
  if (hasCode(error, 'SecretNotFound', 'SecretInvalid', 'HostNotAllowed')) return SECRET_SECONDS;
  return error instanceof TurnpikeError && error.retry === 'never' ? REFUSED_SECONDS : RETRY_SECONDS;
}

/** Polls that a rate limit holds are many, and nothing is wrong with them. */
function levelOf(error: unknown): 'debug' | 'warn' {
  return isLimited(error) ? 'debug' : 'warn';
}

type Limited = TurnpikeError & { readonly retry: { readonly afterSeconds: number } };

function isLimited(error: unknown): error is Limited {
  return hasCode(error, 'ForgeRateLimited') && typeof error.retry === 'object';
}

function keyOf({ metadata }: Pipeline, environment: string): string {
  return `${metadata.uid} ${environment}`;
}
