import type { Act } from './acts.ts';
import type { Environment } from './names.ts';

/** Whoever does Flux's part: applies what Git holds, and tells Turnpike by signed events. */
export interface FluxPlayer {
  /** Has the first revisions deployed in all environments, from the repository of that URL. */
  start(fleetUrl: string): Promise<void>;
  /** Has what main holds for the environment deployed there; a sentence on how it came about. */
  deploy(act: Act, environment: Environment, revision: string): Promise<string>;
}
