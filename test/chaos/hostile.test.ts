import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { broken } from './hostile/goals.ts';
import { createSetup } from './hostile/setup.ts';
import { table } from './hostile/table.ts';
import { runTrial } from './hostile/trial.ts';

/**
 * A few acts, for a short while, by a seed that is always the same. Nothing here is about time: that is for
 * `npm run chaos -- --family hostile`, which has the machine to itself.
 */
const SEED = 'npm test';
const TRIALS = [
  ['git-pkt-lines', 'hook-held-bodies'],
  ['known-hosts-stars', 'leaf-endless-pages'],
];
const TIMES = { seconds: 12, healSeconds: 60, pauseMs: 15_000 };

const note = (sentence: string) => process.stderr.write(`${sentence}\n`);

let setup: Awaited<ReturnType<typeof createSetup>>;

beforeAll(async () => {
  setup = await createSetup(note);
}, 300_000);

afterAll(() => setup?.[Symbol.asyncDispose](), 60_000);

describe('ten teams promote and the process lives, within its memory', () => {
  test.each(TRIALS)(
    'during %s and %s',
    async (...acts) => {
      const trial = await runTrial(setup, { acts, seed: SEED, ...TIMES });
      note(table([{ trial, without: trial }]));
      expect(broken(trial)).toEqual([]);
    },
    180_000,
  );
});
