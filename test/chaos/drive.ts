import { setTimeout as sleep } from 'node:timers/promises';
import type { Scale } from './family.ts';
import { type App, ENVIRONMENTS, type EnvironmentName } from './fleet.ts';
import type { Flux } from './flux.ts';
import type { Random } from './random.ts';
import type { People, Review } from './review.ts';

/** What is released of one application, and what people do about it. */
export interface Round {
  readonly version: string;
  /** Released so many milliseconds after another version that it overtakes. */
  readonly overtakesAfterMs?: number;
  readonly reviews: Readonly<Partial<Record<EnvironmentName, Review>>>;
}

export interface Outcome {
  /** Rounds that did not end as they should in the time that they had, with what was seen. */
  readonly lost: string[];
  rejected: number;
  overtaken: number;
  /** Of a round that ended well, in seconds. */
  slowest: number;
  /** Rounds that took long, with what was seen last before their end. */
  readonly slow: string[];
}

export interface DriveOptions {
  readonly flux: Flux;
  readonly people: Pick<People, 'status' | 'refusal' | 'reviews'>;
  readonly random: Random;
  readonly scale: Scale;
  /** How many of the applications are promoted by pull request. */
  readonly pullRequests: number;
  readonly reviews: readonly Review[];
  readonly goOn: () => boolean;
  readonly outcome: Outcome;
  /** The round of each application that is under way. */
  readonly rounds: Map<string, Round>;
}

const SLOW_SECONDS = 30;
const MAX_AHEAD = 5;
/** So many times the time to heal is too long in any case. */
const PATIENT_TIMES = 5;

/** Where a version ends that people stop on its way. */
export function stopsBefore(app: App, round: Round): EnvironmentName | undefined {
  if (app.strategy === 'notification') return undefined;
  return ENVIRONMENTS.find((name) => ['close', 'delete-branch'].includes(round.reviews[name] ?? 'merge'));
}

/** Releases one version after the other into dev, and waits until each has reached the last environment. */
export async function drive(app: App, options: DriveOptions): Promise<void> {
  const { outcome, random, rounds, flux } = options;
  for (let number = 1; options.goOn(); number += 1) {
    const round = nextRound(app, number, options);
    rounds.set(app.name, round);
    if (round.overtakesAfterMs !== undefined) {
      await flux.deploy(app, 'dev', `1.${number}.0`);
      if (app.strategy === 'pull-request') await untilOpen(app, `1.${number}.0`, options);
      await sleep(round.overtakesAfterMs);
      outcome.overtaken += 1;
    }
    const started = performance.now();
    await flux.deploy(app, 'dev', round.version);
    const { problem, last } = await settle(app, round, options);
    const seconds = (performance.now() - started) / 1000;
    if (problem) outcome.lost.push(problem);
    else outcome.slowest = Math.max(outcome.slowest, seconds);
    if (!problem && seconds > SLOW_SECONDS) outcome.slow.push(`${seconds.toFixed(1)} s: ${last}`);
    if (!problem && stopsBefore(app, round)) outcome.rejected += 1;
    await sleep(random.below(options.scale.pauseMs));
    while (isAhead(app, options) && options.goOn()) await sleep(200);
  }
}

/** Notifications need nobody and come fast: the rest of the machine is for pull requests. */
function isAhead({ strategy }: App, { flux, scale, pullRequests }: DriveOptions): boolean {
  if (strategy !== 'notification' || pullRequests === 0) return false;
  const each = flux.promotions('notification') / scale.notifications;
  return each > 2 * (flux.promotions('pull-request') / pullRequests) + MAX_AHEAD;
}

function nextRound(app: App, number: number, options: DriveOptions): Round {
  const { random, scale } = options;
  if (random.chance(0.35)) {
    return { version: `1.${number}.1`, overtakesAfterMs: random.below(scale.patienceMs / 2), reviews: {} };
  }
  const review = app.strategy === 'pull-request' && random.chance(0.5) ? unusualReview(options) : undefined;
  const where = random.chance(0.5) ? 'staging' : 'prod';
  return { version: `1.${number}.0`, reviews: review ? { [where]: review } : {} };
}

/** Mostly the one that was done most seldom: some take longer, and all are to be done often enough. */
function unusualReview({ random, reviews, people }: DriveOptions): Review | undefined {
  const counts = people.reviews();
  const count = (review: Review) => counts.get(review) ?? 0;
  const unusual = reviews
    .filter((review) => review !== 'merge')
    .sort((one, other) => count(one) - count(other));
  return random.chance(0.7) ? unusual[0] : random.pickAny(unusual);
}

/** Mostly a version is overtaken when its pull request is open; sometimes before. */
async function untilOpen(app: App, version: string, { people, random, scale }: DriveOptions) {
  if (random.chance(0.3)) return;
  const deadline = performance.now() + scale.patienceMs * 4;
  const isOpen = () => {
    const promotion = people.status(app).environments?.staging?.promotion;
    return promotion?.revision === version && promotion.phase === 'PullRequestOpen';
  };
  while (!isOpen() && performance.now() < deadline) await sleep(50);
}

/** While faults are injected nothing is lost yet; it is when it does not heal after them, or takes for ever. */
async function settle(app: App, round: Round, { goOn, ...options }: DriveOptions) {
  const patience = options.scale.healSeconds * 1000;
  const latest = performance.now() + PATIENT_TIMES * patience;
  let deadline = performance.now() + patience;
  let last = '';
  for (;;) {
    const problem = unsettled(app, round, options);
    if (goOn()) deadline = Math.min(performance.now() + patience, latest);
    if (problem === undefined || performance.now() > deadline) return { problem, last };
    last = problem;
    await sleep(25);
  }
}

/** What is not as it should be at the end of a round; undefined: all is. */
export function unsettled(
  app: App,
  round: Round,
  { flux, people }: { readonly flux: Flux; readonly people: Pick<People, 'status' | 'refusal'> },
): string | undefined {
  const stop = stopsBefore(app, round);
  const states = people.status(app).environments ?? {};
  for (const environment of ENVIRONMENTS) {
    const promotion = states[environment]?.promotion;
    const seen = () => [JSON.stringify(promotion), people.refusal(app)].filter(Boolean).join(' ');
    if (environment === stop) {
      const rejected = promotion?.revision === round.version && promotion.phase === 'Rejected';
      return rejected ? undefined : `${app.name}: ${round.version} is not rejected in ${stop}: ${seen()}`;
    }
    const runs = flux.running(app, environment);
    if (runs !== round.version) {
      return `${app.name}: ${environment} runs ${runs} and should run ${round.version}: ${seen()}`;
    }
  }
  return undefined;
}
