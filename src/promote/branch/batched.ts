import type { Schedule } from '../../lib/async/index.ts';
import type { BranchUpdate } from './port.ts';

/** An update on its way through a batch: it is prepared with the others, and pushed with them if it is wanted by then. */
export interface BatchedUpdate extends BranchUpdate {
  /** Called when it may be pushed; once more where it had to be prepared anew. */
  readonly onPrepared: () => void;
  /** Tells whether it is to be pushed, as soon as that is decided. */
  readonly isWanted: Promise<boolean>;
}

export interface Decisions {
  readonly wanted: readonly BatchedUpdate[];
  /** Nothing is decided about these yet. */
  readonly undecided: readonly BatchedUpdate[];
}

/** Upper bound on how long a batch waits for its next decision. */
const DECISION_SECONDS = 0.5;

/** Waits until all is decided, or for so long: no update waits long for another one. */
export async function awaitDecisions(
  updates: readonly BatchedUpdate[],
  schedule: Schedule,
): Promise<Decisions> {
  const late = Promise.withResolvers<undefined>();
  const callOff = schedule(() => late.resolve(undefined), DECISION_SECONDS);
  const wishes = await Promise.all(updates.map(({ isWanted }) => Promise.race([isWanted, late.promise])));
  callOff();
  return {
    wanted: updates.filter((_, index) => wishes[index] === true),
    undecided: updates.filter((_, index) => wishes[index] === undefined),
  };
}
