import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../random.ts';
import { ACTS } from './acts.ts';
import { type Compared, missedBy, nameOf } from './goals.ts';
import { createSetup } from './setup.ts';
import { table } from './table.ts';
import { runTrial, type Setup } from './trial.ts';

/** `npm run chaos -- --family hostile`: attacks by tenants, servers and callers. */

const SECONDS = 60;
const USAGE = `npm run chaos -- --family hostile [FLAGS]

The real binary with the memory of its Deployment, ten teams that promote all the time, and hostile acts: two at once, each
of them twice, with sizes and pace from the seed. Prints for each pair what it took and what became of the teams; exit
status 1 when a goal is missed: 400 MiB, no block of the event loop over 250 ms, a pull request in at most twice the
time that it takes without, no promotion and no Lease lost, the process never ended.
It takes about 40 minutes on two processors, which should have nothing else to do.

  --acts A,B      these at once; several may be given. Default: all, in pairs
  --alone         one act after the other
  --compare       measures without any act before each, for a machine that others use too
  --seconds N     how long an act is. Default: ${SECONDS}
  --seed TEXT     the same sizes and pairs again. Default: a new one

${ACTS.map(({ name, summary }) => `  ${name.padEnd(24)}  ${summary}`).join('\n')}
`;

export function isAboutHostile(args: readonly string[]): boolean {
  return args.some(
    (one, index) => one === '--family=hostile' || (one === 'hostile' && args[index - 1] === '--family'),
  );
}

const HEAL_SECONDS = 60;
const PAUSE_MS = 20_000;

export async function runHostile(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      family: { type: 'string' },
      acts: { type: 'string', multiple: true },
      alone: { type: 'boolean', default: false },
      compare: { type: 'boolean', default: false },
      seconds: { type: 'string', default: String(SECONDS) },
      seed: { type: 'string', default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    },
  });
  const { seed } = values;
  const chosen = values.acts?.map((acts) => acts.split(','));
  const problem = problemWith(chosen?.flat() ?? [], values.seconds);
  if (values.help || problem !== undefined) {
    note(problem === undefined ? USAGE : `${problem}\n\n${USAGE}`);
    return problem === undefined ? 0 : 2;
  }
  note(`Seed ${seed}; the same again: npm run chaos -- --family hostile --seed ${seed}`);
  const trials = trialsOf(chosen, values.alone, seed);
  const results = await runTrials(trials, { seed, seconds: Number(values.seconds), compare: values.compare });
  console.log(table(results));
  const missed = new Set(results.flatMap(missedBy));
  for (const sentence of missed) console.log(`MISSED  ${sentence}`);
  return missed.size === 0 ? 0 : 1;
}

function problemWith(acts: readonly string[], seconds: string): string | undefined {
  const unknown = acts.find((name) => !ACTS.some((act) => act.name === name));
  if (unknown !== undefined) return `There is no act ${unknown}.`;
  return /^[1-9]\d{0,3}$/.test(seconds) ? undefined : '--seconds takes a number of at least 1.';
}

/** Pairs the acts in a circle, so that each act meets two others. */
function trialsOf(
  chosen: readonly string[][] | undefined,
  alone: boolean,
  seed: string,
): readonly string[][] {
  const names = chosen?.flat() ?? ACTS.map(({ name }) => name);
  if (alone) return names.map((name) => [name]);
  if (chosen) return chosen;
  const shuffled = createRandom(`${seed}/pairs`).shuffled(names);
  return shuffled.map((name, index) => [name, shuffled[(index + 1) % shuffled.length] ?? name]);
}

interface RunOptions {
  readonly seed: string;
  readonly seconds: number;
  readonly compare: boolean;
}

async function runTrials(
  trials: readonly (readonly string[])[],
  { compare, ...options }: RunOptions,
): Promise<Compared[]> {
  await using setup = await createSetup(note);
  const times = { ...options, healSeconds: HEAL_SECONDS, pauseMs: PAUSE_MS };
  let without = await runTrial(setup, { acts: [], ...times });
  note(table([{ trial: without, without }]));
  const results: Compared[] = [];
  for (const acts of trials) {
    if (compare && results.length > 0) without = await runTrial(setup, { acts: [], ...times });
    const trial = await runTrial(setup, { acts, ...times });
    results.push({ trial, without });
    note(`${nameOf(trial)}: ${trial.acts.map(({ said }) => said).join('; ')}`);
    note(table(results.slice(-1)));
    for (const sentence of missedBy({ trial, without })) note(`  ${sentence.slice(0, 600)}`);
  }
  if (results.flatMap(missedBy).length > 0) note(`The log of Turnpike is kept in ${await keepLog(setup)}.`);
  return results;
}

/** The lab's own directory goes with it. */
async function keepLog({ lab }: Setup): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-hostile-'));
  await copyFile(join(lab.directory, 'run', 'turnpike.log'), join(directory, 'turnpike.log'));
  return directory;
}

function note(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
