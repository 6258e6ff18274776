import type { Lab } from '../../lab/lab.ts';
import type { Random } from '../random.ts';

/** The tools of a hostile act. It runs in a process of its own. */
export interface ActContext {
  readonly lab: Lab;
  /** `http://127.0.0.1:<port>`, of the promotion webhook. */
  readonly hook: string;
  /** The port of the admission webhook at 127.0.0.1. */
  readonly admissionPort: number;
  /** Decides sizes and pace. */
  readonly random: Random;
  /** Call it when all is set up: the time of the act counts from then. */
  readonly begin: () => void;
  /** Counts that Turnpike came to it, or it to Turnpike. */
  readonly reached: () => void;
  /** Fires when it is enough. */
  readonly signal: AbortSignal;
  /** Says what the seed has made of it. */
  readonly note: (sentence: string) => void;
}

/** A hostile act. A new one needs a file in `acts`, and its name in the list of acts.ts. */
export interface Act {
  readonly name: string;
  readonly summary: string;
  /** Does harm until the signal fires. */
  readonly perform: (context: ActContext) => Promise<void>;
}

/** The address of hostile servers: no other server has it. */
export const HOSTILE_ADDRESS = '127.0.0.66';

export const MIB = 1024 * 1024;

/** A whole number from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** Ends early, and without an error, when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return promise;
}
