/** Work that stops now and then to say what it has cost since, so that others may have their turn. */
export type Steps<Result> = Generator<number, Result, void>;

/** Does all of it at once. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Waits after each step; what `spend` throws ends the work. */
export async function oneByOne<Result>(
  steps: Steps<Result>,
  spend: (cost: number) => Promise<void>,
): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await spend(value);
  }
}
