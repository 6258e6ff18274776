import { TurnpikeError } from '../../src/lib/errors.ts';

/** The TurnpikeError that a promise ends with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<TurnpikeError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof TurnpikeError) return error;
  throw error;
}
