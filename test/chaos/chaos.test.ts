import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FAMILIES } from './families.ts';
import type { Scale } from './family.ts';
import { runFamily } from './run.ts';
import { failures, table } from './table.ts';
import { createWorld, FLAGS, type World } from './world.ts';

/** The long run is `npm run chaos`; the seed of a failure is given to that with `-- --seed`. */

const SHORT: Scale = {
  promotions: 20,
  hits: 0,
  strikes: 5,
  notifications: 2,
  pullRequests: 2,
  outageSeconds: 2,
  silenceSeconds: 2,
  healSeconds: 60,
  pauseMs: 300,
  patienceMs: 1500,
};

const seed = String(crypto.getRandomValues(new Uint32Array(1))[0]);
const note = (sentence: string) => process.stderr.write(`${sentence}\n`);

let world: World;

beforeAll(async () => {
  note(`Seed ${seed}`);
  world = await createWorld({ flags: { ...FLAGS, 'resync-interval': '3s' }, note });
}, 300_000);

afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

describe('two replicas under fire lose, double and mistake no promotion', () => {
  test.each(FAMILIES.map((family) => [family.name, family] as const))(
    'with faults of the family %s',
    async (_, family) => {
      const report = await runFamily(family, { world, scale: SHORT, seed, note });
      note(table([report]));
      expect(failures(report)).toEqual([]);
    },
    180_000,
  );
});
