import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { Letter, Stage } from '../alphabet/letter.ts';
import { deliver } from '../alphabet/letter.ts';
import { wrongs } from '../observer/acts.ts';
import { approvalProblems } from '../observer/approvals.ts';
import { forgetLate } from '../observer/facts.ts';
import { leftBehind, restProblems } from '../observer/rest.ts';
import { type Box, closed, opened, type State } from '../plant/box.ts';
import { createPlant } from '../plant/plant.ts';
import { reconciled } from '../world/clusters.ts';
import { repositoryOf } from '../world/forge.ts';
import { HOUR, later, MINUTE, SECOND } from '../world/world.ts';
import type { Configuration } from './configuration.ts';
import { signature } from './signature.ts';

/** Carries a configuration from state to state. */
export interface Machine {
  /** The state in which everything is known and nothing is due. */
  start(): Promise<Outcome>;
  /** The state after the letter has happened and the reconciler has done all that is due at once. */
  step(state: State, letter: Letter): Promise<Outcome>;
  /** The problems when nothing more happens and time passes. */
  rest(state: State): Promise<readonly string[]>;
}

export interface Outcome {
  readonly state: State;
  readonly problems: readonly string[];
}

export function createMachine(configuration: Configuration): Machine {
  const between = new Map((configuration.between ?? []).map((letter) => [letter.name, letter]));
  const plant = createPlant({ onPass: (box, failpoint) => interrupt(box, failpoint) });
  const rested = new Set<string>();
  const stage: Stage = { plant, events: configuration.events, revisions: configuration.revisions };

  function interrupt(box: Box, failpoint: string): void {
    const letter = box.armed?.at === failpoint ? between.get(box.armed.letter) : undefined;
    if (letter) {
      box.armed = undefined;
      if (letter.may(closed(box))) letter.happen(box, stage);
    }
    if (!box.up) throw new TurnpikeError('NotLeading', 'The process has ended.');
  }

  async function settle(box: Box, before: State): Promise<Outcome> {
    await plant.settle(box);
    const isDeleted = box.deleted === 'seen' && before.deleted === undefined;
    if (isDeleted) await plant.bury(box);
    forgetOld(box, before);
    const left = isDeleted ? leftBehind(box) : [];
    const problems = [...left, ...box.problems, ...box.acts.flatMap(wrongs), ...approvalProblems(box)];
    return { state: closed(box), problems };
  }

  async function wake(state: State, atLeast: number): Promise<Outcome & { readonly isIdle: boolean }> {
    const box = opened(state);
    box.armed = undefined;
    box.up = true;
    box.world = reconciled({ ...box.world, now: Math.max(box.wakeAt, box.world.now + atLeast) });
    box.isDirty = true;
    const outcome = await settle(box, state);
    return { ...outcome, isIdle: (box.writes === 0 || isTriedAgain(box)) && box.acts.length === 0 };
  }

  return {
    async start() {
      const box = opened(configuration.start);
      if (configuration.events !== 'none') announce(box, stage);
      box.isDirty = true;
      return settle(box, configuration.start);
    },
    async step(state, letter) {
      const box = opened(state);
      box.world = later(box.world, configuration.pause ?? PAUSE);
      letter.happen(box, stage);
      return settle(box, state);
    },
    async rest(state) {
      if (state.deleted) return [];
      let current = state;
      for (const [index, pause] of PAUSES.entries()) {
        const { state: next, problems } = await wake(current, pause);
        if (problems.length > 0) return problems;
        if (isKnown(rested, `${index} ${signature(next)}`)) return [];
        current = next;
      }
      return outlast(current);
    },
  };

  /** Waits until nothing is done any more. */
  async function outlast(state: State): Promise<readonly string[]> {
    let last = await wake(state, 10 * MINUTE);
    for (let more = 0; more < MORE && !last.isIdle; more += 1) {
      if (last.problems.length > 0) return last.problems;
      last = await wake(last.state, 10 * MINUTE);
    }
    const idle = last.isIdle ? [] : ['nothing is written and nobody is asked when nothing happens.'];
    return [...last.problems, ...idle, ...restProblems(last.state)];
  }
}

/** True when the state is known: all goes on from here as it did before. */
function isKnown(known: Set<string>, one: string): boolean {
  const { size } = known;
  return known.add(one).size === size;
}

/** A forge is not asked again within five seconds. */
const PAUSE = 6 * SECOND;

/** Long enough for every gate, poll and grace; a soak begins at the last of these at the latest. */
const PAUSES = [0, 0, 20 * MINUTE, 0, 2 * HOUR, 0];
/** Several pull requests are updated and merged one after the other. */
const MORE = 8;

/** Forgets late rejections once something else was merged. */
function forgetOld(box: Box, { facts, world }: State): void {
  for (const [environment, late] of Object.entries(facts.late)) {
    const isChanged = Object.entries(world.repositories).some(([url, { bases }]) => {
      const now = repositoryOf(box.world, url).bases;
      return Object.keys(bases).some((name) => bases[name]?.[environment] !== now[name]?.[environment]);
    });
    if (late.length > 0 && isChanged) box.facts = forgetLate(box.facts, environment);
  }
}

/** True when a failed promotion is to be tried again. */
function isTriedAgain({ stored }: Box): boolean {
  return Object.values(stored.status.environments ?? {}).some(({ promotion }) => promotion?.failure);
}

/** Delivers events about the revisions that run at the start. */
function announce(box: Box, stage: Stage): void {
  for (const [environment, apps] of Object.entries(box.world.clusters)) {
    for (const [target, app] of apps.entries()) {
      const { runs: revision = '', deployedAt: at } = app;
      deliver(
        box,
        { environment, target, reason: 'UpgradeSucceeded', severity: 'info', revision, at },
        stage,
      );
    }
  }
}
