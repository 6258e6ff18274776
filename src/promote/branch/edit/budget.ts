import {
  createSlots,
  createTurns,
  type Slots,
  type Turn,
  type Turns,
  type Waiting,
} from '../../../lib/async/index.ts';
import { TurnpikeError } from '../../../lib/errors.ts';

/** The time that one promotion may take of what all share. */
export interface EditBudget {
  /** Lets others have their turn. Throws the signal's reason. */
  readonly turn: Turn;
  /** The same after so many YAML tokens. Throws `GitTooLarge` once there were too many. */
  readonly spend: (tokens: number) => Promise<void>;
  /** Waits until no other large file is being parsed. Call what it gives when this one is done. */
  readonly parse: () => Promise<() => void>;
}

export interface EditBudgetOptions {
  readonly turns?: Turns;
  readonly parses?: Slots;
  readonly signal?: AbortSignal;
  /** Waits for what belongs to others. */
  readonly waiting?: Waiting | undefined;
  /** Whose turn it is when others wait too. */
  readonly namespace?: string | undefined;
  readonly maxTokens?: number;
}

/** Some seconds; the values files of a fleet have a few thousand each. */
const MAX_TOKENS = 2_000_000;

export function createEditBudget(options: EditBudgetOptions = {}): EditBudget {
  const { turns = createTurns(), parses = createSlots(1), signal, maxTokens = MAX_TOKENS } = options;
  const { waiting = (turn) => turn, namespace } = options;
  const yieldTurn = turns.job(waiting, namespace);
  let spent = 0;

  async function turn(tokens?: number): Promise<void> {
    await yieldTurn(tokens);
    signal?.throwIfAborted();
  }

  async function parse(): Promise<() => void> {
    const giveBack = await waiting(parses.take(signal, namespace));
    return () => {
      turns.collect();
      giveBack();
    };
  }

  return {
    turn,
    parse,
    spend(tokens) {
      spent += tokens;
      return spent > maxTokens ? Promise.reject(tooLarge(maxTokens)) : turn(tokens);
    },
  };
}

function tooLarge(maxTokens: number): TurnpikeError {
  const message = `The files that are to be edited have more than ${maxTokens} YAML tokens in all: put markers into fewer and smaller files, or let files match fewer.`;
  return new TurnpikeError('GitTooLarge', message);
}
