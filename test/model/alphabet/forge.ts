import { type Facts, markUncertain, sayLateNo, sayNo, takeBack } from '../observer/facts.ts';
import type { Box, State } from '../plant/box.ts';
import { appsOf } from '../world/clusters.ts';
import {
  closePull,
  commitToBase,
  deleteBase,
  headOf,
  mayReopen,
  mergePull,
  obstacleOf,
  reopenPull,
  repositoryOf,
  withPull,
  withRepository,
} from '../world/forge.ts';
import { updateBranch, work } from '../world/git.ts';
import type { Pull } from '../world/repository.ts';
import { MAIN_URL } from './clusters.ts';
import type { Letter } from './letter.ts';

/** The letters of people on the forge, and of the forge itself. */

function openOf({ world }: Pick<State, 'world'>, environment: string, url = MAIN_URL): Pull | undefined {
  return repositoryOf(world, url).pulls.find(
    (pull) => pull.state === 'open' && pull.by === 'turnpike' && pull.environment === environment,
  );
}

function broughtBy({ world }: Pick<State, 'world'>, pull: Pull, url = MAIN_URL): string | undefined {
  return headOf(repositoryOf(world, url), pull)?.brings;
}

function no(box: Box, environment: string, revision: string | undefined): void {
  if (revision !== undefined) box.facts = sayNo(box.facts, environment, revision);
}

export function closes(environment: string): Letter {
  return {
    name: `a person closes the pull request into ${environment}`,
    may: (state) => openOf(state, environment) !== undefined,
    happen(box) {
      const pull = openOf(box, environment);
      if (!pull) return;
      // A pull request that Turnpike had closed is not its proposal any more.
      const revision = broughtBy(box, pull);
      if (pull.reopened !== 'turnpike') no(box, environment, revision);
      else box.facts = markUncertain(box.facts, environment, revision);
      box.world = closePull(box.world, MAIN_URL, pull.number, 'person');
    },
  };
}

export function merges(environment: string): Letter {
  return {
    name: `a person merges the pull request into ${environment}`,
    may: (state) => {
      const pull = openOf(state, environment);
      return pull !== undefined && obstacleOf(repositoryOf(state.world, MAIN_URL), pull) === undefined;
    },
    happen(box) {
      const pull = openOf(box, environment);
      if (!pull) return;
      box.facts = takenFrom(box, environment, baseOf(box, environment));
      box.world = mergePull(box.world, MAIN_URL, pull.number);
    },
  };
}

/** The forge's own auto-merge, once the checks have passed. */
export function passes(): Letter {
  const scheduled = ({ world }: Pick<State, 'world'>) =>
    repositoryOf(world, MAIN_URL).pulls.filter((pull) => pull.scheduled && pull.state === 'open');
  return {
    name: 'the checks pass, and the forge merges what it was asked to',
    may: (state) => scheduled(state).length > 0,
    happen(box) {
      for (const { number } of scheduled(box)) box.world = mergePull(box.world, MAIN_URL, number);
    },
  };
}

/** The newest one that is closed. */
function closedOf({ world }: Pick<State, 'world'>, environment: string): Pull | undefined {
  const own = repositoryOf(world, MAIN_URL).pulls.filter((pull) => pull.environment === environment);
  return own.findLast((pull) => pull.by === 'turnpike' && pull.state === 'closed');
}

export function reopens(environment: string): Letter {
  return {
    name: `a person opens the pull request into ${environment} again`,
    may: (state) => {
      const pull = closedOf(state, environment);
      return pull !== undefined && mayReopen(state.world, MAIN_URL, pull);
    },
    happen(box) {
      const pull = closedOf(box, environment);
      if (!pull) return;
      box.world = reopenPull(box.world, MAIN_URL, pull);
      const revision = repositoryOf(box.world, MAIN_URL).branches[pull.head]?.brings;
      if (revision !== undefined) box.facts = takeBack(box.facts, environment, revision);
    },
  };
}

/** A person gives it another base branch and merges it there. */
export function mergesElsewhere(environment: string): Letter {
  return {
    name: `a person merges the pull request into ${environment} into another branch`,
    may: (state) => openOf(state, environment) !== undefined,
    happen(box) {
      const pull = openOf(box, environment);
      if (!pull) return;
      const moved = withPull(box.world, MAIN_URL, pull.number, { base: 'release' });
      no(box, environment, broughtBy(box, pull));
      box.world = mergePull(moved, MAIN_URL, pull.number);
    },
  };
}

export function commits(environment: string): Letter {
  return {
    name: `a person commits to the branch of the pull request into ${environment}`,
    may: (state) => {
      const pull = openOf(state, environment);
      return pull !== undefined && headOf(repositoryOf(state.world, MAIN_URL), pull)?.work.length === 0;
    },
    happen(box) {
      const pull = openOf(box, environment);
      if (pull) box.world = work(box.world, MAIN_URL, pull.head).world;
    },
  };
}

export function updates(environment: string): Letter {
  return {
    name: `a person presses Update branch on the pull request into ${environment}`,
    may: (state) => openOf(state, environment) !== undefined,
    happen(box) {
      const pull = openOf(box, environment);
      if (pull) box.world = updateBranch(box.world, MAIN_URL, pull.head, pull.base).world;
    },
  };
}

function baseOf({ world }: Pick<State, 'world'>, environment: string): string | undefined {
  return repositoryOf(world, MAIN_URL).bases.main?.[environment];
}

/** A merge is reverted: before it is deployed that is a no, later a rollback. */
export function reverts(environment: string, revisions: readonly string[]): Letter {
  const target = (state: Pick<State, 'world'>) => {
    const value = baseOf(state, environment);
    const runs = appsOf(state.world, environment)[0]?.runs;
    if (value === undefined || value !== runs) return runs;
    return revisions[revisions.indexOf(value) - 1];
  };
  return {
    name: `a person reverts the last change of ${environment} in the base branch`,
    may: (state) => target(state) !== undefined && baseOf(state, environment) !== undefined,
    happen(box) {
      const [before, after] = [baseOf(box, environment), target(box) ?? ''];
      const isRecorded = box.stored.status.environments?.[environment]?.promotion?.revision === before;
      const isOurs = before !== undefined && isOurMerge(box, environment, before);
      if (isOurs && isRecorded) no(box, environment, before);
      else if (isOurs) box.facts = sayLateNo(box.facts, environment, before);
      else box.facts = markUncertain(box.facts, environment, before);
      box.world = commitToBase(box.world, MAIN_URL, 'main', { [environment]: after });
    },
  };
}

/** A pull request of ours brought it, and it was not deployed yet: a person takes that back. */
function isOurMerge({ world }: Box, environment: string, revision: string | undefined): boolean {
  if (appsOf(world, environment).some((app) => app.runs === revision)) return false;
  const { pulls } = repositoryOf(world, MAIN_URL);
  return pulls.some(
    (pull) =>
      pull.state === 'merged' &&
      // A pull request that Turnpike had closed is not its proposal any more.
      pull.reopened !== 'turnpike' &&
      pull.base === 'main' &&
      pull.environment === environment &&
      pull.last?.brings === revision,
  );
}

/** A person writes into the base branch what the environment before runs. */
export function byHand(environment: string, previous: string): Letter {
  const wanted = ({ world }: Pick<State, 'world'>) => appsOf(world, previous)[0]?.runs;
  return {
    name: `a person commits the version of ${previous} for ${environment} to the base branch`,
    may: (state) => baseOf(state, environment) !== undefined && baseOf(state, environment) !== wanted(state),
    happen(box) {
      const revision = wanted(box) ?? '';
      box.facts = broughtTo(box, environment, revision);
      box.world = commitToBase(box.world, MAIN_URL, 'main', { [environment]: revision });
    },
  };
}

/** A person writes the next version into the base branch, past Turnpike. */
export function bumps(environment: string, revisions: readonly string[]): Letter {
  const wanted = (state: Pick<State, 'world'>) =>
    revisions[revisions.indexOf(baseOf(state, environment) ?? '') + 1];
  return {
    name: `a person commits the next version for ${environment} to the base branch`,
    may: (state) => baseOf(state, environment) !== undefined && wanted(state) !== undefined,
    happen(box) {
      const revision = wanted(box) ?? '';
      box.facts = broughtTo(box, environment, revision);
      box.world = commitToBase(box.world, MAIN_URL, 'main', { [environment]: revision });
    },
  };
}

/**
 * A person who brings a revision takes their rejection of it back, which may have been seen by then. A
 * merge that was reverted unseen cannot be recognised any more.
 */
function broughtTo(box: Box, environment: string, revision: string): Facts {
  const { rejected = [] } = box.stored.status.environments?.[environment] ?? {};
  const { pulls } = repositoryOf(box.world, MAIN_URL);
  const isHidden = (one: string) =>
    !rejected.some((no) => no.revision === one) &&
    pulls.some((pull) => pull.state === 'merged' && pull.last?.brings === one);
  const uncertain = (box.facts.no[environment] ?? []).filter((one) => one === revision || isHidden(one));
  const facts = takenFrom(box, environment, baseOf(box, environment));
  return uncertain.reduce(
    (all, one) => markUncertain(takeBack(all, environment, one), environment, one),
    facts,
  );
}

/** A revert does not show whether the reverted revision was not deployed yet. */
function takenFrom({ world, facts }: Box, environment: string, before: string | undefined): Facts {
  const isDeployed = appsOf(world, environment).every((app) => app.runs === before);
  return isDeployed ? facts : markUncertain(facts, environment, before);
}

/** Turnpike cannot close anything: branch protection, or a token without the right. */
export function refuses(isRefused: boolean): Letter {
  return {
    name: `the forge ${isRefused ? 'lets Turnpike close nothing any more' : 'lets Turnpike close again'}`,
    may: ({ world }) => repositoryOf(world, MAIN_URL).refuses !== isRefused,
    happen(box) {
      box.world = withRepository(box.world, MAIN_URL, { refuses: isRefused });
    },
  };
}

export function deletesBase(): Letter {
  return {
    name: 'a person deletes the base branch',
    may: ({ world }) => 'main' in repositoryOf(world, MAIN_URL).bases,
    happen(box) {
      // Pull requests closed before and those closed by this cannot be told apart later.
      for (const { environment, head } of repositoryOf(box.world, MAIN_URL).pulls) {
        const revision = repositoryOf(box.world, MAIN_URL).branches[head]?.brings ?? '';
        box.facts = markUncertain(takeBack(box.facts, environment, revision), environment, revision);
      }
      for (const environment of Object.keys(repositoryOf(box.world, MAIN_URL).bases.main ?? {})) {
        box.facts = takenFrom(box, environment, baseOf(box, environment));
      }
      box.world = deleteBase(box.world, MAIN_URL, 'main');
    },
  };
}

/** Restores its content from the branch that was made of it. */
export function restoresBase(): Letter {
  return {
    name: 'a person restores the base branch',
    may: ({ world }) => !('main' in repositoryOf(world, MAIN_URL).bases),
    happen(box) {
      const { bases } = repositoryOf(box.world, MAIN_URL);
      box.world = withRepository(box.world, MAIN_URL, { bases: { ...bases, main: bases.release ?? {} } });
    },
  };
}

export function breaks(away: boolean): Letter {
  return {
    name: `the forge ${away ? 'goes away' : 'comes back'}`,
    may: ({ world }) => repositoryOf(world, MAIN_URL).away !== away,
    happen(box) {
      box.world = withRepository(box.world, MAIN_URL, { away });
    },
  };
}
