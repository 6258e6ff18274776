import type { Courier, Sent } from './courier.ts';
import type { Outcome } from './drive-options.ts';
import type { App } from './fleet.ts';
import type { Flux } from './flux.ts';
import type { Ledger } from './ledger.ts';
import type { People } from './people.ts';
import type { Random } from './random.ts';
import type { Review, Round } from './round.ts';
import type { Scale } from './scale.ts';
import type { Wait } from './settle.ts';
import type { World } from './world.ts';

/** The parts that a family of faults acts on. */
export interface Stage {
  readonly world: World;
  readonly random: Random;
  readonly scale: Scale;
  readonly apps: readonly App[];
  readonly courier: Courier;
  readonly people: People;
  readonly flux: Flux;
  readonly ledger: Ledger;
  /** Events that were delivered lately. */
  readonly sent: readonly Sent[];
  readonly rounds: Map<string, Round>;
  readonly waits: Map<string, Wait>;
}

/** One fault; true: it has affected something. */
export type Harm = (stage: Stage) => Promise<boolean>;

export interface Family {
  readonly name: string;
  readonly faults: readonly string[];
  /** Does one of the faults that are due, the most overdue one first, and returns its name; undefined: none struck. */
  readonly strike: (stage: Stage, due: readonly string[]) => Promise<string | undefined>;
  readonly reviews: readonly Review[];
  /** Processes die before they see a conflict twice, which Turnpike waits for: people request a reconciliation. */
  readonly forgets?: boolean;
  /** Strikes that may be under way at once. */
  readonly abreast: number;
  /** Share of the plain applications that promote by pull request, of those that the scale names. */
  readonly pullRequests: number;
}

export interface Report {
  readonly family: string;
  /** Versions that were brought into an environment, and those that people turned away. */
  readonly promotions: number;
  readonly outcome: Outcome;
  readonly faults: ReadonlyMap<string, number>;
  readonly doubled: readonly string[];
  readonly wrong: readonly string[];
  readonly twoLeaders: readonly string[];
  /** The number of times that a replica took over the lead. */
  readonly leads: number;
  /** Locks that the forge's own Git left behind and its administrator removed. */
  readonly locks: number;
  readonly seconds: number;
  /** MiB of each replica, when a fifth was done and at the end. */
  readonly memory: { readonly early: readonly number[]; readonly late: readonly number[] };
}

/** A family of faults that have nothing to do with each other. */
export function oneByOne(harms: Readonly<Record<string, Harm>>): Pick<Family, 'faults' | 'strike'> {
  return {
    faults: Object.keys(harms),
    async strike(stage, [first]) {
      const harm = first === undefined ? undefined : harms[first];
      return (await harm?.(stage)) ? first : undefined;
    },
  };
}
