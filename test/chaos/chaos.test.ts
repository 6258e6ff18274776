import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FAMILIES } from './families.ts';
import { runFamily } from './run.ts';
import type { Scale } from './scale.ts';
import { failures, table } from './table.ts';
import { createWorld, FLAGS, type World } from './world.ts';

/** The long run is `npm run chaos`; the seed of a failure is given to that with `-- --seed`. */

const SHORT: Omit<Scale, 'kinds'> = {
  promotions: 20,
  hits: 0,
  maxLost: 1,
  strikes: 5,
  notifications: 2,
  pullRequests: 1,
  others: 1,
  impatient: true,
  outageSeconds: 2,
  silenceSeconds: 2,
  healSeconds: 60,
  pauseMs: 300,
  patienceMs: 1500,
};

/** Each at least once; the others where there is time. */
const KINDS: Readonly<Record<string, Scale['kinds']>> = {
  process: { canary: 1, commit: 1 },
  'api-server': { move: 1, 'tests fail': 1 },
  forge: { conflict: 1, 'by hand': 1 },
  events: { 'rollback by events': 1, 'back to a rejected one': 1 },
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
      const scale = { ...SHORT, kinds: KINDS[family.name] };
      const report = await runFamily(family, { world, scale, seed, note });
      note(table([report]));
      expect(failures(report)).toEqual([]);
    },
    300_000,
  );
});
