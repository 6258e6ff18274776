import { setTimeout as sleep } from 'node:timers/promises';
import { trespasses } from './acts.ts';
import { startAdministrator } from './administrator.ts';
import { createCourier, type Sent } from './courier.ts';
import { type DriveOptions, drive, type Outcome, type Round } from './drive.ts';
import type { Family, Report, Scale, Stage } from './family.ts';
import { createFleet, waitForFleet } from './fleet.ts';
import { startFlux } from './flux.ts';
import { doubledPullRequests, unfinished } from './invariants.ts';
import { createRandom } from './random.ts';
import { startPeople } from './review.ts';
import type { World } from './world.ts';

export interface FamilyOptions {
  readonly world: World;
  readonly scale: Scale;
  readonly seed: string;
  readonly note: (sentence: string) => void;
}

const NOTE_EVERY_MS = 30_000;
/** How often one fault may have struck while another one has not. */
const MAX_AHEAD = 2;
/** A little faster than evenly, so that the last promotions need not wait for the last faults. */
const PACE = 1.25;
/** Of the pull requests that there would be if they came as fast as notifications. */
const PULL_REQUEST_PACE = 0.7;
/** More lost ones than these tell nothing new. */
const MAX_LOST = 20;

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
  const telling = tell(() => options.note(`${family.name}: ${tally.describe()}`), ended.signal);
  await Promise.all([
    ...driveAll(family, stage, { outcome, goOn: () => !tally.enough(), seed: options.seed }),
    ...harmAll(family, stage, { tally, seed: options.seed }),
  ]);
  ended.abort();
  const late = world.replicas.memory();
  await Promise.all([telling, stage.courier.quiet()]);
  const wrong = await unfinished({ stage, outcome, seconds: scale.healSeconds });
  const doubled = [...flux.doubled(), ...(await doubledPullRequests(world, stage.apps))];
  await Promise.all([people.stop(), flux.stop(), administrator.stop()]);
  const acts = world.replicas.acts();
  return {
    family: family.name,
    promotions: tally.done(),
    outcome,
    faults: tally.faults,
    doubled,
    wrong: [...flux.wrongs(), ...wrong, ...world.replicas.crashes().slice(before.crashes)],
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
  const apps = await createFleet(world, {
    label: family.name,
    notifications: scale.notifications,
    pullRequests: Math.round(scale.pullRequests * family.pullRequests),
  });
  const sent: Sent[] = [];
  const courier = createCourier({
    hooks: world.replicas.hooks,
    random: createRandom(`${seed} courier`),
    sent,
  });
  const flux = await startFlux({ lab, apps, courier });
  await waitForFleet(world, apps);
  const rounds = new Map<string, Round>();
  const people = startPeople({
    lab,
    apps,
    flux,
    decide(app, environment, version) {
      const chance = createRandom(`${seed} ${app.name} ${environment} ${version}`);
      const round = rounds.get(app.name);
      const overtaken = version !== round?.version;
      const ms = overtaken ? scale.patienceMs * 2 : chance.below(scale.patienceMs / 3);
      return { review: round?.reviews[environment] ?? 'merge', ms, poke: chance.chance(0.5) };
    },
  });
  return { world, random, scale, apps, courier, people, flux, sent, rounds };
}

/** What was done so far, and whether that is enough. */
interface Tally {
  readonly faults: Map<string, number>;
  done(): number;
  /** Whether one more strike is due: they are spread evenly over the promotions. */
  due(): boolean;
  enough(): boolean;
  describe(): string;
}

function createTally(family: Family, { scale, flux, people, apps }: Stage, outcome: Outcome): Tally {
  const all = scale.only ?? [...family.faults, ...family.reviews];
  const counted = family.reviews.filter((review) => all.includes(review));
  const faults = new Map(all.map((name) => [name, 0]));
  const done = () => flux.promotions() + outcome.rejected;
  // By pull request as well: those take longer, and would be struck down before they get anywhere.
  const share =
    (apps.filter(({ strategy }) => strategy === 'pull-request').length / apps.length) * PULL_REQUEST_PACE;
  const progress = () => Math.min(done(), flux.promotions('pull-request') / share) / scale.promotions;
  // What people do comes by itself.
  const strikes = family.faults.filter((name) => faults.has(name));
  const struck = () => strikes.reduce((sum, name) => sum + (faults.get(name) ?? 0), 0);
  const wanted = Math.max(scale.hits * strikes.length, scale.strikes) * PACE;
  return {
    faults,
    done,
    due: () => done() >= scale.promotions || struck() < 1 + wanted * progress(),
    enough() {
      for (const review of counted) faults.set(review, people.reviews().get(review) ?? 0);
      if (outcome.lost.length >= MAX_LOST) return true;
      const often = [...faults.values()].every((count) => count >= scale.hits) && struck() >= scale.strikes;
      return often && done() >= scale.promotions;
    },
    describe: () => `${done()} promotions, ${[...faults].map((one) => one.join(' ')).join(', ')}`,
  };
}

interface Driven {
  readonly outcome: Outcome;
  readonly goOn: () => boolean;
  readonly seed: string;
}

function driveAll(family: Family, stage: Stage, { outcome, goOn, seed }: Driven): Promise<void>[] {
  const { flux, people, scale, rounds } = stage;
  const { reviews } = family;
  const pullRequests = stage.apps.filter(({ strategy }) => strategy === 'pull-request').length;
  const options = { flux, people, scale, pullRequests, reviews, rounds, outcome, goOn };
  return stage.apps.map((app) => {
    const own: DriveOptions = { ...options, random: createRandom(`${seed} ${family.name} ${app.name}`) };
    return drive(app, own);
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
    // What strikes easily must not keep the others from ever getting their turn.
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
