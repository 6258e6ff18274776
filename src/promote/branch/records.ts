import type { BranchUpdate } from './port.ts';

/** Nothing is pushed for a promotion before it is recorded. */
export interface Records {
  /** Those that may be pushed, and those that cannot be recorded, each with what keeps it from that. */
  readonly settled: readonly (readonly [BranchUpdate, unrecordable: Failed | undefined])[];
  readonly waiting: readonly BranchUpdate[];
}

export interface Failed {
  readonly kind: 'failed';
  readonly error: unknown;
}

/** How long those that are ready wait for the record of others that came with them, while none of these gets on. */
const RECORD_MS = 500;

/** Which of them are recorded by then. Nobody waits long for another one. */
export async function awaitRecords(updates: readonly BranchUpdate[]): Promise<Records> {
  const late = Promise.withResolvers<'waiting'>();
  const timer = setTimeout(() => late.resolve('waiting'), RECORD_MS);
  const states = await Promise.all(updates.map((update) => Promise.race([recordOf(update), late.promise])));
  clearTimeout(timer);
  const settled = updates.flatMap((update, index) => {
    const state = states[index];
    return state === 'waiting' ? [] : [[update, state] as const];
  });
  return { settled, waiting: updates.filter((_, index) => states[index] === 'waiting') };
}

/** What keeps a promotion from being recorded is its own error, and no damage of the copy. */
async function recordOf({ recorded }: BranchUpdate): Promise<Failed | undefined> {
  try {
    await recorded;
    return undefined;
  } catch (error) {
    return { kind: 'failed', error };
  }
}
