import type { Kind } from './round.ts';

/** How much is done, and how long it is waited for. */
export interface Scale {
  readonly promotions: number;
  /** How often each fault befalls something at least. */
  readonly hits: number;
  /** How often each kind of unusual round is done at least; undefined: there are none at all. */
  readonly kinds: Readonly<Partial<Record<Kind, number>>> | undefined;
  /** Pipelines at once, of plain applications. */
  readonly notifications: number;
  readonly pullRequests: number;
  /** Of each other shape of application, by pull request. */
  readonly others: number;
  /** Whether people ask for a reconciliation when a conflict keeps a pull request from being merged. */
  readonly impatient: boolean;
  readonly outageSeconds: number;
  readonly silenceSeconds: number;
  /** A round that takes longer once the faults are over is lost. */
  readonly healSeconds: number;
  /** Between two releases of one application at most. */
  readonly pauseMs: number;
  /** How long people take to review; twice that when a version is about to be overtaken. */
  readonly patienceMs: number;
  /** More lost ones than these tell nothing new. */
  readonly maxLost: number;
  /** How often any fault befalls something at least. */
  readonly strikes: number;
  /** Only these faults. */
  readonly only?: readonly string[];
}
