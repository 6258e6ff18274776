/** How much is fuzzed; this is the one place of the fuzzing that reads the environment. */
export interface FuzzOptions {
  /** `FUZZ_SEED`: the same seed makes the same mutants. */
  readonly seed: number;
  /** `FUZZ_COUNT`: mutants of each kind; undefined for as many as a quick test takes. */
  readonly count: number | undefined;
  /** `FUZZ_FIRST`: the number of the first one, to have a single one again with a count of 1. */
  readonly first: number;
}

const DEFAULT_SEED = 1;

export function fuzzOptions(): FuzzOptions {
  const { FUZZ_SEED, FUZZ_COUNT, FUZZ_FIRST } = process.env;
  return {
    seed: wholeNumber('FUZZ_SEED', FUZZ_SEED) ?? DEFAULT_SEED,
    count: wholeNumber('FUZZ_COUNT', FUZZ_COUNT),
    first: wholeNumber('FUZZ_FIRST', FUZZ_FIRST) ?? 0,
  };
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} is ${JSON.stringify(text)}: write a whole number.`);
  return Number(text);
}
