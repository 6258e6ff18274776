import type { BranchUpdate } from './port.ts';

/** An update on its way through a batch: it is prepared with the others, and pushed with them if it is wanted by then. */
export interface BatchedUpdate extends BranchUpdate {
  /** Called when it may be pushed; once more where it had to be prepared anew. */
  readonly onPrepared: () => void;
  /** Whether it is to be pushed, as soon as that is decided. */
  readonly isWanted: Promise<boolean>;
}

export interface Decisions {
  readonly wanted: readonly BatchedUpdate[];
  /** Nothing is decided about these yet. */
  readonly undecided: readonly BatchedUpdate[];
}

/** How long those that are to be pushed wait for others that came with them, while about none of these is decided. */
const DECISION_MS = 500;

/** What is decided by then. Nobody waits long for another one. */
export async function awaitDecisions(updates: readonly BatchedUpdate[]): Promise<Decisions> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), DECISION_MS);
  const wishes = await Promise.all(updates.map(({ isWanted }) => Promise.race([isWanted, late.promise])));
  clearTimeout(timer);
  return {
    wanted: updates.filter((_, index) => wishes[index] === true),
    undecided: updates.filter((_, index) => wishes[index] === undefined),
  };
}
