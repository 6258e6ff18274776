import { setTimeout as sleep } from 'node:timers/promises';
import { trespasses } from './acts.ts';
import { startAdministrator } from './administrator.ts';
import { createCourier, type Sent } from './courier.ts';
import { drive } from './drive.ts';
import type { DriveOptions, Outcome } from './drive-options.ts';
import type { Family, Report, Stage } from './family.ts';
import { type App, createFleet, neighbourOf, planFleet, waitForFleet } from './fleet.ts';
import { startFlux } from './flux.ts';
import { findingsOf } from './forge-invariants.ts';
import { unfinished } from './invariants.ts';
import { createLedger } from './ledger.ts';
import { startPeople } from './people.ts';
import type { PeopleOptions } from './people-options.ts';
import { createRandom } from './random.ts';
import { createRepositories } from './repositories.ts';
import type { Round } from './round.ts';
import type { Scale } from './scale.ts';
import { createTally, type Tally } from './tally.ts';
import type { World } from './world.ts';

export interface FamilyOptions {
  readonly world: World;
  readonly scale: Scale;
  readonly seed: string;
  readonly note: (sentence: string) => void;
}

const NOTE_EVERY_MS = 30_000;
const LONG_WAIT_SECONDS = 60;
const MAX_SHOWN = 1000;
/** The most strikes by which one fault may be ahead of the rarest one. */
const MAX_AHEAD = 2;

/** Drives promotions while faults of one family are injected, until there was enough of both. */
export async function runFamily(family: Family, options: FamilyOptions): Promise<Report> {
  const started = performance.now();
  const { world, scale } = options;
  const before = { acts: world.replicas.acts().length, crashes: world.replicas.crashes().length };
  const stage = await setStage(family, options);
  const administrator = startAdministrator(world.lab, options.note);
  const { flux, people } = stage;
  const outcome: Outcome = { lost: [], rejected: 0, overtaken: 0, slowest: 0, slow: [] };
  const tally = createTally(family, stage, outcome);
  const ended = new AbortController();
  const early = memoryWhen(world, () => tally.done() >= scale.promotions / 5);
  const telling = tell(() => {
    options.note(`${family.name}: ${tally.describe()}`);
    for (const wait of longWaits(stage)) options.note(`${family.name}: ${wait}`);
  }, ended.signal);
  await Promise.all([
    ...driveAll(family, stage, { outcome, goOn: () => !tally.enough(), seed: options.seed }),
    ...harmAll(family, stage, { tally, seed: options.seed }),
  ]);
  ended.abort();
  const late = world.replicas.memory();
  await Promise.all([telling, stage.courier.quiet()]);
  const wrong = await unfinished({ stage, outcome, seconds: scale.healSeconds });
  const findings = await findingsOf(world.lab, stage.apps, stage.ledger);
  await Promise.all([people.stop(), flux.stop(), administrator.stop()]);
  const acts = world.replicas.acts();
  return {
    family: family.name,
    promotions: tally.done(),
    outcome,
    faults: tally.faults,
    doubled: [...flux.doubled(), ...findings.doubled],
    wrong: [
      ...flux.wrongs(),
      ...stage.ledger.wrongs,
      ...wrong,
      ...findings.wrong,
      ...world.replicas.crashes().slice(before.crashes),
    ],
    twoLeaders: trespasses(acts, before.acts),
    leads: acts.slice(before.acts).filter(({ kind }) => kind === 'lead').length,
    locks: administrator.locks(),
    seconds: (performance.now() - started) / 1000,
    memory: { early: await early, late },
  };
}

async function setStage(family: Family, { world, scale, seed }: FamilyOptions): Promise<Stage> {
  const { lab } = world;
  const random = createRandom(`${seed} ${family.name}`);
  const apps = planFleet({
    label: family.name,
    notifications: scale.notifications,
    pullRequests: Math.round(scale.pullRequests * family.pullRequests),
    others: scale.others,
  });
  await createRepositories(lab, apps);
  await createFleet(world, apps);
  const sent: Sent[] = [];
  const courier = createCourier({
    hooks: world.replicas.hooks,
    random: createRandom(`${seed} courier`),
    sent,
  });
  const flux = await startFlux({ lab, apps, courier });
  await waitForFleet(world, apps);
  const rounds = new Map<string, Round>();
  const ledger = createLedger();
  const decide = decisions({ rounds, scale, seed });
  const impatient = scale.impatient || family.forgets === true;
  const people = startPeople({ world, apps, flux, ledger, impatient, decide });
  return { world, random, scale, apps, courier, people, flux, ledger, sent, rounds, waits: new Map() };
}

/** People's acts on a pull request: those of the round, sooner or later. */
function decisions({
  rounds,
  scale,
  seed,
}: {
  readonly rounds: ReadonlyMap<string, Round>;
  readonly scale: Scale;
  readonly seed: string;
}): PeopleOptions['decide'] {
  return (app, environment, version) => {
    const chance = createRandom(`${seed} ${app.name} ${environment} ${version}`);
    const round = rounds.get(app.name);
    const isOther = version !== round?.version;
    const review = (isOther ? round?.others : round?.reviews[environment]) ?? 'merge';
    const soon = chance.below(scale.patienceMs / 3);
    const late = isOther && review === 'merge' ? scale.patienceMs * 2 : undefined;
    // Neighbours in conflict become mergeable by themselves.
    const request = app.shape !== 'neighbours' && chance.chance(0.5);
    return { review, ms: late ?? round?.reviewAfterMs ?? soon, request };
  };
}

interface Driven {
  readonly outcome: Outcome;
  readonly goOn: () => boolean;
  readonly seed: string;
}

function driveAll(family: Family, stage: Stage, { outcome, goOn, seed }: Driven): Promise<void>[] {
  const { apps, flux, people, ledger, scale, rounds, waits } = stage;
  const { lab } = stage.world;
  const { reviews } = family;
  const pullRequests = apps.filter(({ strategy }) => strategy === 'pull-request').length;
  const options = { lab, flux, people, ledger, scale, pullRequests, reviews, rounds, waits, outcome, goOn };
  return together(apps).map((some) => {
    const random = createRandom(`${seed} ${family.name} ${some[0]?.name}`);
    const own: DriveOptions = { ...options, random };
    return drive(some, own);
  });
}

/** Neighbours go the same way at the same time. */
function together(apps: readonly App[]): (readonly App[])[] {
  return apps.flatMap((app) => {
    const neighbour = neighbourOf(app, apps);
    if (!neighbour) return [[app]];
    return app.name < neighbour.name ? [[app, neighbour]] : [];
  });
}

function harmAll(family: Family, stage: Stage, { tally, seed }: { tally: Tally; seed: string }) {
  const busy = new Set<string>();
  return Array.from({ length: family.abreast }, (_, index) => {
    const random = createRandom(`${seed} ${family.name} harm ${index}`);
    return harm(family, { ...stage, random }, { tally, busy });
  });
}

/** One fault after the other, the rarest so far first, until there were enough of all. */
async function harm(family: Family, stage: Stage, { tally, busy }: { tally: Tally; busy: Set<string> }) {
  const { faults } = tally;
  const count = (name: string) => faults.get(name) ?? 0;
  const known = family.faults.filter((name) => faults.has(name));
  while (!tally.enough()) {
    // Faults that strike easily must not keep the others from ever getting their turn.
    const most = Math.min(...known.map(count)) + MAX_AHEAD;
    const idle = known.filter((name) => !busy.has(name) && count(name) < most);
    const due = stage.random.shuffled(idle).toSorted((one, other) => count(one) - count(other));
    const [first] = due;
    if (first !== undefined && tally.due()) {
      busy.add(first);
      const struck = await family.strike(stage, due);
      if (struck !== undefined) faults.set(struck, count(struck) + 1);
      busy.delete(first);
    }
    await sleep(stage.random.below(100));
  }
}

function longWaits({ waits }: Stage): string[] {
  return [...waits.values()].flatMap(({ since, problem }) => {
    const seconds = (performance.now() - since) / 1000;
    return seconds > LONG_WAIT_SECONDS ? `since ${seconds.toFixed(0)} s: ${problem.slice(0, MAX_SHOWN)}` : [];
  });
}

async function memoryWhen(world: World, when: () => boolean): Promise<number[]> {
  while (!when()) await sleep(200);
  return world.replicas.memory();
}

async function tell(note: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(NOTE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) note();
  }
}
