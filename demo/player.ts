import type { Act } from './acts.ts';
import type { Environment } from './names.ts';

/** Plays Flux's part: applies what Git holds, and sends signed events to Turnpike. */
export interface FluxPlayer {
  /** Deploys the first revisions in all environments, from the repository of that URL. */
  start(fleetUrl: string): Promise<void>;
  /** Deploys what main holds for the environment; returns a sentence on how it came about. */
  deploy(act: Act, environment: Environment, revision: string): Promise<string>;
}
