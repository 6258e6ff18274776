import { type App, type Letter, MINUTE } from '../world/world.ts';

/**
 * The reports that Turnpike got, and their sources: kept by an observer beside it that knows nothing of how
 * it decides. A cluster that can be read is the truth; of one that cannot, the newest event is.
 */
export interface Facts {
  readonly rules: Rules;
  /** The last report of each target, by environment. */
  readonly reported: Readonly<Record<string, readonly (Reported | undefined)[]>>;
  /** The revisions that an environment as a whole was reported to run and be ready at, one after the other. */
  readonly ran: Readonly<Record<string, readonly string[]>>;
  /** Revisions that were healthy there for as long as the gate asks for. */
  readonly soaked: Readonly<Record<string, readonly string[]>>;
  /** The time since which the present revision is healthy there. */
  readonly healthySince: Readonly<Record<string, number | undefined>>;
  /** The revisions that people rejected for an environment. */
  readonly no: Readonly<Record<string, readonly string[]>>;
  /** The revisions that people committed themselves and took back: it may be a rejection. */
  readonly uncertain: Readonly<Record<string, readonly string[]>>;
  /** Rejections by reverts of merges that had made way already: unknown for good once something else is merged. */
  readonly late: Readonly<Record<string, readonly string[]>>;
  readonly approved: Readonly<Record<string, Approved | undefined>>;
  /** True when the present revision of the environment before was notified. */
  readonly notified: Readonly<Record<string, boolean>>;
}

export interface Rules {
  /** Environments in the order of promotion. */
  readonly environments: readonly string[];
  readonly targets: Readonly<Record<string, number>>;
  readonly soakMs?: number;
}

export interface Reported {
  readonly revision?: string;
  readonly ready: boolean;
  /** The time at which it was true. */
  readonly at: number;
  /** The time of its deployment, as far as it is known. */
  readonly since: number;
  /** The application itself was seen. */
  readonly seen: boolean;
}

export interface Approved {
  readonly revision: string;
  /** The environment before has had it as a whole ever since. */
  readonly holds: boolean;
  /** The approval has served. */
  readonly used: boolean;
}

export function nothingKnown(rules: Rules): Facts {
  return {
    rules,
    reported: {},
    ran: {},
    soaked: {},
    healthySince: {},
    no: {},
    uncertain: {},
    late: {},
    approved: {},
    notified: {},
  };
}

interface Reading {
  readonly environment: string;
  readonly target: number;
  readonly app: App | undefined;
  readonly at: number;
}

export function readTarget(facts: Facts, { environment, target, app, at }: Reading): Facts {
  const before = facts.reported[environment]?.[target];
  if (!app?.exists) {
    // Events are believed where the application never existed.
    return before?.seen
      ? report(facts, environment, target, { ready: false, at, since: at, seen: true })
      : facts;
  }
  const { runs, ready, deployedAt: since } = app;
  const reported = { ...(runs !== undefined && { revision: runs }), ready, at, since, seen: true };
  return report(facts, environment, target, reported);
}

const NEWS: Readonly<Record<string, boolean>> = {
  UpgradeSucceeded: true,
  ReconciliationSucceeded: true,
  UpgradeFailed: false,
  TestFailed: false,
  RollbackSucceeded: false,
};

/** An event arrives; it adds nothing to a look at a cluster that can be read. */
export function readLetter(facts: Facts, letter: Letter, isReadable: boolean): Facts {
  const { environment, target, reason, revision, at } = letter;
  const before = facts.reported[environment]?.[target];
  const ready = NEWS[reason];
  if (isReadable || ready === undefined || (before && at < before.at)) return facts;
  const runs = ready || reason === 'RollbackSucceeded' ? revision : before?.revision;
  const seen = before?.seen ?? false;
  const reported = { ...(runs !== undefined && { revision: runs }), ready, at, since: at, seen };
  const isRollout = reason === 'UpgradeSucceeded' && before !== undefined && at - before.at > MINUTE;
  return report(facts, environment, target, reported, isRollout);
}

/** A repeated report of readiness changes no time, unless the revision was rolled out again. */
function report(
  facts: Facts,
  environment: string,
  target: number,
  reported: Reported,
  isRollout = false,
): Facts {
  const before = facts.reported[environment] ?? [];
  const old = before[target];
  const isSame =
    old && old.revision === reported.revision && old.ready === reported.ready && old.seen === reported.seen;
  const targets = [...before];
  targets[target] = isSame
    ? { ...reported, ...old, at: isRollout || !reported.ready ? reported.at : old.at }
    : reported;
  const changed = { ...facts, reported: { ...facts.reported, [environment]: targets } };
  if (isSame) return waited(changed, environment, reported.at);
  const next = lapse(changed);
  return settled(waited(next, environment, reported.at), environment);
}

/** The revision that all targets were reported to run and to be ready at. */
export function wholeOf({ reported, rules }: Facts, environment: string): string | undefined {
  const all = reported[environment] ?? [];
  const revision = all[0]?.revision;
  if (all.length < (rules.targets[environment] ?? 1) || revision === undefined) return undefined;
  // A target that nothing is known of is a hole.
  return [...all].every((one) => one?.ready && one.revision === revision) ? revision : undefined;
}

/** Time passes while a revision is healthy. */
function waited(facts: Facts, environment: string, at: number): Facts {
  const { soakMs } = facts.rules;
  const since = facts.healthySince[environment];
  const revision = facts.ran[environment]?.at(-1);
  const soaked = facts.soaked[environment] ?? [];
  if (soakMs === undefined || since === undefined || revision === undefined) return facts;
  if (at - since < soakMs || soaked.includes(revision)) return facts;
  return { ...facts, soaked: { ...facts.soaked, [environment]: [...soaked, revision] } };
}

function settled(facts: Facts, environment: string): Facts {
  const revision = wholeOf(facts, environment);
  const ran = facts.ran[environment] ?? [];
  if (revision === undefined) return facts;
  if (ran.at(-1) === revision) return facts;
  const soaked = (facts.soaked[environment] ?? []).filter((one) => one !== revision);
  const moved = {
    ...facts,
    ran: { ...facts.ran, [environment]: [...ran, revision] },
    soaked: { ...facts.soaked, [environment]: soaked },
    healthySince: { ...facts.healthySince, [environment]: lastOf(facts, environment) },
  };
  const next = facts.rules.environments[facts.rules.environments.indexOf(environment) + 1];
  return arrived(next === undefined ? moved : due(moved, next, revision), environment, revision);
}

function lastOf({ reported }: Facts, environment: string): number {
  return Math.max(...[...(reported[environment] ?? [])].map((one) => one?.since ?? 0));
}

/** An approval is over once all of the environment before runs something else, ready or not. */
export function lapse(facts: Facts): Facts {
  const { environments, targets } = facts.rules;
  const approved = environments.map((environment, index) => {
    const previous = environments[index - 1] ?? '';
    const reported = [...(facts.reported[previous] ?? [])];
    const [first] = reported;
    const runs =
      reported.length === (targets[previous] ?? 1) &&
      reported.every((one) => one?.revision === first?.revision);
    const known = facts.approved[environment];
    const isOver = known && runs && first?.revision !== undefined && first.revision !== known.revision;
    return [environment, isOver ? { ...known, holds: false } : known];
  });
  return { ...facts, approved: Object.fromEntries(approved) };
}

/** The environment before has another revision now. */
function due(facts: Facts, environment: string, revision: string): Facts {
  const approved = facts.approved[environment];
  return {
    ...facts,
    notified: { ...facts.notified, [environment]: false },
    approved: {
      ...facts.approved,
      [environment]: approved && approved.revision !== revision ? { ...approved, holds: false } : approved,
    },
  };
}

/** The environment got there: the approval has served. */
function arrived(facts: Facts, environment: string, revision: string): Facts {
  return facts.approved[environment]?.revision === revision ? used(facts, environment) : facts;
}

export function used(facts: Facts, environment: string): Facts {
  const approved = facts.approved[environment];
  if (!approved || approved.used) return facts;
  return { ...facts, approved: { ...facts.approved, [environment]: { ...approved, used: true } } };
}

export function approveIn(facts: Facts, environment: string, revision: string): Facts {
  const { environments } = facts.rules;
  const previous = environments[environments.indexOf(environment) - 1] ?? '';
  // A revision that is gone there, not yet seen to be so, falls with the next look.
  const holds = facts.ran[previous]?.at(-1) === revision;
  const approved: Approved = { revision, holds, used: false };
  return { ...facts, approved: { ...facts.approved, [environment]: approved } };
}

/**
 * An environment taken out of the spec is a new one when it comes again. Rejections for it may be known all
 * the same.
 */
export function forgetEnvironment(facts: Facts, environment: string): Facts {
  const noes = facts.no[environment] ?? [];
  const uncertain = noes.reduce(
    (all, revision) => markUncertain(takeBack(all, environment, revision), environment, revision),
    facts,
  );
  const without = <Value>(of: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => name !== environment));
  return {
    ...uncertain,
    reported: without(facts.reported),
    ran: without(facts.ran),
    soaked: without(facts.soaked),
    healthySince: without(facts.healthySince),
    approved: without(facts.approved),
    notified: without(facts.notified),
    late: without(facts.late),
  };
}

export function raisedIn(facts: Facts, environment: string): Facts {
  const next = used(facts, environment);
  return { ...next, notified: { ...next.notified, [environment]: true } };
}

export function sayNo(facts: Facts, environment: string, revision: string): Facts {
  const before = facts.no[environment] ?? [];
  const next = used(facts, environment);
  return before.includes(revision)
    ? next
    : { ...next, no: { ...next.no, [environment]: [...before, revision] } };
}

export function takeBack(facts: Facts, environment: string, revision: string): Facts {
  const left = (facts.no[environment] ?? []).filter((one) => one !== revision);
  return { ...facts, no: { ...facts.no, [environment]: left } };
}

export function markUncertain(facts: Facts, environment: string, revision: string | undefined): Facts {
  const before = facts.uncertain[environment] ?? [];
  if (revision === undefined || before.includes(revision)) return facts;
  return { ...facts, uncertain: { ...facts.uncertain, [environment]: [...before, revision] } };
}

export function sayLateNo(facts: Facts, environment: string, revision: string): Facts {
  const next = sayNo(facts, environment, revision);
  const before = next.late[environment] ?? [];
  return { ...next, late: { ...next.late, [environment]: [...before, revision] } };
}

/** Something else is in the base branch now. */
export function forgetLate(facts: Facts, environment: string): Facts {
  const late = facts.late[environment] ?? [];
  if (late.length === 0) return facts;
  const next = late.reduce(
    (all, revision) => markUncertain(takeBack(all, environment, revision), environment, revision),
    facts,
  );
  return { ...next, late: { ...next.late, [environment]: [] } };
}
