import type { State } from '../plant/box.ts';
import {
  appAt,
  appsOf,
  deploy,
  fail,
  failTests,
  falter,
  reach,
  reconcile,
  recover,
  remove,
  repeat,
} from '../world/clusters.ts';
import { repositoryOf } from '../world/forge.ts';
import { deliver, hear, type Letter, type Stage, specOf, touch } from './letter.ts';

/** The letters of clusters, and of the events that report on them. */

/** A place of an environment: one target, or all of them. */
export interface Spot {
  readonly environment: string;
  readonly target?: number;
}

function targetsOf(state: Pick<State, 'world'>, { environment, target }: Spot): number[] {
  return target === undefined ? [...appsOf(state.world, environment).keys()] : [target];
}

function nameOf({ environment, target }: Spot): string {
  return target === undefined ? environment : `target ${target + 1} of ${environment}`;
}

function runsAt({ world }: Pick<State, 'world'>, spot: Spot): string | undefined {
  return appAt(world, spot.environment, spot.target ?? 0)?.runs;
}

/** The revision that is so many releases away from the running one. */
function neighbour(state: Pick<State, 'world'>, spot: Spot, revisions: readonly string[], by: 1 | -1) {
  const index = revisions.indexOf(runsAt(state, spot) ?? '');
  return index < 0 ? undefined : revisions[index + by];
}

type Change = (box: Parameters<Letter['happen']>[0], target: number, stage: Stage) => void;

function onEach(spot: Spot, change: Change): Letter['happen'] {
  return (box, stage) => {
    for (const target of targetsOf(box, spot)) {
      change(box, target, stage);
      touch(box, spot.environment, target);
    }
  };
}

/** The next release is deployed, or the one before again. */
export function moves(spot: Spot, revisions: readonly string[], by: 1 | -1): Letter {
  const { environment } = spot;
  return {
    name: `${nameOf(spot)} ${by === 1 ? 'gets the next version' : 'goes back to the version before'}`,
    may: (state) => neighbour(state, spot, revisions, by) !== undefined,
    happen(box, stage) {
      const revision = neighbour(box, spot, revisions, by) ?? '';
      onEach(spot, (into, target) => hear(into, deploy(into.world, environment, target, revision), stage))(
        box,
        stage,
      );
    },
  };
}

/** The next release fails to be deployed. */
export function fails(spot: Spot, revisions: readonly string[]): Letter {
  const { environment } = spot;
  return {
    name: `${nameOf(spot)} fails at the next version`,
    may: (state) => neighbour(state, spot, revisions, 1) !== undefined,
    happen(box, stage) {
      const revision = neighbour(box, spot, revisions, 1) ?? '';
      onEach(spot, (into, target) => hear(into, fail(into.world, environment, target, revision), stage))(
        box,
        stage,
      );
    },
  };
}

export function failsTests(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `the Helm tests of ${nameOf(spot)} fail, and it goes back`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => canFailTests(world, environment, target)),
    happen: onEach(spot, (box, target, stage) => hear(box, failTests(box.world, environment, target), stage)),
  };
}

function canFailTests(world: State['world'], environment: string, target: number): boolean {
  const app = appAt(world, environment, target);
  return app?.ready === true && app.before !== undefined && app.before !== app.runs;
}

export function falters(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `${nameOf(spot)} is not ready for a while`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => appAt(world, environment, target)?.ready),
    happen: onEach(spot, (box, target, stage) => hear(box, falter(box.world, environment, target), stage)),
  };
}

export function recovers(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `${nameOf(spot)} is ready again`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => appAt(world, environment, target)?.ready === false),
    happen: onEach(spot, (box, target, stage) => hear(box, recover(box.world, environment, target), stage)),
  };
}

export function repeats(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `an interval of ${nameOf(spot)} passes, and Flux reports it`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => appAt(world, environment, target)?.ready),
    happen: onEach(spot, (box, target, stage) => hear(box, repeat(box.world, environment, target), stage)),
  };
}

/** A reconciliation of what runs already begins, or ends. */
export function reconciles(spot: Spot, isReconciled: boolean): Letter {
  const { environment } = spot;
  return {
    name: `a reconciliation of what ${nameOf(spot)} runs already ${isReconciled ? 'begins' : 'ends'}`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => {
        const app = appAt(world, environment, target);
        return app?.exists && app.ready && (app.isReconciled ?? false) !== isReconciled;
      }),
    happen: onEach(spot, (box, target) => {
      box.world = reconcile(box.world, environment, target, isReconciled);
    }),
  };
}

export function goes(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `the application of ${nameOf(spot)} is deleted`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => appAt(world, environment, target)?.exists),
    happen: onEach(spot, (box, target, stage) => hear(box, remove(box.world, environment, target), stage)),
  };
}

/** Flux deploys what the base branch says. */
export function follows(spot: Spot): Letter {
  const { environment } = spot;
  return {
    name: `Flux deploys to ${nameOf(spot)} what the base branch says`,
    may: (state) => targetsOf(state, spot).some((target) => isBehind(state, environment, target)),
    happen(box, stage) {
      const wanted = wantedIn(box, environment) ?? '';
      const behind = targetsOf(box, spot).filter((target) => isBehind(box, environment, target));
      for (const target of behind) {
        hear(box, deploy(box.world, environment, target, wanted), stage);
        touch(box, environment, target);
      }
    },
  };
}

function isBehind(state: Pick<State, 'world' | 'stored'>, environment: string, target: number): boolean {
  const wanted = wantedIn(state, environment);
  return wanted !== undefined && appAt(state.world, environment, target)?.runs !== wanted;
}

/** Flux follows the main branch of the repository that the spec names. */
function wantedIn(state: Pick<State, 'world' | 'stored'>, environment: string): string | undefined {
  const { strategy } = specOf(state).promotion ?? {};
  const url = strategy?.['pull-request']?.url ?? strategy?.push?.url ?? MAIN_URL;
  return repositoryOf(state.world, url).bases.main?.[environment];
}

export const MAIN_URL = 'https://git.example.com/acme/fleet';
export const OTHER_URL = 'https://git.example.com/acme/other';

/** The oldest or the newest event that is under way arrives. */
export function arrives(which: 'oldest' | 'newest'): Letter {
  return {
    name: `the ${which} event that is under way arrives`,
    may: ({ world: { mail } }) => mail.length > (which === 'oldest' ? 0 : 1),
    happen(box, stage) {
      const { mail } = box.world;
      const letter = which === 'oldest' ? mail[0] : mail.at(-1);
      if (!letter) return;
      box.world = { ...box.world, mail: mail.filter((one) => one !== letter) };
      deliver(box, letter, stage);
    },
  };
}

/** A cluster cannot be read for a while. */
export function hides(spot: Spot, readable: boolean): Letter {
  const { environment } = spot;
  return {
    name: `the cluster of ${nameOf(spot)} ${readable ? 'can be read again' : 'cannot be read any more'}`,
    may: ({ world }) =>
      targetsOf({ world }, spot).every((target) => appAt(world, environment, target)?.readable !== readable),
    happen(box) {
      for (const target of targetsOf(box, spot)) box.world = reach(box.world, environment, target, readable);
      box.isDirty = true;
    },
  };
}
