import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Waiting } from './attempt-time.ts';

/**
 * Lets everything else have its turn first; then goes on, and nothing else that takes long at the same time. `tokens`:
 * how many were parsed since.
 */
export type Turn = (tokens?: number) => Promise<void>;

/** The turns of all that takes long. */
export interface Turns {
  /**
   * For one piece of work, such as the edit of one repository. Its time begins with its first turn. `waiting` waits
   * for what belongs to others and not to this work.
   */
  job(waiting?: Waiting): Turn;
  /** Takes back at once what was left behind: by itself the engine lets it grow to hundreds of megabytes. */
  collect(): void;
}

export interface TurnsOptions {
  readonly collect?: () => void;
  readonly now?: () => number;
  readonly rest?: (ms: number) => Promise<unknown>;
}

/** Parsers leave much behind. */
const COLLECT_AFTER_TOKENS = 100_000;
/** What takes longer is heavy, and others matter more: all that is heavy has a third of the time together. */
const LIGHT_MS = 200;
const REST = 2;
/** A wait for something else may lie between two turns. */
const MAX_STEP_MS = 100;

export function createTurns(options: TurnsOptions = {}): Turns {
  const { collect = () => Bun.gc(true), now = () => performance.now(), rest = sleep } = options;
  let last: Promise<unknown> = Promise.resolve();
  let lastHeavy: Promise<unknown> = Promise.resolve();
  let parsed = 0;

  function next(): Promise<unknown> {
    last = last.then(() => setImmediate());
    return last;
  }

  function afterRest(ms: number): Promise<unknown> {
    lastHeavy = lastHeavy.then(() => rest(REST * ms)).then(next);
    return lastHeavy;
  }

  function count(tokens: number): void {
    parsed += tokens;
    if (parsed < COLLECT_AFTER_TOKENS) return;
    parsed = 0;
    last = last.then(collect);
  }

  function job(waiting: Waiting = (turn) => turn): Turn {
    let spent = 0;
    let since: number | undefined;
    return async (tokens = 0) => {
      const step = since === undefined ? 0 : Math.min(MAX_STEP_MS, now() - since);
      spent += step;
      count(tokens);
      await waiting(spent < LIGHT_MS ? next() : afterRest(step));
      since = now();
    };
  }

  return { job, collect };
}
