import type { Kind } from './round.ts';

/** The amount of work, and the times to wait for it. */
export interface Scale {
  readonly promotions: number;
  /** The least number of times that each fault has an effect. */
  readonly hits: number;
  /** The number of times that each kind of unusual round is done at least; undefined: never. */
  readonly kinds: Readonly<Partial<Record<Kind, number>>> | undefined;
  /** Pipelines at once, of plain applications. */
  readonly notifications: number;
  readonly pullRequests: number;
  /** The number of applications of each other shape, by pull request. */
  readonly others: number;
  /** True when people ask for a reconciliation when a conflict keeps a pull request from being merged. */
  readonly impatient: boolean;
  readonly outageSeconds: number;
  readonly silenceSeconds: number;
  /** A round that takes longer once the faults are over is lost. */
  readonly healSeconds: number;
  /** The longest time between two releases of one application. */
  readonly pauseMs: number;
  /** The time that people take to review; twice that when a version is about to be overtaken. */
  readonly patienceMs: number;
  /** Further lost rounds add nothing new. */
  readonly maxLost: number;
  /** The least number of times that any fault has an effect. */
  readonly strikes: number;
  /** The faults to inject, when not all. */
  readonly only?: readonly string[];
}
