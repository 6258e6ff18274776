import { setTimeout as sleep } from 'node:timers/promises';
import type { DriveOptions } from './drive-options.ts';
import type { App } from './fleet.ts';
import { type Afterwards, play, untilOpen } from './incidents.ts';
import {
  type Incident,
  isKind,
  type Kind,
  kindsFor,
  type Review,
  type Round,
  shapesFor,
  stopsBefore,
} from './round.ts';
import { settle } from './settle.ts';

const SLOW_SECONDS = 30;
const MAX_AHEAD = 5;

/**
 * Releases one version after the other into dev, and waits until each has come to its end. `apps`: one, or two
 * neighbours that go the same way at the same time.
 */
export async function drive(apps: readonly App[], options: DriveOptions): Promise<void> {
  const { random } = options;
  const [first] = apps;
  if (!first) return;
  for (let number = 1; options.goOn(); number += 1) {
    const what = unusual(first, options);
    if (what !== undefined) options.ledger.begin(what);
    if (isIncident(what)) await playOne(first, what, { ...options, number });
    else await Promise.all(apps.map((app) => release(app, what, { ...options, number })));
    await sleep(random.below(options.scale.pauseMs));
    while (isAhead(first, options) && options.goOn()) await sleep(200);
  }
}

/** Notifications need no people and come fast: the rest of the machine is for pull requests. */
function isAhead({ strategy }: App, { flux, scale, pullRequests }: DriveOptions): boolean {
  if (strategy !== 'notification' || pullRequests === 0) return false;
  const each = flux.promotions('notification') / scale.notifications;
  return each > 2 * (flux.promotions('pull-request') / pullRequests) + MAX_AHEAD;
}

const INCIDENTS: readonly string[] = [
  'rollback by events',
  'back to a rejected one',
  'canary',
  'tests fail',
] satisfies Incident[];

function isIncident(what: Kind | Review | undefined): what is Incident {
  return what !== undefined && INCIDENTS.includes(what);
}

/**
 * Mostly the one that was begun most seldom: some take longer, and all are to be done often enough. Of these the one
 * that the fewest applications can do.
 */
function unusual(app: App, { random, reviews, scale, ledger }: DriveOptions): Kind | Review | undefined {
  if (app.shape === 'neighbours') return 'conflict';
  const own = app.strategy === 'pull-request' ? reviews.filter((review) => review !== 'merge') : [];
  const kinds = scale.kinds && kindsFor(app);
  const all = [...own, ...(kinds ?? [])];
  const count = (one: string) => ledger.begun.get(one) ?? 0;
  const byCount = (one: Kind | Review, other: Kind | Review) =>
    count(one) - count(other) || shapesFor(one) - shapesFor(other);
  // Some rounds are begun without effect: a pull request was merged that was to be committed to.
  const least = (one: Kind | Review) => (isKind(one) ? (scale.kinds?.[one] ?? 0) : scale.hits);
  const due = kinds ? all.filter((one) => (ledger.done.get(one) ?? 0) < least(one)) : [];
  if (due.length > 0 && random.chance(0.8)) return random.shuffled(due).toSorted(byCount)[0];
  if (!random.chance(0.35)) return undefined;
  return random.chance(0.7) ? random.shuffled(all).toSorted(byCount)[0] : random.pickAny(all);
}

type Numbered = DriveOptions & { readonly number: number };

async function playOne(app: App, incident: Incident, options: Numbered): Promise<void> {
  const started = performance.now();
  let round: Round | undefined;
  const begin = (next: Round) => {
    round = next;
    options.rounds.set(app.name, next);
  };
  const afterwards = await play(incident, { ...options, app, begin });
  if (!round) return;
  const isDone = await end(app, { round, started, afterwards }, options);
  if (isDone) options.ledger.finish(incident);
}

/** One version, which may overtake another one. */
async function release(app: App, review: Review | undefined, options: Numbered): Promise<void> {
  const { outcome, rounds, flux, number } = options;
  const round = roundOf(review, options);
  rounds.set(app.name, round);
  if (round.overtakesAfterMs !== undefined) {
    const earlier = `1.${number}.0`;
    await flux.deploy(app, 'dev', earlier);
    if (app.strategy === 'pull-request') await untilOpen({ ...options, app }, earlier);
    await sleep(round.overtakesAfterMs);
    outcome.overtaken += 1;
  }
  const started = performance.now();
  await flux.deploy(app, 'dev', round.version);
  await end(app, { round, started }, options);
}

function roundOf(review: Review | undefined, { random, scale, number }: Numbered): Round {
  const isPlain = review === undefined || review === 'commit';
  if (isPlain && random.chance(0.5)) {
    const overtakesAfterMs = random.below(scale.patienceMs / 2);
    const others = review === undefined ? {} : { others: review };
    return { version: `1.${number}.1`, overtakesAfterMs, reviews: {}, ...others };
  }
  const where = review !== 'conflict' && random.chance(0.5) ? 'prod' : 'staging';
  return { version: `1.${number}.0`, reviews: review ? { [where]: review } : {} };
}

interface Ended {
  readonly round: Round;
  readonly started: number;
  readonly afterwards?: Afterwards | undefined;
}

/** True when it ended as it should. */
async function end(app: App, { round, started, afterwards }: Ended, options: DriveOptions): Promise<boolean> {
  const { outcome, scale } = options;
  const { problem, last } = await settle(app, round, { ...options, healSeconds: scale.healSeconds });
  const found = problem ?? (await afterwards?.());
  const seconds = (performance.now() - started) / 1000;
  if (found !== undefined) {
    outcome.lost.push(found);
    return false;
  }
  outcome.slowest = Math.max(outcome.slowest, seconds);
  if (seconds > SLOW_SECONDS) outcome.slow.push(`${seconds.toFixed(1)} s: ${last}`);
  if (stopsBefore(app, round)) outcome.rejected += 1;
  return true;
}
