import type { Repository } from './repository.ts';

/**
 * The world around Turnpike: clusters, a forge, people and a clock, as values that never change. It is written apart
 * from the decisions and imports nothing of them: it behaves as Flux, Git and forges do.
 */
export interface World {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The targets of each environment. */
  readonly clusters: Readonly<Record<string, readonly App[]>>;
  /** Repositories by URL. */
  readonly repositories: Readonly<Record<string, Repository>>;
  /** Events that Flux has sent and that have not arrived, the oldest first. */
  readonly mail: readonly Letter[];
  /** Kubernetes Events that ask others to promote, by name. */
  readonly raised: readonly string[];
  /** Commits are called by a number. */
  readonly commits: number;
}

/** The application at one target. */
export interface App {
  readonly exists: boolean;
  /** True when Turnpike can read its cluster. */
  readonly readable: boolean;
  readonly runs?: string;
  readonly ready: boolean;
  /** The revision whose upgrade failed last, while that is what the object shows. */
  readonly failed?: string;
  readonly reason: string;
  readonly deployedAt: number;
  /** Flux reconciles it once more: Ready is Unknown meanwhile, and the running revision goes on running. */
  readonly isReconciled?: boolean;
  /** The revision that ran before. */
  readonly before?: string;
}

/** An event of Flux: a fact at its time. */
export interface Letter {
  readonly environment: string;
  readonly target: number;
  readonly reason: string;
  readonly severity: 'info' | 'error';
  readonly revision: string;
  readonly at: number;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** A Saturday, at noon. */
export const START = Date.parse('2026-11-21T12:00:00.000Z');

export function later(world: World, milliseconds: number): World {
  return { ...world, now: world.now + milliseconds };
}
