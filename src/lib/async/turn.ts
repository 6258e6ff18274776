import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Waiting } from './attempt-time.ts';

/**
 * Lets everything else have its turn first; then goes on, and nothing else that takes long at the same time. `tokens`:
 * how many of YAML were parsed since, or what leaves as much behind.
 */
export type Turn = (tokens?: number) => Promise<void>;

/** The turns of all that takes long. */
export interface Turns {
  /**
   * For one piece of work, such as the edit of one repository. Its time begins with its first turn. `waiting` waits
   * for what belongs to others and not to this work. Many small ones of one namespace count together.
   */
  job(waiting?: Waiting, namespace?: string): Turn;
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
/** Time from which work is heavy, and others matter more: all heavy work together has a third of the time. */
const LIGHT_MS = 200;
const REST = 2;
/** Light work of one namespace: so much at once, and this part of the time from then on. */
const NAMESPACE_LIGHT_MS = 1_000;
const NAMESPACE_PART = 0.25;
const MAX_NAMESPACES = 1_000;
/** A wait for something else may lie between two turns. */
const MAX_STEP_MS = 100;

export function createTurns(options: TurnsOptions = {}): Turns {
  const { collect = () => Bun.gc(true), now = () => performance.now(), rest = sleep } = options;
  let last: Promise<unknown> = Promise.resolve();
  let lastHeavy: Promise<unknown> = Promise.resolve();
  const accounts = createAccounts(now);
  let parsed = 0;

  function next(): Promise<unknown> {
    last = last.then(() => setImmediate());
    return last;
  }

  function afterRest(ms: number): Promise<unknown> {
    lastHeavy = lastHeavy.then(() => rest(REST * ms)).then(next);
    return lastHeavy;
  }

  /** `took`: so long was collected behind it. */
  function count(tokens: number, took: (ms: number) => void): void {
    parsed += tokens;
    if (parsed < COLLECT_AFTER_TOKENS) return;
    parsed = 0;
    last = last.then(() => {
      const started = now();
      collect();
      took(now() - started);
    });
  }

  function job(waiting: Waiting = (turn) => turn, namespace?: string): Turn {
    let [spent, behind] = [0, 0];
    let since: number | undefined;
    const took = (ms: number) => {
      behind += ms;
    };
    return async (tokens = 0) => {
      const step = behind + (since === undefined ? 0 : Math.min(MAX_STEP_MS, now() - since));
      behind = 0;
      spent += step;
      const isLight = accounts.isLight(namespace, step) && spent < LIGHT_MS;
      count(tokens, took);
      await waiting(isLight ? next() : afterRest(step));
      since = now();
    };
  }

  return { job, collect };
}

/** Accounts for the time that the light work of each namespace has taken of late. */
function createAccounts(now: () => number) {
  const accounts = new Map<string, { spent: number; at: number }>();

  function forget(): void {
    for (const [namespace, { spent, at }] of accounts) {
      if (spent <= NAMESPACE_PART * (now() - at)) accounts.delete(namespace);
    }
  }

  return {
    /** True: work that took so long is light beside all else of its namespace. */
    isLight(namespace: string | undefined, ms: number): boolean {
      if (namespace === undefined) return true;
      const { spent, at } = accounts.get(namespace) ?? { spent: 0, at: now() };
      const left = Math.max(spent - NAMESPACE_PART * (now() - at), 0) + ms;
      if (accounts.size >= MAX_NAMESPACES) forget();
      accounts.set(namespace, { spent: Math.min(left, 2 * NAMESPACE_LIGHT_MS), at: now() });
      return left < NAMESPACE_LIGHT_MS;
    },
  };
}
