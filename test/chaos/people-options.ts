import type { App, EnvironmentName } from './fleet.ts';
import type { Flux } from './flux.ts';
import type { Ledger } from './ledger.ts';
import type { Review } from './round.ts';
import type { World } from './world.ts';

export interface Decision {
  readonly review: Review;
  /** The delay in milliseconds. */
  readonly ms: number;
  /** Ask for a reconciliation before. */
  readonly request: boolean;
}

export interface PeopleOptions {
  readonly world: Pick<World, 'lab' | 'forge' | 'replicas'>;
  readonly apps: readonly App[];
  readonly flux: Flux;
  readonly ledger: Ledger;
  /** True when people ask for a reconciliation when a conflict keeps a pull request from being merged. */
  readonly impatient: boolean;
  /** Decides on the pull request that brings this version, and after how many milliseconds. */
  readonly decide: (app: App, environment: EnvironmentName, version: string) => Decision;
}
