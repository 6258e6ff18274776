import type { Environment, EnvironmentStatus, Pipeline } from '../../api/pipeline.ts';

/** The context in which it is asked whether a revision may come into an environment. */
export interface GateContext {
  readonly pipeline: Pipeline;
  readonly previous: Environment;
  readonly environment: Environment;
  readonly state: EnvironmentStatus;
  /** Somebody changed the spec, asked for a reconciliation or mended a Secret: waiting times are over. */
  readonly requested: boolean;
  readonly now: Date;
}
