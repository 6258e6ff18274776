import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { createRandom } from '../random.ts';
import type { Container } from './container.ts';
import { type Blocks, watchLoop } from './loop.ts';
import { type Performed, perform } from './perform.ts';
import { type Reviews, reviewUntil } from './reviews.ts';
import { type Promotions, promoteAll, type Team } from './teams.ts';

/** The measurements while some acts were performed at once, or none. */
export interface Trial extends Promotions {
  readonly acts: readonly Performed[];
  /** MiB of the process tree. */
  readonly peak: number;
  readonly blocks: Blocks;
  readonly reviews: Reviews;
  readonly leasesLost: number;
  readonly endings: readonly string[];
}

export interface Setup {
  readonly lab: Lab;
  readonly container: Container;
  readonly teams: readonly Team[];
}

export interface TrialOptions {
  /** Names; they are performed at once. */
  readonly acts: readonly string[];
  readonly seed: string;
  /** The duration of the acts. */
  readonly seconds: number;
  /** The longest that promotions under way may take after them. */
  readonly healSeconds: number;
  /** The longest time between two versions of one team. */
  readonly pauseMs: number;
}

/** Runs in a process that was just started, so that each trial is independent. */
export async function runTrial({ lab, container, teams }: Setup, options: TrialOptions): Promise<Trial> {
  const { acts, seed, seconds, healSeconds, pauseMs } = options;
  await container.renew();
  const { hook, admissionPort } = container;
  const random = createRandom(`${seed}/teams`);
  const until = new AbortController();
  const endLoop = watchLoop(container);
  const promoting = promoteAll(teams, { lab, hook, random, until: until.signal, healSeconds, pauseMs });
  const reviewing = reviewUntil(lab, teams[0]?.scenario.name ?? '', until.signal);
  const order = { seed, seconds, connectionFile: lab.connectionFile, hook, admissionPort };
  const performing = Promise.all(acts.map((act) => perform({ ...order, act })));
  try {
    const [performed] = await Promise.all([performing, sleep(seconds * 1000)]);
    until.abort();
    const [promotions, reviews] = await Promise.all([promoting, reviewing]);
    return {
      ...promotions,
      acts: performed,
      peak: container.peak(),
      blocks: await endLoop(),
      reviews,
      leasesLost: await container.leasesLost(),
      endings: container.endings(),
    };
  } finally {
    until.abort();
    await endLoop();
  }
}
