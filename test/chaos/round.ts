import { type App, ENVIRONMENTS, type EnvironmentName } from './fleet.ts';

/** A person's act on a pull request. `leave`: nothing. */
export type Review =
  | 'merge'
  | 'close'
  | 'reopen'
  | 'delete-branch'
  | 'commit'
  | 'conflict'
  | 'by hand'
  | 'move'
  | 'leave';

/** An incident in dev while its version is on its way. */
export type Incident = 'rollback by events' | 'back to a rejected one' | 'canary' | 'tests fail';

/** The unusual part of a round, of all families. */
export type Kind = Extract<Review, 'commit' | 'conflict' | 'by hand' | 'move'> | Incident;

/** The applications that it can be done with. */
const FITTING: Readonly<Record<Kind, readonly App['shape'][]>> = {
  'rollback by events': ['events'],
  'back to a rejected one': ['plain', 'events', 'canary'],
  canary: ['canary'],
  commit: ['plain', 'events'],
  conflict: ['neighbours'],
  'by hand': ['plain', 'events', 'canary'],
  move: ['plain', 'events', 'canary'],
  'tests fail': ['plain', 'canary'],
};

export const KINDS = Object.keys(FITTING) as readonly Kind[];

export function isKind(name: string): name is Kind {
  return Object.hasOwn(FITTING, name);
}

export function kindsFor({ strategy, shape }: App): Kind[] {
  return strategy === 'notification' ? [] : KINDS.filter((kind) => FITTING[kind].includes(shape));
}

/** The number of shapes of applications it can be done with. */
export function shapesFor(what: Kind | Review): number {
  return Object.hasOwn(FITTING, what) ? FITTING[what as Kind].length : Number.POSITIVE_INFINITY;
}

/** A release of one application, and people's acts on it. */
export interface Round {
  /** The version that dev runs at the end. */
  readonly version: string;
  /** Released so many milliseconds after another version that it overtakes. */
  readonly overtakesAfterMs?: number;
  /** The acts on the pull requests of that version; default: merged. */
  readonly reviews: Readonly<Partial<Record<EnvironmentName, Review>>>;
  /** The act on the pull requests of other versions: nothing, or merged after a long while. */
  readonly others?: Review;
  /** The time that people take, when it is not by chance. */
  readonly reviewAfterMs?: number;
  readonly incident?: Incident;
  /** The versions that the environments behind dev run at the end, when that is not the round's. */
  readonly keeps?: Readonly<Partial<Record<EnvironmentName, string>>>;
}

/** The environment before which a version ends that people stop on its way. */
export function stopsBefore(app: App, round: Round): EnvironmentName | undefined {
  if (app.strategy === 'notification') return undefined;
  return ENVIRONMENTS.find((name) => ['close', 'delete-branch'].includes(round.reviews[name] ?? 'merge'));
}
