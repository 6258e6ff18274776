import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runOrThrow } from '../lab/command.ts';
import { GITEA } from '../lab/gitea/gitea.ts';
import { exitWithParent } from '../lab/parent.ts';
import { isAboutModel, runModel } from '../model/chaos.ts';
import { FAMILIES } from './families.ts';
import type { Report } from './family.ts';
import { isAboutHostile, runHostile } from './hostile/main.ts';
import { KINDS } from './round.ts';
import { runFamily } from './run.ts';
import type { Scale } from './scale.ts';
import { failures, table } from './table.ts';
import { createWorld, FLAGS, type World } from './world.ts';

function eachKind(count: number): Scale['kinds'] {
  return Object.fromEntries(KINDS.map((kind) => [kind, count]));
}

const LONG: Scale = {
  promotions: 1000,
  hits: 20,
  kinds: eachKind(20),
  maxLost: 20,
  strikes: 0,
  notifications: 8,
  pullRequests: 8,
  others: 2,
  impatient: false,
  outageSeconds: 60,
  silenceSeconds: 32,
  healSeconds: 180,
  pauseMs: 3000,
  patienceMs: 4000,
};

const USAGE = `npm run chaos [-- FLAGS]

Two replicas promote while faults are injected: each family over a thousand promotions, each fault twenty times, each
kind of unusual round too (${KINDS.join(', ')}).
Prints what was lost, doubled and wrong; exit status 1 when anything was. A family takes about 40 minutes on two
processors, which should have nothing else to do.

  --family NAME    ${FAMILIES.map(({ name }) => name).join(', ')}; several may be named. Default: all
                   model, alone, needs no lab: npm run chaos -- --family model --help
                   hostile, alone, does harm on purpose: npm run chaos -- --family hostile --help
  --fault NAME     only this fault of the family; several may be named
  --promotions N   Default: ${LONG.promotions}
  --hits N         how often each fault strikes at least. Default: ${LONG.hits}
  --kinds N        how often each kind of unusual round is done at least; 0: none. Default: ${LONG.hits}
  --seed TEXT      the same faults again. Default: a new one
`;

/** `npm run chaos`: each family of faults over a thousand promotions. */
async function main(): Promise<number> {
  exitWithParent();
  const args = process.argv.slice(2);
  if (isAboutModel(args)) return runModel(args);
  if (isAboutHostile(args)) return runHostile(args);
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
      promotions: { type: 'string', default: String(LONG.promotions) },
      hits: { type: 'string', default: String(LONG.hits) },
      kinds: { type: 'string', default: String(LONG.hits) },
      fault: { type: 'string', multiple: true },
      family: { type: 'string', multiple: true, default: FAMILIES.map(({ name }) => name) },
    },
  });
  const problem = problemWith(values);
  if (values.help || problem !== undefined) {
    process.stderr.write(problem === undefined ? USAGE : `${problem}\n\n${USAGE}`);
    return problem === undefined ? 0 : 2;
  }
  const note = (sentence: string) => process.stderr.write(`${sentence}\n`);
  note(`Seed ${values.seed}; the same faults again: npm run chaos -- --seed ${values.seed}`);
  const scale = scaleOf(values);
  await using world = await createWorld({ flags: FLAGS, note });
  const reports: Report[] = [];
  for (const family of FAMILIES.filter(({ name }) => values.family.includes(name))) {
    reports.push(await runFamily(family, { world, scale, seed: values.seed, note }));
    note(table(reports.slice(-1)));
    for (const slow of reports.at(-1)?.outcome.slow ?? [])
      note(`${family.name}: slow: ${slow.slice(0, 400)}`);
  }
  console.log(table(reports));
  const failed = reports.flatMap(failures);
  for (const failure of failed) console.log(failure);
  if (failed.length > 0) note(`The logs of the replicas and of Gitea are kept in ${await keepLogs(world)}.`);
  return failed.length === 0 ? 0 : 1;
}

function problemWith(values: Wanted & { readonly family: readonly string[] }): string | undefined {
  const unknown = values.family.find((name) => !FAMILIES.some((family) => family.name === name));
  if (unknown !== undefined) return `There is no family ${unknown}.`;
  const odd = (['promotions', 'hits', 'kinds'] as const).find((name) => !/^\d{1,6}$/.test(values[name]));
  return odd && `--${odd} takes a number.`;
}

type Wanted = Readonly<Record<'promotions' | 'hits' | 'kinds', string>> & {
  readonly fault?: string[] | undefined;
};

function scaleOf({ promotions, hits, kinds, fault }: Wanted): Scale {
  return {
    ...LONG,
    promotions: Number(promotions),
    hits: Number(hits),
    ...(kinds === '0' ? { kinds: undefined, others: 0 } : { kinds: eachKind(Number(kinds)) }),
    ...(fault && { only: fault }),
  };
}

/** The lab's own directory goes with it. */
async function keepLogs({ lab }: World): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-chaos-'));
  await runOrThrow([
    'sh',
    '-c',
    `cp ${lab.directory}/run/replica-*.log ${lab.directory}/run/${GITEA}.log ${lab.directory}/chaos/acts ${directory}`,
  ]);
  return directory;
}

process.exit(await main());
