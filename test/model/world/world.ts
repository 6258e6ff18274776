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
  /** By URL. */
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
  /** Whether Turnpike can ask its cluster. */
  readonly readable: boolean;
  readonly runs?: string;
  readonly ready: boolean;
  /** The revision whose upgrade failed last, while that is what the object shows. */
  readonly failed?: string;
  readonly reason: string;
  readonly deployedAt: number;
  /** Flux looks at it once more: Ready is Unknown meanwhile, and what runs goes on running. */
  readonly isReconciled?: boolean;
  /** What it ran before. */
  readonly before?: string;
}

/** An event of Flux: what was true at its time. */
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
