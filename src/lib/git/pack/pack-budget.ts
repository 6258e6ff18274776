import { createTurns, type Turn } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';

/** Bounds the cost of reading a pack, and gives other work its turn in between. */
export interface PackBudget {
  /** Counts the pack's own bytes, inflated. Throws `GitTooLarge`. */
  hold(bytes: number): void;
  /** Counts bytes that are made in memory, which may be the same again. Throws `GitTooLarge`. */
  work(bytes: number): void;
  /**
   * Waits, once much is held, until no other pack is as large. Call before more of it is made; `more` is the number of
   * bytes that are not counted yet.
   */
  room(more?: number): Promise<void>;
  /** Call once an object. Throws the signal's reason. */
  turn(): Promise<void>;
}

export interface PackLimits {
  /** The repository's name, for messages. */
  readonly name: string;
  /** The advice for one that is too large, to end a sentence. */
  readonly advice: string;
  /** The bound of all objects and deltas together, inflated, in bytes. */
  readonly maxInflated: number;
  readonly signal: AbortSignal;
  readonly turn?: Turn;
  /** Waits until no other large pack is being read. */
  readonly enter?: () => Promise<void>;
}

const MIB = 1024 * 1024;
/** Objects that are dropped from memory are made again: at most so many times the bytes that the pack may hold. */
const MAX_REPETITION = 4;
/** The bytes between two turns, a few milliseconds of work: other work has a hundred steps, and meets one at each. */
const BYTES_AT_ONCE = MIB / 2;
const OBJECTS_AT_ONCE = 100;
/** Reading an object, or so many bytes, leaves about as much behind as these tokens of YAML. */
const TOKENS_OF_OBJECT = 2;
const BYTES_OF_TOKEN = 512;
/** A small pack may become large: from so many bytes on it counts as one. */
const LARGE_BYTES = 8 * MIB;

export function createPackBudget(limits: PackLimits): PackBudget {
  const { maxInflated, signal, turn = createTurns().job(), enter } = limits;
  let hasEntered = false;
  let [held, worked, sinceTurn, objects, tokens] = [0, 0, 0, 0, 0];
  return {
    hold(bytes) {
      held += bytes;
      if (held > maxInflated) throw tooLarge(limits);
    },
    work(bytes) {
      worked += bytes;
      sinceTurn += bytes;
      if (worked > maxInflated * MAX_REPETITION) throw tooLarge(limits);
    },
    async room(more = 0) {
      if (hasEntered || held + more <= LARGE_BYTES) return;
      hasEntered = true;
      await enter?.();
    },
    async turn() {
      objects += 1;
      tokens += TOKENS_OF_OBJECT;
      if (sinceTurn < BYTES_AT_ONCE && objects % OBJECTS_AT_ONCE !== 0) return;
      const left = tokens + Math.ceil(sinceTurn / BYTES_OF_TOKEN);
      [sinceTurn, tokens] = [0, 0];
      await turn(left);
      signal.throwIfAborted();
    },
  };
}

export function tooLarge({ name, advice, maxInflated }: PackLimits): TurnpikeError {
  const message = `${name} has files of more than ${Math.floor(maxInflated / MIB)} MiB in all: ${advice}.`;
  return new TurnpikeError('GitTooLarge', message);
}
