import type { App, EnvironmentName } from './fleet.ts';
import type { Kind, Review } from './round.ts';

/** A version that must not come into an environment by itself. */
export interface Forbidden {
  readonly app: App;
  readonly environment: EnvironmentName;
  readonly version: string;
  /** The time from which pull requests with it must not be opened. */
  readonly since?: Date;
  /** A merge of one is forbidden too, at any time. */
  readonly merged?: 'ever';
}

/** A commit that a person made on a promotion branch. */
export interface PersonsCommit {
  readonly app: App;
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  /** The number of the pull request, which was open then. */
  readonly number: number;
}

/** The record of all that was done so far, and of the rules that must hold ever after. */
export interface Ledger {
  /** The number of times that each was begun; `done`: to its end. */
  readonly begun: Map<string, number>;
  readonly done: Map<string, number>;
  readonly forbidden: readonly Forbidden[];
  readonly commits: readonly PersonsCommit[];
  /** Faults that were seen on the way, a sentence each. */
  readonly wrongs: readonly string[];
  begin(what: Kind | Review): void;
  finish(what: Kind | Review): void;
  forbid(one: Forbidden): void;
  committed(one: PersonsCommit): void;
  wrong(sentence: string): void;
}

export function createLedger(): Ledger {
  const begun = new Map<string, number>();
  const done = new Map<string, number>();
  const forbidden: Forbidden[] = [];
  const commits: PersonsCommit[] = [];
  const wrongs: string[] = [];
  const count = (map: Map<string, number>) => (what: string) => void map.set(what, (map.get(what) ?? 0) + 1);
  return {
    begun,
    done,
    forbidden,
    commits,
    wrongs,
    begin: count(begun),
    finish: count(done),
    forbid: (one) => void forbidden.push(one),
    committed: (one) => void commits.push(one),
    wrong: (sentence) => void wrongs.push(sentence),
  };
}
