import type { Lab } from '../lab/lab.ts';
import type { Flux } from './flux.ts';
import type { Ledger } from './ledger.ts';
import type { People } from './people.ts';
import type { Random } from './random.ts';
import type { Review, Round } from './round.ts';
import type { Scale } from './scale.ts';
import type { Wait } from './settle.ts';

export interface Outcome {
  /** Rounds that did not end as they should in the time that they had, with what was seen. */
  readonly lost: string[];
  rejected: number;
  overtaken: number;
  /** The longest round that ended well, in seconds. */
  slowest: number;
  /** Rounds that took long, with what was seen last before their end. */
  readonly slow: string[];
}

export interface DriveOptions {
  readonly lab: Lab;
  readonly flux: Flux;
  readonly people: Pick<People, 'status' | 'refusal' | 'openPull'>;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly scale: Scale;
  /** The number of applications that are promoted by pull request. */
  readonly pullRequests: number;
  readonly reviews: readonly Review[];
  readonly goOn: () => boolean;
  readonly outcome: Outcome;
  /** The round of each application that is under way. */
  readonly rounds: Map<string, Round>;
  readonly waits: Map<string, Wait>;
}
